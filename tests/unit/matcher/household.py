"""Short ways to say what happened at a made-up address, and to hear what the matcher tells about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.common.events import (
    Answer,
    Area,
    Case,
    CaseResult,
    Contact,
    ContactKind,
    DayPart,
    Evidence,
    EvidenceKind,
    KnownPerson,
    Match,
    Outcome,
    OutcomeKind,
    PartnerType,
    Pause,
    PauseChange,
    PauseOrder,
    Question,
    QuestionState,
    Registration,
    Signal,
    SignalEnd,
    SignalState,
    Withdrawal,
)
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change, Household, RegistrationEnded, Woken
from services.matcher.domain.households import Fact, Policies, handle
from services.matcher.domain.months import month_of, month_text

HOUSEHOLD = "a" * 32
GM = "00000099002220647000"
AT = datetime(2026, 1, 25, 10, tzinfo=UTC)


def evidence(born: str = "", surname: str = "", initial: str = "", bsn: str = "") -> tuple[Evidence, ...]:
    values = {
        EvidenceKind.BSN: bsn,
        EvidenceKind.BIRTH_DATE: born,
        EvidenceKind.SURNAME: surname,
        EvidenceKind.INITIAL: initial,
    }
    return tuple(Evidence(kind=kind, digest=value) for kind, value in values.items() if value)


JAN = evidence("1980-01-01", "jansen", "j")
MAYBE_JAN = evidence("", "jansen", "j")
"""Possibly Jan, possibly somebody else of that name."""
KEES = evidence("1955-05-05", "jansen", "k")


class Make:
    """Events of one household."""

    def signal(self, name: str, day: str = "2026-01-20", creditor: str = "c1", **changes: object) -> Signal:
        values: dict[str, object] = {
            "signal_id": name,
            "household": HOUSEHOLD,
            "municipality": GM,
            "creditor": creditor,
            "sender": creditor,
            "signal_date": date.fromisoformat(day),
            "unit": "",
            "evidence": JAN,
            "partner_type": PartnerType.RENT,
            "amount_cents": 10_000,
            "arrears_since": date(2025, 11, 1),
            "crisis": False,
            "warm_transfer": False,
            "young": False,
            "area": Area(pc4="1234"),
            "personal": b"sealed",
        }
        return Signal(**(values | changes))  # type: ignore[arg-type]

    def withdrawal(
        self, signal: Signal, revision: int = 2, end: SignalEnd = SignalEnd.WITHDRAWN
    ) -> Withdrawal:
        return Withdrawal(
            signal_id=signal.signal_id,
            household=signal.household,
            municipality=signal.municipality,
            creditor=signal.creditor,
            sender=signal.sender,
            unit=signal.unit,
            signal_date=signal.signal_date,
            revision=revision,
            end=end,
        )

    def case_id(self, month: str = "2026-01", unit: str = "") -> str:
        return derived_id("case", GM, HOUSEHOLD, unit, month)

    def attempt(self, name: str = "a1", month: str = "2026-01") -> Outcome:
        return Outcome(
            outcome_id=name,
            household=HOUSEHOLD,
            case_id=self.case_id(month),
            municipality=GM,
            kind=OutcomeKind.CONTACT_ATTEMPT,
            version=0,
            contact_kind=ContactKind.PHONE,
            reached=True,
            on=date(2026, 1, 26),
            day_part=DayPart.MORNING,
            signal_ids=(),
        )

    def result(
        self,
        result: CaseResult = CaseResult.FOLLOW_UP_HELP,
        name: str = "r1",
        month: str = "2026-01",
        signals: tuple[str, ...] = (),
        version: int | None = None,
    ) -> Outcome:
        """Return a result; unless said otherwise its version is the number in its name."""
        return Outcome(
            outcome_id=name,
            household=HOUSEHOLD,
            case_id=self.case_id(month),
            municipality=GM,
            kind=OutcomeKind.RESULT,
            version=int(name[1:]) if version is None else version,
            on=date(2026, 1, 27),
            result=result,
            signal_ids=signals,
        )

    def order(
        self,
        name: str = "o1",
        until: datetime | None = None,
        month: str = "2026-01",
        signals: tuple[str, ...] = (),
    ) -> PauseOrder:
        """Return what a team orders: pauses run until a moment, or end now (None)."""
        return PauseOrder(
            order_id=name,
            household=HOUSEHOLD,
            case_id=self.case_id(month),
            municipality=GM,
            version=int(name[1:]),
            until=until,
            signal_ids=signals,
        )

    def registration(
        self, name: str = "reg1", who: tuple[Evidence, ...] = JAN, organisation: str = "Wijkteam"
    ) -> Registration:
        return Registration(
            registration_id=name,
            registrar=GM,
            municipality=GM,
            person="p" * 32,
            household=HOUSEHOLD,
            unit="",
            evidence=who,
            started_on=date(2026, 1, 1),
            contact=Contact(organisation=organisation),
            personal=b"sealed",
        )

    def ended(self, name: str = "reg1") -> RegistrationEnded:
        return RegistrationEnded(registration_id=name)

    def known(self, signal_id: str, *organisations: str, since: datetime | None = None) -> KnownPerson:
        contacts = tuple(Contact(organisation=name) for name in organisations)
        return KnownPerson(household=HOUSEHOLD, signal_id=signal_id, contacts=contacts, since=since)

    def answer(self, question: Question, *, same: bool, version: int = 1) -> Answer:
        return Answer(
            answer_id=f"{question.question_id} {version}",
            question_id=question.question_id,
            household=HOUSEHOLD,
            municipality=question.municipality,
            signal_id=question.signal_id,
            registration_id=question.registration_id,
            same=same,
            version=version,
        )

    def month_of(self, signal: Signal) -> str:
        return month_text(month_of(signal.signal_date))


make = Make()


@dataclass
class Hub:
    """Plays facts in the order given and lets timers go off as the Processor does."""

    state: Household | None = None
    wake_at: datetime | None = None
    told: list[Change] = field(default_factory=list)
    pause_days: int = 30
    repeat_days: int = 0

    def take(self, fact: Fact, at: datetime = AT) -> list[Change]:
        """Handle a fact and return what is told about it."""
        policies = Policies(lambda _: self.pause_days, lambda _: self.repeat_days)
        step = handle(self.state, HOUSEHOLD, fact, at, policies)
        self.state, self.wake_at = step.household, step.wake_at
        self.told.extend(step.changes)
        return list(step.changes)

    def until(self, moment: datetime) -> list[Change]:
        """Let every timer up to a moment go off."""
        found: list[Change] = []
        while self.wake_at is not None and self.wake_at <= moment:
            due = self.wake_at
            found += self.take(Woken(), due)
            assert self.wake_at is None or self.wake_at > due
        return found

    def cases(self) -> dict[str, Case]:
        """Return each case as it was told last."""
        return {change.event.case_id: change.event for change in self.told if isinstance(change.event, Case)}

    def statuses(self) -> dict[str, SignalState]:
        return {
            change.event.signal_id: change.event
            for change in self.told
            if isinstance(change.event, SignalState)
        }

    def worklist(self) -> dict[str, Case]:
        """Return the cases that somebody has to look at, or has looked at."""
        return {
            name: case
            for name, case in self.cases().items()
            if not (case.withdrawn or case.known_in_debt_help)
        }

    def questions(self) -> dict[str, Question]:
        """Return each question as it was told last."""
        return {
            change.event.question_id: change.event
            for change in self.told
            if isinstance(change.event, Question)
        }

    def open(self) -> list[Question]:
        return [each for each in self.questions().values() if each.state is QuestionState.OPEN]

    def matches(self) -> list[Match]:
        return [change.event for change in self.told if isinstance(change.event, Match)]

    def standing(self) -> dict[str, Match]:
        """Return the matches that were not taken back."""
        latest = {match.match_id: match for match in self.matches()}
        return {name: match for name, match in latest.items() if not match.withdrawn}

    def pauses(self) -> dict[str, Pause]:
        return {
            change.event.pause_id: change.event for change in self.told if isinstance(change.event, Pause)
        }

    def pause_steps(self, creditor: str) -> list[tuple[PauseChange, datetime]]:
        events = (change.event for change in self.told)
        return [
            (each.change, each.ends_at)
            for each in events
            if isinstance(each, Pause) and each.creditor == creditor
        ]


def days(amount: float) -> timedelta:
    return timedelta(days=amount)


def kinds(changes: Iterable[Change]) -> list[str]:
    return [f"{type(change.event).__name__}.{change.what}" for change in changes]
