"""A short pause between transactions that grows with their number and with what each takes."""

from math import exp
from time import monotonic

_SECONDS_PER_RATE = 0.0005
"""Twelve partitions, each able to do hundreds of small transactions a second, settle at about 140 in all."""
_LONGEST = 0.5
_FULL = 2_000
"""A batch of this many records is worth its transaction: no pause."""


class Pace:
    """Counts the transactions of one processor's partitions (a moving second) and says how long to wait."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._last = monotonic()

    def pause(self, records: int, took: float) -> float:
        """Count a transaction of so many records that took so many seconds; return the seconds to wait.

        As long as it took: where broker or machine are the bottleneck, fewer and larger ones get more done.
        """
        now = monotonic()
        self._rate = self._rate * exp(self._last - now) + 1
        self._last = now
        return min(_LONGEST, max(self._rate * _SECONDS_PER_RATE, took)) * max(0.0, 1 - records / _FULL)
