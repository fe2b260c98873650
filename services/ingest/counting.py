"""How many signals got which answer, and why they were refused."""

from collections.abc import Iterable

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
