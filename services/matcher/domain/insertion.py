"""Facts into the state of a household; a fact that is there already gives the very same state back."""

from collections.abc import Iterable
from datetime import datetime

from services.common.events import KnownPerson, Outcome, PauseOrder, Registration, Signal
from services.matcher.domain.cases import best_area, case_id_of
from services.matcher.domain.facts import (
    CaseFacts,
    Household,
    KnownFact,
    OrderFact,
    RegistrationFact,
    ResultFact,
    SignalFact,
)
from services.matcher.domain.handover import with_checks
from services.matcher.domain.months import month_of
from services.matcher.domain.statuses import in_order
from services.matcher.domain.terms import due_of, priority_of


def with_new_signal(household: Household, signal: Signal, at: datetime, recent: int) -> Household:
    """Return the household with a signal that it does not have, in its case."""
    month = month_of(signal.signal_date)
    case = case_of(household, signal, month)
    if case is None:
        return with_case(household, first_of_case(household, signal, month, at, recent))
    area = best_area(case.area, signal.area)
    signals = in_dates((*case.signals, fact_of(signal, at, recent)))
    return with_case(household, case._replace(area=area, signals=signals))


def with_outcome(household: Household, outcome: Outcome, at: datetime, pause_days: int) -> Household:
    """Return the household with what a team did on a case: the first attempt, or one more result."""
    case = _case_or_orphan(household, outcome, month_of(at))
    if outcome.result is None:
        if case.attempted_at is not None and case.attempted_at <= at:
            return household
        return with_case(household, case._replace(attempted_at=at))
    if any(known.result_id == outcome.outcome_id for known in case.results):
        return household
    result = ResultFact(
        result_id=outcome.outcome_id,
        at=at,
        result=outcome.result,
        signal_ids=outcome.signal_ids,
        pause_days=pause_days,
        version=outcome.version,
    )
    results = sorted((*case.results, result), key=lambda each: (each.version, each.result_id))
    return with_case(household, case._replace(results=tuple(results)))


def with_order(household: Household, order: PauseOrder, at: datetime) -> Household:
    """Return the household with what a team ordered about the pauses of a case."""
    case = _case_or_orphan(household, order, month_of(at))
    if any(known.order_id == order.order_id for known in case.orders):
        return household
    fact = OrderFact(order.order_id, at, order.until, order.signal_ids, order.version)
    orders = sorted((*case.orders, fact), key=lambda each: (each.version, each.order_id))
    return with_case(household, case._replace(orders=tuple(orders)))


def with_registration(household: Household, registration: Registration, at: datetime) -> Household:
    """Return the household with a registration as it is now; one that changes keeps when it came here."""
    name = registration.registration_id
    before = next((each for each in household.registrations if each.registration_id == name), None)
    fact = RegistrationFact(
        registration_id=name,
        evidence=registration.evidence,
        contact=registration.contact,
        municipality=registration.municipality,
        at=before.at if before else at,
    )
    if fact == before:
        return household
    others = (each for each in household.registrations if each.registration_id != fact.registration_id)
    kept = sorted((*others, fact), key=lambda each: each.registration_id)
    return household._replace(registrations=tuple(kept))


def without_registration(household: Household, registration_id: str) -> Household:
    """Return the household without a registration."""
    kept = tuple(each for each in household.registrations if each.registration_id != registration_id)
    return household if len(kept) == len(household.registrations) else household._replace(registrations=kept)


def with_known(household: Household, known: KnownPerson, at: datetime) -> Household:
    """Return the household with what the BSN of a signal says; no contacts = no longer known."""
    before = next((each for each in household.known if each.signal_id == known.signal_id), None)
    contacts = in_order(known.contacts)
    if before is None:
        if not contacts:
            return household
    elif before.revision > known.revision:
        return household
    household = with_checks(household, known, at)
    since = before.since if before and known.since is None else known.since
    if before and (before.contacts, before.revision, before.since) == (contacts, known.revision, since):
        return household
    others = tuple(each for each in household.known if each is not before)
    if contacts:
        fact = KnownFact(
            signal_id=known.signal_id, contacts=contacts, at=at, revision=known.revision, since=since
        )
        others = tuple(sorted((*others, fact), key=lambda each: each.signal_id))
    return household._replace(known=others)


def with_case(household: Household, case: CaseFacts) -> Household:
    """Return the household with a case in the place of the one with its id, or added."""
    if not household.cases:
        return with_cases(household, (case,))
    others = [each for each in household.cases if each.case_id != case.case_id]
    others.append(case)
    others.sort(key=lambda each: each.case_id)
    return with_cases(household, tuple(others))


def with_cases(household: Household, cases: tuple[CaseFacts, ...]) -> Household:
    """Return the household with other cases (spelt out: `replace` takes twice the time)."""
    return Household(
        household=household.household,
        cases=cases,
        registrations=household.registrations,
        known=household.known,
        woken=household.woken,
        withdrawn=household.withdrawn,
        erased=household.erased,
        questions=household.questions,
        pauses=household.pauses,
        leases=household.leases,
    )


def case_of(household: Household, signal: Signal, month: int) -> CaseFacts | None:
    """Return the case that a signal belongs to, if it ever had one."""
    for case in household.cases:
        here = case.month == month and case.unit == signal.unit and case.municipality == signal.municipality
        if here and case.area:
            return case
    return None


def first_of_case(household: Household, signal: Signal, month: int, at: datetime, recent: int) -> CaseFacts:
    """Return a new case, or the one that an outcome made when it overtook its signals."""
    case_id = case_id_of(signal)
    orphan = _case(household, case_id)
    return CaseFacts(
        case_id=case_id,
        municipality=signal.municipality,
        unit=signal.unit,
        month=month,
        area=signal.area,
        signals=(fact_of(signal, at, recent),),
        attempted_at=orphan.attempted_at if orphan else None,
        results=orphan.results if orphan else (),
        orders=orphan.orders if orphan else (),
    )


def _case_or_orphan(household: Household, outcome: Outcome | PauseOrder, month: int) -> CaseFacts:
    """Return the case; one without signals gets the month of its earliest outcome, until they come."""
    case = _case(household, outcome.case_id)
    if case is None:
        return CaseFacts(case_id=outcome.case_id, municipality=outcome.municipality, unit="", month=month)
    return case if case.area or case.month <= month else case._replace(month=month)


def _case(household: Household, case_id: str) -> CaseFacts | None:
    return next((case for case in household.cases if case.case_id == case_id), None)


def in_dates(signals: Iterable[SignalFact]) -> tuple[SignalFact, ...]:
    """Return signals in the order in which a case has them."""
    return tuple(sorted(signals, key=lambda each: (each.signal_date, each.signal_id)))


def fact_of(signal: Signal, at: datetime, recent: int) -> SignalFact:
    """Return what is kept of a signal; a crisis always passes, whatever was said before."""
    return SignalFact(
        signal_id=signal.signal_id,
        creditor=signal.creditor,
        partner_type=signal.partner_type,
        amount_cents=signal.amount_cents,
        signal_date=signal.signal_date,
        crisis=signal.crisis,
        young=signal.young,
        evidence=signal.evidence,
        at=at,
        revision=signal.revision,
        recent=0 if signal.crisis else recent,
        due=due_of(signal, at),
        priority=priority_of(signal),
        address_doubt=signal.address_doubt,
    )
