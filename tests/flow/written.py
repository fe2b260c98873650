"""The steps of a story as ingest, teams, bailiffs and municipalities write them on the topics."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.common.events import Answer, Contact, Evidence, EvidenceKind, PauseOrder, Question, Signal
from services.common.identifiers import derived_id
from tests.flow import happened
from tests.flow.happened import START, TOWN, traits
from tests.flow.hub import Given
from tests.flow.steps import (
    CREDITORS,
    HOUSES,
    PERSONS,
    SAYS,
    Ask,
    End,
    Order,
    Put,
    Reply,
    Send,
    Step,
    Unask,
    Withdraw,
    Work,
)

KINDS = {"birth date": EvidenceKind.BIRTH_DATE, "initial": EvidenceKind.INITIAL}
PERSON = dict(zip(PERSONS, happened.PERSONS, strict=True))
HOUSE = dict(zip(HOUSES, happened.HOUSES, strict=True)) | {"": ""}
CREDITOR = dict(zip(CREDITORS, happened.CREDITORS, strict=False))


@dataclass
class Pen:
    """Writes each step once; remembers what was sent as long as something may come of it."""

    number: Callable[[], str]
    sent: dict[str, list[Signal]] = field(default_factory=dict)
    """Each signal in all its revisions."""
    checked: dict[str, str] = field(default_factory=dict)
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    """What municipalities are asked, by signal and registration."""

    def write(self, step: Step, at: datetime) -> list[Given]:
        match step:
            case Send():
                return self._signal(step, at)
            case Withdraw(name):
                *earlier, last = self.sent[name]
                return happened.withdrawn(last, earlier, at)
            case _:
                return [self._record(step, at)]

    def _record(self, step: Step, at: datetime) -> Given:
        given: Given
        match step:
            case Put():
                given = replace(self._helped(step, at), id=self.number())
            case End(name):
                given = replace(happened.help_ended(name, at), id=self.number())
            case Work():
                given = self._work(step, at)
            case Order():
                given = self._order(step, at)
            case Unask(name):
                given = Given("checks.v1", f"{self.checked[name]}/{name}", None, self.number(), at)
            case Reply():
                given = self._answer(step, at)
            case _:
                raise AssertionError(f"{step} is not one record")
        return given

    def check(self, step: Ask, known: frozenset[str], at: datetime) -> list[Given]:
        """Write a check with its answer."""
        person = self.checked[step.name] = PERSON[step.person]
        given = happened.check(step.name, at, person, known=bool(known))
        contacts = tuple(Contact(organisation=each) for each in sorted(known))
        return [replace(given, event=replace(given.event, contacts=contacts))]  # type: ignore[type-var]

    def _helped(self, step: Put, at: datetime) -> Given:
        evidence = _said(step.person, "everything", bsn=True)
        return happened.helped(
            step.name,
            at,
            person=PERSON[step.person],
            house=HOUSE[step.house],
            evidence=evidence,
            organisation=step.organisation,
        )

    def _signal(self, step: Send, at: datetime) -> list[Given]:
        revisions = self.sent.setdefault(step.name, [])
        first, *link = happened.signal(
            step.name,
            at,
            house=HOUSE[step.house],
            creditor=CREDITOR[step.creditor],
            day=revisions[0].signal_date if revisions else at.date(),
            evidence=_said(step.person, step.says, bsn=step.bsn),
            person=PERSON[step.person] if step.bsn else None,
        )
        assert isinstance(first.event, Signal)
        signal = replace(first.event, amount_cents=step.amount, revision=len(revisions) + 1)
        revisions.append(signal)
        if len(revisions) > 1:
            return self._corrected(step.name, at)
        return [replace(first, event=signal), *link]

    def _corrected(self, name: str, at: datetime) -> list[Given]:
        """Every place where the signal ever was hears of it again."""
        *earlier, after = self.sent[name]
        found = {each.line: each for before in earlier for each in happened.corrected(before, after, at)}
        return list(found.values())

    def _work(self, step: Work, at: datetime) -> Given:
        signal = self.sent[step.signal][-1]
        if step.result is None:
            return happened.attempt(step.name, at, signal)
        return happened.result(step.name, at, signal, step.result, (step.signal,))

    def _order(self, step: Order, at: datetime) -> Given:
        of = self.sent[step.signal][-1]
        event = PauseOrder(
            order_id=step.name,
            household=of.household,
            case_id=derived_id("case", TOWN, of.household, of.unit, f"{of.signal_date:%Y-%m}"),
            municipality=TOWN,
            version=int((at - START).total_seconds()),
            until=at + timedelta(days=step.days) if step.days else None,
            signal_ids=(step.signal,),
        )
        return Given("pause-orders.v1", of.household, event, step.name, at)

    def _answer(self, step: Reply, at: datetime) -> Given:
        question = self.questions[step.signal, step.registration]
        event = Answer(
            answer_id=step.name,
            question_id=question.question_id,
            household=question.household,
            municipality=question.municipality,
            signal_id=question.signal_id,
            registration_id=question.registration_id,
            same=step.same,
            version=int(step.name),
        )
        return Given("answers.v1", question.household, event, step.name, at)


def _said(person: str, says: str, *, bsn: bool) -> tuple[Evidence, ...]:
    kinds = [KINDS[each] for each in sorted(SAYS[says])]
    return traits(PERSONS.index(person), *kinds, *((EvidenceKind.BSN,) if bsn else ()))
