"""Python's collector of cyclic garbage, told not to look again at what stays.

State and views hold hundreds of thousands of objects for the life of a process. A full collection looks at
each of them: with 100,000 registrations 90 to 220 ms about once a second, in which nobody was answered
(measured with `gc.callbacks`; 11 s of a matcher's 85). What survives a full collection is therefore left out
of all later ones; what is no cycle goes by reference counts as before. The price: a cycle that is alive at
such a moment and garbage later stays. That is what a request or a connection is busy with just then.
"""

import gc
from typing import Literal

_YOUNG, _MIDDLE, _FULL = 5_000, 20, 10
"""New objects to a collection, then each into the next. Python's own (700, 10, 10) look at the thousands that
a batch or a hundred requests hold for a moment: twice the time for nothing (measured)."""
_FULL_GENERATION = 2


def hold() -> None:
    """Collect nothing: imports make only what stays, and collecting in between took a tenth of the start."""
    gc.disable()


def go() -> None:
    """Collect from now on, but never what is there already, or survives a full collection."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL)
    gc.callbacks.append(_after)
    gc.enable()


def _after(phase: Literal["start", "stop"], info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == _FULL_GENERATION:
        gc.freeze()
