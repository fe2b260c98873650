"""Signals that their creditor corrects or withdraws.

Of a signal the highest revision counts that was not withdrawn here; what was there before only says who a
result of that time is about. All of it is a function of the revisions seen: their order makes no difference.
"""

from datetime import datetime

from services.common.events import Signal, Withdrawal
from services.matcher.domain.cases import best_area, case_id_of
from services.matcher.domain.facts import CaseFacts, GoneFact, Household, SignalFact, WithdrawnFact
from services.matcher.domain.insertion import (
    case_of,
    fact_of,
    first_of_case,
    in_dates,
    with_case,
    with_cases,
    with_new_signal,
)
from services.matcher.domain.months import expires_at, month_of
from services.matcher.domain.terms import since

Live = tuple[CaseFacts, SignalFact]
"""A signal with the case it is in."""


def with_sent(household: Household, fact: Signal | Withdrawal, at: datetime, recent: int) -> Household:
    """Return the household with what a creditor sent; `recent`: days for which a repeat is one."""
    if isinstance(fact, Signal):
        return with_signal(household, fact, at, recent)
    return with_withdrawal(household, fact, at)


def with_signal(household: Household, signal: Signal, at: datetime, recent: int) -> Household:
    """Return the household with a signal; of one revision the first time that it was seen counts.

    One of a month that is kept no longer was here and is forgotten: the gate takes nothing in that is so old,
    so its sender repeats it, and a new case would take back all that was told since.
    """
    month = month_of(signal.signal_date)
    if expires_at(month) <= at:
        return household
    live = _live(household, signal.signal_id)
    if live is not None and live[1].revision == signal.revision:
        return household
    if live is None and not household.withdrawn and signal.revision == 1:
        return with_new_signal(household, signal, at, recent)
    return _revised(household, live, signal, at, recent)


def with_withdrawal(household: Household, withdrawal: Withdrawal, at: datetime) -> Household:
    """Return the household without a signal, also when it is still to come."""
    month = month_of(withdrawal.signal_date)
    known = _withdrawn(household, withdrawal.signal_id)
    if expires_at(month) <= at or (known and known.revision >= withdrawal.revision):
        return household
    month = max(month, known.month) if known else month
    fact = WithdrawnFact(withdrawal.signal_id, withdrawal.revision, month)
    kept = sorted((*(each for each in household.withdrawn if each is not known), fact))
    household = household._replace(withdrawn=tuple(kept))
    live = _live(household, withdrawal.signal_id)
    return _taken_out(household, *live) if live and is_over(household, live[1]) else household


def is_over(household: Household, signal: SignalFact | Signal) -> bool:
    """Tell whether a signal of this revision is withdrawn at this household."""
    known = _withdrawn(household, signal.signal_id)
    return known is not None and known.revision >= signal.revision


def is_over_here(household: Household, withdrawal: Withdrawal) -> bool:
    """Tell whether a withdrawal counts: a later revision may be here again."""
    live = _live(household, withdrawal.signal_id)
    return live is None or live[1].revision <= withdrawal.revision


def _revised(household: Household, live: Live | None, signal: Signal, at: datetime, recent: int) -> Household:
    """Insert a revision beside others: as the one that counts, or as one that was there."""
    if is_over(household, signal) or (live and live[1].revision > signal.revision):
        return _was_there(household, signal, at)
    case = case_of(household, signal, month_of(signal.signal_date))
    first = _first_seen(case, signal.signal_id, at) if case else at
    if live and live[0] is case:
        return _in_place(household, live, fact_of(signal, first, recent), signal)
    if live:
        household = _taken_out(household, *live)
    household = with_new_signal(household, signal, first, recent)
    cases = (
        _without_gone(each, signal.signal_id) if each.case_id == case_id_of(signal) else each
        for each in household.cases
    )
    return with_cases(household, tuple(cases))


def _in_place(household: Household, live: Live, fact: SignalFact, signal: Signal) -> Household:
    case, before = live
    fact = fact._replace(told=before.told, tellings=before.tellings)
    signals = in_dates((*(each for each in case.signals if each is not before), fact))
    return with_case(household, case._replace(area=best_area(case.area, signal.area), signals=signals))


def _was_there(household: Household, signal: Signal, at: datetime) -> Household:
    """An older revision that comes late: it says no more than where the signal was, and since when."""
    month, name = month_of(signal.signal_date), signal.signal_id
    case = case_of(household, signal, month) or first_of_case(household, signal, month, at, 0)._replace(
        signals=()
    )
    first = _first_seen(case, name, at)
    known = next((each for each in case.gone if each.signal_id == name), None)
    after = case._replace(area=best_area(case.area, signal.area))
    if any(each.signal_id == name for each in case.signals):
        signals = (since(each, first) if each.signal_id == name else each for each in case.signals)
        after = after._replace(signals=tuple(signals))
    elif known and known.revision >= signal.revision:
        after = _with_gone(after, known._replace(at=first))
    else:
        after = _with_gone(after, _gone(fact_of(signal, first, 0)))
    return household if after == case else with_case(household, after)


def _taken_out(household: Household, case: CaseFacts, signal: SignalFact) -> Household:
    return with_case(household, _with_gone(_without(case, signal.signal_id), _gone(signal)))


def _live(household: Household, signal_id: str) -> Live | None:
    for case in household.cases:
        for signal in case.signals:
            if signal.signal_id == signal_id:
                return case, signal
    return None


def _withdrawn(household: Household, signal_id: str) -> WithdrawnFact | None:
    return next((each for each in household.withdrawn if each.signal_id == signal_id), None)


def _first_seen(case: CaseFacts, signal_id: str, at: datetime) -> datetime:
    """Return since when a case has, or had, a signal."""
    here = (each.at for each in case.signals if each.signal_id == signal_id)
    return min([at, *here, *(each.at for each in case.gone if each.signal_id == signal_id)])


def _gone(signal: SignalFact) -> GoneFact:
    return GoneFact(signal.signal_id, signal.signal_date, signal.evidence, signal.at, signal.revision)


def _without(case: CaseFacts, signal_id: str) -> CaseFacts:
    return case._replace(signals=tuple(each for each in case.signals if each.signal_id != signal_id))


def _without_gone(case: CaseFacts, signal_id: str) -> CaseFacts:
    return case._replace(gone=tuple(each for each in case.gone if each.signal_id != signal_id))


def _with_gone(case: CaseFacts, fact: GoneFact) -> CaseFacts:
    others = (each for each in case.gone if each.signal_id != fact.signal_id)
    return case._replace(gone=tuple(sorted((*others, fact), key=lambda each: each.signal_id)))
