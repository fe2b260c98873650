"""How many signals and snapshots got which answer, and why signals were refused."""

from collections.abc import Iterable
from enum import StrEnum

from services.common.metrics import Metrics
from services.ingest.domain.reasons import Reason
from services.ingest.judging import Judged, Outcome


class Answers:
    """Counts them; every name is there from the start, at 0, so that the first one shows as a rise."""

    def __init__(self, metrics: Metrics) -> None:
        self._outcomes = {outcome: metrics.signals.labels(outcome.name.lower()) for outcome in Outcome}
        self._reasons = {reason: metrics.refusals.labels(reason.value) for reason in Reason}

    def count(self, judged: Iterable[Judged]) -> None:
        """Count signals whose answer is safely on the log."""
        for each in judged:
            self._outcomes[each.outcome].inc()
            for reason in {problem.reason for problem in each.problems}:
                self._reasons[reason].inc()


class SnapshotOutcome(StrEnum):
    """What became of a snapshot, or of a day on which one was due."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    HELD = "held"
    TOO_LATE = "too_late"
    REFUSED = "refused"
    MISSING = "missing"


class SnapshotAnswers:
    """Counts them, as `Answers` does."""

    def __init__(self, metrics: Metrics) -> None:
        self._outcomes = {outcome: metrics.snapshots.labels(outcome.value) for outcome in SnapshotOutcome}

    def count(self, outcome: SnapshotOutcome) -> None:
        """Count one that is told."""
        self._outcomes[outcome].inc()
