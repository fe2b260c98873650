"""A short pause between transactions that grows with their number and with what each takes.

A transaction costs broker and client some 10 ms of CPU together, whatever is in it: at twenty signals a
second, each in a transaction of its own at each hop, two cores do nothing else (docs/decisions: fewer, larger
transactions). Who waits a moment for company shares one.
"""

from math import exp
from time import monotonic

UNHURRIED = 0.5
"""Seconds that what nobody waits for may wait for company: a case, a status, a row of the worklist."""
PROMPT = 0.1
"""The same for what somebody waits for: a signal on its way to the municipality, a push to a bailiff."""
_SECONDS_PER_RATE = 0.06
"""One share that is unhurried settles at some 4 transactions a second; after a quiet second nothing waits."""
_LONGEST = 0.5
_FULL = 2_000
"""A batch of this many records is worth its transaction: no pause."""


class Pace:
    """Counts the transactions of one group's shares (a moving second) and says how long to wait."""

    def __init__(self, patience: float = UNHURRIED) -> None:
        self._patience = patience
        self._rate = 0.0
        self._last = monotonic()

    def pause(self, records: int, took: float) -> float:
        """Count a transaction of so many records that took so many seconds; return the seconds to wait.

        As long as it took: where broker or machine are the bottleneck, fewer and larger ones get more done.
        """
        now = monotonic()
        self._rate = self._rate * exp(self._last - now) + 1
        self._last = now
        company = min(self._patience, self._rate * _SECONDS_PER_RATE)
        return min(_LONGEST, max(company, took)) * max(0.0, 1 - records / _FULL)
