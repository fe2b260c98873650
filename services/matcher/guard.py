"""Watches over who asks: not too fast, and somebody is told when it looks like fishing."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from math import ceil
from time import monotonic

import structlog

from services.common.metrics import Metrics
from services.common.problems import Problem
from services.common.tempo import Pace, admit
from services.matcher.domain.unusual import Asked, Norms, Pattern, note
from services.matcher.settings import CheckSettings

log = structlog.get_logger()


class Guard:
    """Of one process, in memory, by the party (OIN) of the token; time is the machine's, not the hub's."""

    def __init__(
        self, settings: CheckSettings, metrics: Metrics, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._pace = Pace(per_minute=settings.checks_per_minute, at_once=settings.checks_at_once)
        self._norms = Norms(
            window=settings.unusual_window,
            neighbours=settings.unusual_neighbours,
            misses_percent=settings.unusual_misses_percent,
        )
        self._seconds = seconds
        self._busy: dict[str, float] = {}
        self._asked: dict[str, Asked] = defaultdict(Asked)
        self._unusual = {pattern: metrics.unusual.labels(pattern.value) for pattern in Pattern}

    def too_fast(self, party: str, count: int) -> Problem | None:
        """Count questions of a party; who is too fast gets a 429 that says when to come back."""
        busy, wait = admit(self._busy.get(party, 0.0), count, self._seconds(), self._pace)
        self._busy[party] = busy
        if not wait:
            return None
        detail = f"Hoogstens {self._pace.per_minute} toetsen per minuut; wacht zoals Retry-After zegt."
        return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(ceil(wait))})

    def note(self, party: str, answers: Iterable[tuple[str, bool]]) -> None:
        """Take in what a party asked (BSN) and whether the person was known."""
        for bsn, known in answers:
            pattern = note(self._asked[party], int(bsn), known=known, norms=self._norms)
            if pattern:
                self._unusual[pattern].inc()
                log.warning("unusual_asking_noticed", party=party, pattern=pattern.value)
