"""A short pause between transactions that grows with their number and with what each takes.

A transaction costs broker and client some 10 ms of CPU together, whatever is in it: at twenty signals a
second, each in a transaction of its own at each hop, two cores do nothing else (docs/decisions: fewer, larger
transactions). Who waits a moment for company shares one.
"""

from math import exp
from time import monotonic

UNHURRIED = 2.0
"""Seconds that what nobody waits for may wait for company: a case, a status, a row of the worklist."""
PROMPT = 0.1
"""The same for what somebody waits for: a signal on its way to the municipality, a push to a bailiff."""
_BUSY = 6.0
"""Transactions a second of one group above which each waits in full: twelve partitions that wait 2 s."""
_LONGEST_AS_IT_TOOK = 0.5
_FULL = 2_000
"""A batch of this many records is worth its transaction: no pause."""


class Pace:
    """Counts the transactions of one group's partitions (a moving second) and says how long to wait."""

    def __init__(self, patience: float = UNHURRIED) -> None:
        self._patience = patience
        self._rate = 0.0
        self._last = monotonic()

    def pause(self, records: int, took: float) -> float:
        """Count a transaction of so many records that took so many seconds; return the seconds to wait.

        Hardly any while few happen: the next step of somebody's work is not held up by the one before. At
        least as long as it took: where broker or machine are the bottleneck, fewer and larger ones do more.
        """
        now = monotonic()
        self._rate = self._rate * exp(self._last - now) + 1
        self._last = now
        company = self._patience * min(1.0, (self._rate / _BUSY) ** 2)
        return max(company, min(took, _LONGEST_AS_IT_TOOK)) * max(0.0, 1 - records / _FULL)
