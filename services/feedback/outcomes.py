"""What a team did, from the HTTP interface to outcomes.v1; returns when the broker has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from services.common.clock import Clock
from services.common.events import CaseResult, ContactKind, DayPart, Outcome, OutcomeKind
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.feedback.storage import Attempts, CaseRow, Versions

OUTCOMES_TOPIC = "outcomes.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A contact attempt; `reference` is the sender's own, the same again is the same attempt."""

    reference: str
    kind: ContactKind
    reached: bool
    on: date
    day_part: DayPart

    @property
    def content(self) -> str:
        """A digest by which the same attempt is recognised."""
        return _digest(self.kind.value, str(self.reached), self.on.isoformat(), self.day_part.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """A result; without signals it holds for those of the same certain or probable person."""

    result: CaseResult
    on: date
    signal_ids: Sequence[str]

    @property
    def content(self) -> str:
        """A digest by which the same conclusion is recognised, in whatever order its signals are named."""
        return _digest(self.result.value, self.on.isoformat(), *sorted(set(self.signal_ids)))


class Outcomes:
    """Publishes what the teams of `municipality` (OIN) report; each method returns the outcome's id."""

    def __init__(self, publisher: Publisher, attempts: Attempts, results: Versions, clock: Clock) -> None:
        self._publisher = publisher
        self._attempts = attempts
        self._results = results
        self._clock = clock

    async def attempted(
        self, municipality: str, team: str | None, case: CaseRow, attempt: Attempt
    ) -> str | None:
        """Publish a contact attempt; None when its reference is that of an attempt with other content."""
        outcome = Outcome(
            outcome_id=derived_id("attempt", case.case_id, attempt.reference),
            household=case.household,
            case_id=case.case_id,
            municipality=municipality,
            team=team,
            kind=OutcomeKind.CONTACT_ATTEMPT,
            version=0,
            contact_kind=attempt.kind,
            reached=attempt.reached,
            on=attempt.on,
            day_part=attempt.day_part,
            signal_ids=(),
        )
        if not await self._attempts.remember(outcome.outcome_id, case.case_id, attempt.content):
            return None
        await self._publish(outcome, "contact-attempted")
        return outcome.outcome_id

    async def concluded(self, municipality: str, team: str | None, case: CaseRow, found: Conclusion) -> str:
        """Publish a result; other content for the same case is its next version, with an id of its own."""
        version = await self._results.version(case.case_id, found.content)
        outcome = Outcome(
            outcome_id=derived_id("result", case.case_id, str(version)),
            household=case.household,
            case_id=case.case_id,
            municipality=municipality,
            team=team,
            kind=OutcomeKind.RESULT,
            version=version,
            on=found.on,
            result=found.result,
            signal_ids=tuple(sorted(set(found.signal_ids))),
        )

        async def write() -> None:
            await self._publish(outcome, "concluded")

        await self._results.publish(case.case_id, version, write)
        return outcome.outcome_id

    async def _publish(self, outcome: Outcome, what: str) -> None:
        outgoing = Outgoing(OUTCOMES_TOPIC, outcome.household, outcome, what, outcome.outcome_id)
        await self._publisher.publish([outgoing], self._clock.now())


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
