"""How fast somebody may ask: so many a minute, and so many at once after a rest. Pure rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`per_minute` in the long run; `at_once` after a rest, also the most that one request may hold."""

    per_minute: int
    at_once: int


def admit(busy_until: float, count: int, now: float, pace: Pace) -> tuple[float, float]:
    """Return until when an asker is busy after `count` questions, and (when too fast) seconds to wait.

    An asker whose questions come at its pace is never busy. Refused ones cost nothing: who waits gets in.
    (The generic cell rate algorithm: one number per asker, and the wait is exact.)
    """
    interval = 60 / pace.per_minute
    after = max(busy_until, now) + count * interval
    wait = after - now - pace.at_once * interval
    return (busy_until, wait) if wait > 0 else (after, 0.0)
