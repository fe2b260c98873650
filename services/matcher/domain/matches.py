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
        (MatchKind.MULTIPLE, _multiple(case), case.signals),
        (MatchKind.CONSECUTIVE, _consecutive(case, place), case.signals),
        (MatchKind.SWAP, *_decided_swap(household, case, place)),
    )
    matched = case.matched
    for kind, earlier, own in found:
        if earlier and kind.value not in matched:
            matched = (*matched, kind.value)
            changes.append(_match(household, case, kind, earlier, own))
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
    creditors, now = _creditors(_until(before.signals, moment)), _creditors(_until(case.signals, moment))
    return moment if creditors - now and now - creditors else None


def _multiple(case: CaseFacts) -> Signals:
    return case.signals if len(case.signals) > 1 and len(_creditors(case.signals)) > 1 else ()


def _consecutive(case: CaseFacts, place: dict[int, CaseFacts]) -> Signals:
    """Return the signals of the six months before when a creditor of theirs is not that of this month."""
    if len(place) == 1 or MatchKind.CONSECUTIVE.value in case.matched:
        return ()
    months = range(case.month - WINDOW, case.month)
    earlier = tuple(signal for month in months if month in place for signal in place[month].signals)
    return earlier if earlier and len(_creditors(earlier) | _creditors(case.signals)) > 1 else ()


def _decided_swap(
    household: Household, case: CaseFacts, place: dict[int, CaseFacts]
) -> tuple[Signals, Signals]:
    """Return the signals of the month before and of this one that count, none while it is undecided.

    Only a timer decides: it goes off after everything that came before its moment was handled.
    """
    moment = swap_moment(case, place) if household.woken and len(place) > 1 else None
    if moment is None or household.woken is None or household.woken < moment:
        return (), ()
    return _until(place[case.month - 1].signals, moment), _until(case.signals, moment)


def _until(signals: Signals, moment: datetime) -> Signals:
    return tuple(signal for signal in signals if signal.at <= moment)


def _creditors(signals: Signals) -> set[str]:
    return {signal.creditor for signal in signals}


def _count(signals: Signals) -> str:
    number = len(_creditors(signals))
    return f"{number} creditors" if number > 1 else "1 creditor"


def _match(household: Household, case: CaseFacts, kind: MatchKind, earlier: Signals, own: Signals) -> Change:
    """`own`: the signals of the case that count; of a multiple they are `earlier` too."""
    signals = own if kind is MatchKind.MULTIPLE else (*earlier, *own)
    why = (
        f"{_count(own)} in {month_text(case.month)} at one address",
        *((f"{_count(earlier)} in the months before",) if kind is not MatchKind.MULTIPLE else ()),
    )
    ids = tuple(signal.signal_id for signal in signals)
    match_id = derived_id("match", kind.value, case.case_id)
    return _change(household, case, kind, match_id, (person_of(earlier, own), ids, why))


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
