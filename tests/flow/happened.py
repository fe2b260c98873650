"""What ingest, teams and bailiffs put on the topics, as records; and the same in another order, or twice.

Two made-up residents of one surname, some houses, one municipality and three creditors.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from services.common.events import (
    Area,
    CaseResult,
    Check,
    Contact,
    Evidence,
    EvidenceKind,
    Outcome,
    Refusal,
    Registration,
    Signal,
    SignalEnd,
    SignalPerson,
    Withdrawal,
)
from services.common.identifiers import derived_id
from tests.flow.examples import example
from tests.flow.hub import Given

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = datetime(2026, 7, 1, tzinfo=UTC)
"""Every month is closed and every pause over."""
TOWN = "00000099002220647000"
CREDITORS = ("00000099000000001001", "00000099000000001002", "00000099000000001003")
SENDER, BAILIFF = "00000099000000005001", "00000099000000004001"
HOUSES = ("a" * 32, "b" * 32)
PERSONS = ("p" * 32, "q" * 32)
RESULTS = (
    CaseResult.FOLLOW_UP_HELP,
    CaseResult.ADVICE_OR_QUICK_FIX,
    CaseResult.NEVER_REACHED,
    CaseResult.NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP,
)
AREAS = (
    Area(pc4="1234"),
    Area(pc4="1234", district="WK064701", neighbourhood="BU06470101"),
    Area(pc4="9999"),
)
_RENT, _RUNNING = example("signals/rent", Signal), example("registrations/running", Registration)
_VISIT, _RESULT = example("outcomes/home-visit", Outcome), example("outcomes/help-accepted", Outcome)
_CHECK, _REFUSAL = example("checks/unknown", Check), example("refusals/two-reasons", Refusal)


def traits(person: int, *kinds: EvidenceKind) -> tuple[Evidence, ...]:
    """Return evidence of one of the two residents; each kind but the surname tells them apart."""
    values = {EvidenceKind.SURNAME: "name"}
    found = (EvidenceKind.SURNAME, *kinds)
    return tuple(Evidence(kind=kind, digest=values.get(kind, f"{kind} {person}")) for kind in found)


def signal(
    name: str,
    at: datetime,
    *,
    house: str,
    creditor: str,
    day: date,
    evidence: tuple[Evidence, ...],
    unit: str = "",
    crisis: bool = False,
    young: bool = False,
    area: Area = AREAS[0],
    person: str | None = None,
) -> list[Given]:
    """Return a signal, and if it has a BSN whose it is."""
    event = replace(
        _RENT,
        signal_id=name,
        household=house,
        municipality=TOWN,
        creditor=creditor,
        signal_date=day,
        unit=unit,
        evidence=evidence,
        crisis=crisis,
        young=young,
        area=area,
        person=person,
    )
    found = [Given("signals.v1", house, event, name, at)]
    if person:
        link = SignalPerson(
            person=person, signal_id=name, household=house, municipality=TOWN, creditor=creditor
        )
        found.append(Given("signal-persons.v1", person, link, f"link {name}", at))
    return found


def corrected(before: Signal, after: Signal, at: datetime) -> list[Given]:
    """Return what ingest writes of a correction: also that the signal, or its BSN, is not where it was."""
    name = f"{after.signal_id} {after.revision}"
    found = [Given("signals.v1", after.household, after, name, at)]
    if before.household != after.household:
        found.append(_left(before, after.revision, SignalEnd.MOVED, at))
    if before.person and before.person != after.person:
        found.append(_link(before, after.revision, at, withdrawn=True))
    if after.person:
        found.append(_link(after, after.revision, at))
    return found


def withdrawn(signal: Signal, earlier: Sequence[Signal], at: datetime) -> list[Given]:
    """Return what ingest writes of a withdrawal: at every household where the signal ever was."""
    revision = signal.revision + 1
    found = [_left(signal, revision, SignalEnd.WITHDRAWN, at)]
    houses = {each.household: each for each in earlier if each.household != signal.household}
    found += [_left(each, revision, SignalEnd.MOVED, at) for each in houses.values()]
    if signal.person:
        found.append(_link(signal, revision, at, withdrawn=True))
    return found


def _left(signal: Signal, revision: int, end: SignalEnd, at: datetime) -> Given:
    event = Withdrawal(
        signal_id=signal.signal_id,
        household=signal.household,
        municipality=signal.municipality,
        creditor=signal.creditor,
        sender=signal.creditor,
        unit=signal.unit,
        signal_date=signal.signal_date,
        revision=revision,
        end=end,
    )
    name = f"{signal.signal_id} left {signal.household} {revision}"
    return Given("withdrawals.v1", signal.household, event, name, at)


def _link(signal: Signal, revision: int, at: datetime, *, withdrawn: bool = False) -> Given:
    person = signal.person or ""
    event = SignalPerson(
        person=person,
        signal_id=signal.signal_id,
        household=signal.household,
        municipality=signal.municipality,
        revision=revision,
        withdrawn=withdrawn,
        creditor=signal.creditor,
    )
    return Given("signal-persons.v1", person, event, f"link {signal.signal_id} {revision} {withdrawn}", at)


def attempt(name: str, at: datetime, of: Signal) -> Given:
    return _outcome(_VISIT, name, at, of)


def result(name: str, at: datetime, of: Signal, found: CaseResult, named: tuple[str, ...] = ()) -> Given:
    """Return a result of a signal's case; versions follow the moments, as feedback gives them."""
    version = 1 + int((at - START).total_seconds())
    return _outcome(replace(_RESULT, result=found, signal_ids=named, version=version), name, at, of)


def _outcome(outcome: Outcome, name: str, at: datetime, of: Signal) -> Given:
    case_id = derived_id("case", TOWN, of.household, of.unit, f"{of.signal_date:%Y-%m}")
    event = replace(outcome, outcome_id=name, household=of.household, municipality=TOWN, case_id=case_id)
    return Given("outcomes.v1", of.household, event, name, at)


def helped(
    name: str,
    at: datetime,
    *,
    person: str,
    house: str,
    evidence: tuple[Evidence, ...],
    organisation: str = "Wijkteam",
) -> Given:
    """Return a registration as it is now; another place or organisation is another version of it."""
    event = replace(
        _RUNNING,
        registration_id=name,
        municipality=TOWN,
        person=person,
        household=house,
        evidence=evidence,
        contact=Contact(organisation=organisation),
    )
    return Given("registrations.v1", name, event, f"{name} {house} {organisation}", at)


def help_ended(name: str, at: datetime) -> Given:
    return Given("registrations.v1", name, None, f"{name} ended", at)


def check(name: str, at: datetime, person: str, *, known: bool = False, client: str | None = None) -> Given:
    """Return a check; its `client` is a partner of the covenant."""
    event = replace(
        _CHECK,
        check_id=name,
        person=person,
        asker=BAILIFF,
        dossier=name,
        known=known,
        valid_until=at + timedelta(days=28),
        on_behalf_of=client,
        client_is_partner=client is not None,
    )
    return Given("checks.v1", person, event, name, at)


def refusal(name: str, at: datetime, creditor: str) -> Given:
    event = replace(_REFUSAL, refusal_id=name, creditor=creditor, sender=SENDER)
    return Given("refusals.v1", creditor, event, name, at)


def mixed(records: Sequence[Given], chance: Random) -> list[Given]:
    """Return any order but that of a line."""
    lines: dict[tuple[str, str], list[Given]] = {}
    for each in records:
        lines.setdefault(each.line, []).append(each)
    order = [each.line for each in records]
    chance.shuffle(order)
    return [lines[line].pop(0) for line in order]


def twice(story: Sequence[Given], chance: Random) -> list[Given]:
    """Repeat each record at once, or all of its line at the end; a sender's repetition has its own time."""
    found: list[Given] = []
    ending: list[Given] = []
    at_once: dict[tuple[str, str], bool] = {}
    for each in story:
        found.append(each)
        (found if at_once.setdefault(each.line, chance.random() < 0.5) else ending).append(each)
    last = story[-1].at
    sent_again = ("signals.v1", "withdrawals.v1", "signal-persons.v1", "outcomes.v1")
    return found + [replace(each, at=last) if each.topic in sent_again else each for each in ending]
