"""One household: insert a fact, derive everything from all facts, tell only what is new.

Nothing depends on the order in which inputs arrive, because what is told is a function of the facts alone
(each with its own time) and of the latest timer that went off. A fact that is there already changes nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from services.common.events import (
    Answer,
    ErasedKind,
    Erasure,
    KnownPerson,
    MatchKind,
    Outcome,
    PauseOrder,
    Registration,
    Signal,
    Withdrawal,
)
from services.matcher.domain.cases import Place, ended, settle
from services.matcher.domain.erasure import is_erased, kept_until, without_erased
from services.matcher.domain.facts import CaseFacts, Change, Household, KnownFact, RegistrationEnded, Woken
from services.matcher.domain.helped import with_leases
from services.matcher.domain.insertion import (
    with_cases,
    with_known,
    with_order,
    with_outcome,
    with_registration,
    without_registration,
)
from services.matcher.domain.matches import stands, swap_moment
from services.matcher.domain.months import expires_at, month_of
from services.matcher.domain.pauses import forget_pauses, is_running, settle_pauses
from services.matcher.domain.questions import (
    settle_questions,
    with_answer,
    without_asked,
    without_questions,
)
from services.matcher.domain.revisions import is_over_here, with_sent
from services.matcher.domain.terms import overdue_at

Fact = (
    Signal
    | Withdrawal
    | Registration
    | RegistrationEnded
    | KnownPerson
    | Outcome
    | PauseOrder
    | Answer
    | Erasure
    | Woken
)
PauseDays = Callable[[str], int]
"""Length of a pause by municipality, as its policy says now."""
RepeatDays = Callable[[Signal], int]
"""For how many days a repeat of what was said is one, as the policy of the signal's municipality says now."""
Touched = Callable[[CaseFacts], bool]


class Step(NamedTuple):
    """What one fact comes to: the state after it (None = nothing left), what is told, when to wake up."""

    household: Household | None
    changes: tuple[Change, ...] = ()
    wake_at: datetime | None = None


class Policies(NamedTuple):
    """What municipalities decided; read when a signal or an outcome comes in, and kept with it."""

    pause_days: PauseDays
    repeat_days: RepeatDays


def handle(before: Household | None, key: str, fact: Fact, now: datetime, policies: Policies) -> Step:
    """Take in one fact of the household `key`, which happened at `now`."""
    known = before or Household(household=key)
    changes: list[Change] = []
    household = insert(known, fact, now, policies)
    if isinstance(fact, Erasure):
        household = without_asked(household, fact, changes)
    if household is known:
        return Step(before, (), wake_at(known))
    if not _is_of_signal(fact):  # it tells nothing: who has to know of it hears of it from ingest
        household = _derive(household, fact, changes)
        household = _settle_pauses(household, now, policies.pause_days, changes)
    if isinstance(fact, Woken):
        household = _forget(household, now)
    return Step(household if _is_left(household) else None, tuple(changes), wake_at(household))


def insert(household: Household, fact: Fact, now: datetime, policies: Policies) -> Household:
    """Return the household with a fact; the same object when it knew it already."""
    match fact:
        case Signal() | Withdrawal():
            recent = policies.repeat_days(fact) if isinstance(fact, Signal) else 0
            return household if is_erased(household, fact) else with_sent(household, fact, now, recent)
        case RegistrationEnded() | Erasure():
            return _without(household, fact, now)
        case Outcome() | PauseOrder():
            return _with_teamwork(household, fact, now, policies)
        case Woken():
            return household._replace(woken=max(household.woken or now, now))
        case _:
            return _told_of_persons(household, fact, now)


def _told_of_persons(
    household: Household, fact: Registration | KnownPerson | Answer, now: datetime
) -> Household:
    match fact:
        case Registration():
            return with_registration(household, fact, now)
        case KnownPerson():
            return with_known(household, fact, now)
        case Answer():
            return with_answer(household, fact)


def _with_teamwork(
    household: Household, fact: Outcome | PauseOrder, now: datetime, policies: Policies
) -> Household:
    if isinstance(fact, PauseOrder):
        return with_order(household, fact, now)
    return with_outcome(household, fact, now, policies.pause_days(fact.municipality))


def _without(household: Household, fact: RegistrationEnded | Erasure, now: datetime) -> Household:
    if isinstance(fact, RegistrationEnded):
        return without_registration(household, fact.registration_id)
    if fact.kind is ErasedKind.REGISTRATION:
        return without_registration(household, fact.erased_id)
    return without_erased(household, fact, now)


def _is_of_signal(fact: Fact) -> bool:
    return isinstance(fact, Erasure) and fact.kind is ErasedKind.SIGNAL


def _is_left(household: Household) -> bool:
    facts = household.cases or household.registrations or household.known
    return bool(facts or household.withdrawn or household.erased)


def wake_at(household: Household) -> datetime | None:
    """Return when time alone changes something: a swap, a pause's end, a deadline, retention."""
    places = _places(household) if len(household.cases) > 1 else {}
    moments = [expires_at(month_of(known.at)) for known in _orphans(household)]
    moments += [expires_at(each.month) for each in household.withdrawn]
    moments += [kept_until(gone) for gone in household.erased]
    running = [told.ends_at for told in household.pauses if is_running(told)]
    moments += running
    for case in household.cases:
        if not running:
            moments.append(expires_at(case.month))
        place = places.get((case.municipality, case.unit), {}) if case.signals else {}
        open_ = len(place) > 1 and not stands(case.matched, MatchKind.SWAP.value)
        swap = swap_moment(case, place) if open_ else None
        if swap:
            moments.append(swap)
        overdue = None if _waits_for_nobody(case) else overdue_at(case)
        if overdue and (household.woken is None or household.woken < overdue):
            moments.append(overdue)
    return min(moments, default=None)


def _waits_for_nobody(case: CaseFacts) -> bool:
    return case.told is not None and case.told.known


def _derive(household: Household, fact: Fact, changes: list[Change]) -> Household:
    touched = _touched(household, fact)
    places = _places(household)
    cases = []
    for case in household.cases:
        if (case.signals or case.told) and touched(case):
            cases.append(settle(household, case, places.get((case.municipality, case.unit), {}), changes))
        else:
            cases.append(case)
    household = settle_questions(with_cases(household, tuple(cases)), changes)
    if isinstance(fact, Withdrawal) and is_over_here(household, fact):
        changes.append(ended(fact))
    return household


def _settle_pauses(household: Household, now: datetime, days: PauseDays, changes: list[Change]) -> Household:
    household = with_leases(household, now, days)
    if household.leases or household.pauses or any(case.results for case in household.cases):
        return settle_pauses(household, changes)
    return household


def _touched(household: Household, fact: Fact) -> Touched:
    """Return which cases a fact can change; in the months after a signal others become its repeats."""
    match fact:
        case Signal() if fact.revision > 1 or household.withdrawn:
            return lambda _: True
        case Signal():
            first = month_of(fact.signal_date)
            return lambda case: (
                case.unit == fact.unit and case.municipality == fact.municipality and case.month >= first
            )
        case Outcome():
            return lambda case: case.case_id == fact.case_id
        case PauseOrder():
            return lambda _: False
        case KnownPerson() | Answer():
            return lambda case: any(signal.signal_id == fact.signal_id for signal in case.signals)
        case _:
            return lambda _: True


def _places(household: Household) -> dict[tuple[str, str], Place]:
    places: dict[tuple[str, str], Place] = {}
    for case in household.cases:
        if case.signals:
            places.setdefault((case.municipality, case.unit), {})[case.month] = case
    return places


def _forget(household: Household, due: datetime) -> Household:
    """Drop what is kept no longer; while a pause runs all cases stay, for it follows from them."""
    cases = household.cases
    if not any(is_running(told) for told in household.pauses):
        cases = tuple(case for case in cases if expires_at(case.month) > due)
    over = {each.signal_id for each in _orphans(household) if expires_at(month_of(each.at)) <= due}
    over |= _signals(household.cases) - _signals(cases)
    known = tuple(each for each in household.known if each.signal_id not in over)
    household = without_questions(household, _seen(household.cases) - _seen(cases))
    withdrawn = tuple(each for each in household.withdrawn if expires_at(each.month) > due)
    erased = tuple(gone for gone in household.erased if kept_until(gone) > due)
    if len(cases) < len(household.cases):
        household = forget_pauses(household, _signals(cases))
    return household._replace(cases=cases, known=known, withdrawn=withdrawn, erased=erased)


def _orphans(household: Household) -> Iterable[KnownFact]:
    """Return what is known of signals that are not here; the rest is kept as long as its signal."""
    if not household.known:
        return ()
    here = _signals(household.cases)
    return [known for known in household.known if known.signal_id not in here]


def _seen(cases: Iterable[CaseFacts]) -> set[str]:
    """Return the signals that are, or were, in these cases."""
    return _signals(cases) | {gone.signal_id for case in cases for gone in case.gone}


def _signals(cases: Iterable[CaseFacts]) -> set[str]:
    return {signal.signal_id for case in cases for signal in case.signals}
