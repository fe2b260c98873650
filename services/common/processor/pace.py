"""A short pause between transactions that grows with their number."""

from math import exp
from time import monotonic

_SECONDS_PER_RATE = 0.0005
"""Twelve partitions, each able to do hundreds of small transactions a second, settle at about 140 in all."""
_LONGEST = 0.1
_FULL = 500
"""A batch of this many records is worth its transaction: no pause."""


class Pace:
    """Counts the transactions of one processor's partitions (a moving second) and says how long to wait."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._last = monotonic()

    def pause(self, records: int) -> float:
        """Count a transaction of so many records and return the seconds to wait after it."""
        now = monotonic()
        self._rate = self._rate * exp(self._last - now) + 1
        self._last = now
        return min(_LONGEST, self._rate * _SECONDS_PER_RATE) * max(0.0, 1 - records / _FULL)
