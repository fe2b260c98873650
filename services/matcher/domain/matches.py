"""Why signals deserve attention together; each match is told once and never taken back, as the warning was.

An address says nothing about persons: without evidence that they are one, the confidence is POSSIBLE.
"""

from collections.abc import Iterator
from datetime import datetime

from services.common.events import Confidence, Match, MatchKind
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, Change, Household, SignalFact
from services.matcher.domain.months import WINDOW, closes_at, month_text
from services.matcher.domain.statuses import known_as, person_of

Signals = tuple[SignalFact, ...]


def settle_matches(
    household: Household,
    case: CaseFacts,
    signals: Signals,
    place: dict[int, CaseFacts],
    changes: list[Change],
) -> tuple[str, ...]:
    """Tell the matches of a case (`signals`: with their status) that are new; return all that were told."""
    found = (
        (MatchKind.MULTIPLE, _multiple(case)),
        (MatchKind.CONSECUTIVE, _consecutive(case, place)),
        (MatchKind.SWAP, _decided_swap(household, case, place)),
    )
    matched = case.matched
    for kind, earlier in found:
        if earlier and kind.value not in matched:
            matched = (*matched, kind.value)
            changes.append(_match(household, case, kind, earlier))
    if household.registrations or household.known:
        return (*matched, *_settle_known(household, case, signals, changes))
    return matched


def _settle_known(
    household: Household, case: CaseFacts, signals: Signals, changes: list[Change]
) -> Iterator[str]:
    """Tell which signals are of somebody in debt help: those whose status has somebody to call."""
    kind = MatchKind.KNOWN_IN_DEBT_HELP
    for signal in signals:
        if signal.told and signal.told.contacts and signal.signal_id not in case.matched:
            confidence, _ = known_as(household, signal)
            by_bsn = any(known.signal_id == signal.signal_id for known in household.known)
            why = (f"same {'BSN' if by_bsn else 'person'} as a running registration",)
            match_id = derived_id("match", kind.value, signal.signal_id)
            found = (confidence or Confidence.POSSIBLE, (signal.signal_id,), why)
            changes.append(_change(household, case, kind, match_id, found))
            yield signal.signal_id


def swap_moment(case: CaseFacts, place: dict[int, CaseFacts]) -> datetime | None:
    """Return when a month's swap is decided: at its close, or when a late signal makes both months have one.

    None when nothing known so far would make it a swap. Signals after that moment do not count, so that the
    decision is the same whatever order the inputs came in.
    """
    before = place.get(case.month - 1)
    if before is None or MatchKind.SWAP.value in case.matched:
        return None
    firsts = (min(signal.at for signal in each.signals) for each in (before, case))
    moment = max(closes_at(case.month), *firsts)
    return moment if _swaps(_creditors(before.signals, moment), _creditors(case.signals, moment)) else None


def _multiple(case: CaseFacts) -> Signals:
    return case.signals if len(case.signals) > 1 and len(_creditors(case.signals)) > 1 else ()


def _consecutive(case: CaseFacts, place: dict[int, CaseFacts]) -> Signals:
    """Return the signals of the six months before when a creditor of theirs is not that of this month."""
    if len(place) == 1 or MatchKind.CONSECUTIVE.value in case.matched:
        return ()
    months = range(case.month - WINDOW, case.month)
    earlier = tuple(signal for month in months if month in place for signal in place[month].signals)
    return earlier if earlier and len(_creditors(earlier) | _creditors(case.signals)) > 1 else ()


def _decided_swap(household: Household, case: CaseFacts, place: dict[int, CaseFacts]) -> Signals:
    """Only a timer decides: it goes off after everything that came before its moment was handled."""
    if household.woken is None or len(place) == 1:
        return ()
    moment = swap_moment(case, place)
    return place[case.month - 1].signals if moment and household.woken >= moment else ()


def _swaps(before: set[str], now: set[str]) -> bool:
    return bool(before - now) and bool(now - before)


def _creditors(signals: Signals, until: datetime | None = None) -> set[str]:
    return {signal.creditor for signal in signals if until is None or signal.at <= until}


def _count(signals: Signals) -> str:
    number = len(_creditors(signals))
    return f"{number} creditors" if number > 1 else "1 creditor"


def _match(household: Household, case: CaseFacts, kind: MatchKind, earlier: Signals) -> Change:
    signals = case.signals if kind is MatchKind.MULTIPLE else (*earlier, *case.signals)
    why = (
        f"{_count(case.signals)} in {month_text(case.month)} at one address",
        *((f"{_count(earlier)} in the months before",) if kind is not MatchKind.MULTIPLE else ()),
    )
    ids = tuple(signal.signal_id for signal in signals)
    match_id = derived_id("match", kind.value, case.case_id)
    return _change(household, case, kind, match_id, (person_of(earlier, case.signals), ids, why))


def _change(
    household: Household,
    case: CaseFacts,
    kind: MatchKind,
    match_id: str,
    found: tuple[Confidence, tuple[str, ...], tuple[str, ...]],
) -> Change:
    confidence, signal_ids, evidence = found
    event = Match(
        match_id=match_id,
        household=household.household,
        municipality=case.municipality,
        case_id=case.case_id,
        kind=kind,
        confidence=confidence,
        signal_ids=signal_ids,
        evidence=evidence,
    )
    return Change(event, kind.value.lower().replace("_", "-"), match_id)
