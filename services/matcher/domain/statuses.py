"""Which result holds for which signal, and what status a signal has: domain.md 4.2 and 4.3."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.common.events import CaseResult, Confidence, Contact, SignalStatus
from services.matcher.domain.facts import CaseFacts, GoneFact, Household, KnownFact, ResultFact, SignalFact
from services.matcher.domain.identity import Finding, compare, is_sure, same_person, surest
from services.matcher.domain.questions import found_in

NOT_PICKED_UP = {
    CaseResult.REPEATED: SignalStatus.REPEATED,
    CaseResult.UNJUSTIFIED: SignalStatus.UNJUSTIFIED,
    CaseResult.OTHER_REASON: SignalStatus.OTHER_REASON,
    CaseResult.DECEASED: SignalStatus.DECEASED,
    CaseResult.NOT_RESIDENT: SignalStatus.NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP: SignalStatus.KNOWN_IN_DEBT_HELP,
}
"""Results that are a signal status of their own; the case was closed without being picked up."""
STATUS_OF = {result: NOT_PICKED_UP.get(result, SignalStatus.PICKED_UP) for result in CaseResult}
"""Result of a case to status of the signals it holds for (DDAS v1.2: 16 to 8)."""
ACCEPTS_HELP = frozenset(
    {
        CaseResult.ADVICE_OR_QUICK_FIX,
        CaseResult.FOLLOW_UP_HELP,
        CaseResult.FOLLOW_UP_FINANCIAL,
        CaseResult.FOLLOW_UP_NOT_FINANCIAL,
    },
)
"""Results by which a resident accepts help: they start a pause."""


_BY_BSN = Finding(Confidence.CERTAIN, ("same BSN",))
_SAME_ADDRESS = Finding(Confidence.POSSIBLE, ())


class Decision(NamedTuple):
    """A result of a case with its anchors: the signals that say who it is about."""

    result: ResultFact
    anchors: tuple[SignalFact | GoneFact, ...]


def decisions_of(case: CaseFacts) -> list[Decision]:
    """Return the results of a case, in their order."""
    return [Decision(result, _anchors(case, result)) for result in case.results]


def is_about(decision: Decision, signal: SignalFact) -> bool:
    """Tell whether a signal, of this case or another, is about the person(s) a result is about."""
    for anchor in decision.anchors:
        if anchor.signal_id == signal.signal_id or is_sure(same_person(anchor.evidence, signal.evidence)):
            return True
    return False


def holds_for(decision: Decision, signal: SignalFact) -> bool:
    """Tell whether a result holds for a signal of its case: named, or else about the same person."""
    if decision.result.signal_ids:
        return signal.signal_id in decision.result.signal_ids
    return is_about(decision, signal)


def result_of(decisions: Sequence[Decision], signal: SignalFact) -> CaseResult | None:
    """Return the latest result that holds for a signal of the case."""
    for decision in reversed(decisions):
        if holds_for(decision, signal):
            return decision.result.result
    return None


def status_of(
    case: CaseFacts, result: CaseResult | None, known: Confidence | None, *, repeated: bool
) -> SignalStatus:
    """Return the status: known in debt help before its result before a repeat before what its case does."""
    if known is not None:
        return SignalStatus.KNOWN_IN_DEBT_HELP
    if result is not None:
        return STATUS_OF[result]
    if repeated:
        return SignalStatus.REPEATED
    picked_up = case.attempted_at is not None or bool(case.results)
    return SignalStatus.PICKED_UP if picked_up else SignalStatus.NOT_YET_PICKED_UP


def known_as(household: Household, signal: SignalFact) -> tuple[Finding | None, tuple[Contact, ...]]:
    """Return how surely the person of a signal is in debt help and why, and whom to call."""
    if not (household.registrations or household.known):
        return None, ()
    contacts: list[Contact] = []
    found: list[Finding] = []
    for registration in household.registrations:
        finding = found_in(household, registration, signal)
        if finding:
            found.append(finding)
            contacts.append(registration.contact)
    for known in household.known:
        if is_of(known, signal):
            found.append(_BY_BSN)
            contacts.extend(known.contacts)
    return surest(found), in_order(contacts)


def helped_since(household: Household, signal: SignalFact) -> datetime | None:
    """Return since when the hub knows by itself that help runs for the person of a signal."""
    found = [known.since or known.at for known in household.known if is_of(known, signal)]
    found += [
        each.at
        for each in household.registrations
        if each.at and is_sure(same_person(each.evidence, signal.evidence))
    ]
    return min(found, default=None)


def is_of(known: KnownFact, signal: SignalFact) -> bool:
    """Tell whether the BSN of a signal is meant: of a corrected one it may be another."""
    return known.signal_id == signal.signal_id and known.revision >= signal.revision


def in_order(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Return contacts sorted, each once."""
    unique = set(contacts)
    return tuple(sorted(unique, key=lambda each: (each.organisation, each.phone or "", each.email or "")))


def person_of(signals: Iterable[SignalFact], others: Iterable[SignalFact]) -> Finding:
    """Return how sure it is that signals of different creditors are about one person, at least POSSIBLE."""
    later = tuple(others)
    pairs = (_alike(one, other) for one in signals for other in later)
    return surest(pairs) or _SAME_ADDRESS


def _alike(one: SignalFact, other: SignalFact) -> Finding | None:
    return None if one.creditor == other.creditor else compare(one.evidence, other.evidence)


def _anchors(case: CaseFacts, result: ResultFact) -> tuple[SignalFact | GoneFact, ...]:
    """Return the signals that say who a result is about: the named ones, or the first the team could see.

    Also of those that are gone since: a result never passes to somebody else.
    """
    signals: Sequence[SignalFact | GoneFact] = case.signals
    if case.gone:
        signals = sorted((*case.signals, *case.gone), key=lambda each: (each.signal_date, each.signal_id))
    if result.signal_ids:
        return tuple(signal for signal in signals if signal.signal_id in result.signal_ids)
    seen = (signal for signal in signals if signal.at <= result.at)
    first = next(seen, signals[0] if signals else None)
    return (first,) if first else ()
