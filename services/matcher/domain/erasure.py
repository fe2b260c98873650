"""A signal that is erased leaves nothing at its household, but for a while that it was erased."""

from datetime import datetime, timedelta

from services.common.events import ErasedKind, Erasure, Signal, Withdrawal
from services.matcher.domain.facts import CaseFacts, ErasedFact, Household, PauseTold

UNDER_WAY = timedelta(days=60)
"""A signal may still be under way: topics keep 14 days, and what was put aside comes back within 28."""


def is_erased(household: Household, sent: Signal | Withdrawal) -> bool:
    """Tell whether something that was sent about a signal comes after its erasure."""
    return any(gone.signal_id == sent.signal_id for gone in household.erased)


def without_erased(household: Household, erasure: Erasure, at: datetime) -> Household:
    """Return the household as if a signal had never been: a case without signals goes too, with its pauses.

    Nothing is told of it: how a pause ends is in the event that started it. A registration is ended besides.
    """
    name = erasure.erased_id
    if erasure.kind is not ErasedKind.SIGNAL or any(gone.signal_id == name for gone in household.erased):
        return household
    cases = tuple(rest for case in household.cases if (rest := _without(case, name)) is not None)
    known = tuple(each for each in household.known if each.signal_id != name)
    withdrawn = tuple(each for each in household.withdrawn if each.signal_id != name)
    erased = (*household.erased, ErasedFact(name, at))
    told = (_without_id(each, name) for each in household.pauses)
    pauses = tuple(each for each in told if each.signal_ids)
    leases = tuple(each for each in household.leases if each.signal_id != name)
    household = household._replace(cases=cases, known=known, pauses=pauses, leases=leases)
    return household._replace(withdrawn=withdrawn, erased=erased)


def kept_until(gone: ErasedFact) -> datetime:
    return gone.at + UNDER_WAY


def _without_id(told: PauseTold, signal_id: str) -> PauseTold:
    return told._replace(signal_ids=tuple(each for each in told.signal_ids if each != signal_id))


def _without(case: CaseFacts, signal_id: str) -> CaseFacts | None:
    signals = tuple(each for each in case.signals if each.signal_id != signal_id)
    gone = tuple(each for each in case.gone if each.signal_id != signal_id)
    if len(signals) + len(gone) == len(case.signals) + len(case.gone):
        return case
    return case._replace(signals=signals, gone=gone) if signals or gone else None
