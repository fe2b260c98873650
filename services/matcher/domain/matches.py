"""Why signals deserve attention together.

A match is told once, as the warning was, and taken back only when a signal that it needs is withdrawn.

An address says nothing about persons: without evidence that they are one, the confidence is POSSIBLE.
"""

from datetime import datetime

from services.common.events import Confidence, Match, MatchKind
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, Change, Household, SignalFact
from services.matcher.domain.identity import Finding
from services.matcher.domain.months import WINDOW, closes_at, expires_at, month_text
from services.matcher.domain.statuses import is_of, known_as, person_of

Signals = tuple[SignalFact, ...]
Matched = tuple[str, ...]
Found = tuple[Confidence, tuple[str, ...], tuple[str, ...]]
"""How sure it is, the signals, and why."""
TAKEN_BACK: Found = (Confidence.POSSIBLE, (), ("a signal was withdrawn or corrected",))
_LOOKS_BACK = {MatchKind.MULTIPLE: 0, MatchKind.CONSECUTIVE: WINDOW, MatchKind.SWAP: 1}
"""Months before a case whose facts a match needs."""


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
        if earlier:
            if not stands(matched, kind.value):
                matched = _told_again(matched, kind.value)
                changes.append(_match(household, case, matched, kind, earlier, own))
        elif matched and stands(matched, kind.value) and not _forgotten(household, case, kind):
            matched = _told_again(matched, kind.value)
            changes.append(_change(household, case, matched, kind, kind.value, TAKEN_BACK))
    if household.registrations or household.known or matched:
        matched = _settle_known(household, case, matched, signals, changes)
    return _without_gone(household, case, matched, changes) if case.gone else matched


def _settle_known(
    household: Household, case: CaseFacts, matched: Matched, signals: Signals, changes: list[Change]
) -> Matched:
    """Tell which signals are of somebody in debt help: those whose status has somebody to call.

    That help ends takes nothing back; that the signal is corrected and is about somebody else does.
    """
    kind = MatchKind.KNOWN_IN_DEBT_HELP
    for before, signal in zip(case.signals, signals, strict=True):
        known, name = signal.told is not None and bool(signal.told.contacts), signal.signal_id
        corrected = before.told is not None and before.told.revision < signal.revision
        if known == stands(matched, name) or not (known or corrected):
            continue
        matched = _told_again(matched, name)
        found = _who(household, signal) if known else TAKEN_BACK
        changes.append(_change(household, case, matched, kind, name, found))
    return matched


def _who(household: Household, signal: SignalFact) -> Found:
    finding, _ = known_as(household, signal)
    by_bsn = any(is_of(known, signal) for known in household.known)
    why = f"same {'BSN' if by_bsn else 'person'} as a running registration"
    confidence, reasons = finding or Finding(Confidence.POSSIBLE, ())
    return confidence, (signal.signal_id,), (why, *(reason for reason in reasons if not by_bsn))


def _without_gone(household: Household, case: CaseFacts, matched: Matched, changes: list[Change]) -> Matched:
    """Take back that somebody is in debt help whose signal is gone."""
    for gone in case.gone:
        if stands(matched, gone.signal_id):
            matched = _told_again(matched, gone.signal_id)
            kind = MatchKind.KNOWN_IN_DEBT_HELP
            changes.append(_change(household, case, matched, kind, gone.signal_id, TAKEN_BACK))
    return matched


def stands(matched: Matched, name: str) -> bool:
    """Tell whether a match was told and not taken back."""
    return bool(matched) and _tellings(matched, name) % 2 == 1


def _tellings(matched: Matched, name: str) -> int:
    if name in matched:
        return 1
    counted = (each.removeprefix(f"{name}/") for each in matched if each.startswith(f"{name}/"))
    return int(next(counted, 0))


def _told_again(matched: Matched, name: str) -> Matched:
    count = _tellings(matched, name)
    others = tuple([each for each in matched if each.partition("/")[0] != name]) if count else matched
    return (*others, f"{name}/{count + 1}" if count else name)


def _forgotten(household: Household, case: CaseFacts, kind: MatchKind) -> bool:
    """What a match rests on may be kept no longer; that takes nothing back."""
    woken = household.woken
    return woken is not None and expires_at(case.month - _LOOKS_BACK[kind]) <= woken


def swap_moment(case: CaseFacts, place: dict[int, CaseFacts]) -> datetime | None:
    """Return when a month's swap is decided: at its close, or when a late signal makes both months have one.

    None when nothing known so far would make it a swap. Signals after that moment do not count, so that the
    decision is the same whatever order the inputs came in.
    """
    before = place.get(case.month - 1)
    if before is None or not case.signals:
        return None
    firsts = (min(signal.at for signal in each.signals) for each in (before, case))
    moment = max(closes_at(case.month), *firsts)
    creditors, now = _creditors(_until(before.signals, moment)), _creditors(_until(case.signals, moment))
    return moment if creditors - now and now - creditors else None


def _multiple(case: CaseFacts) -> Signals:
    return case.signals if len(case.signals) > 1 and len(_creditors(case.signals)) > 1 else ()


def _consecutive(case: CaseFacts, place: dict[int, CaseFacts]) -> Signals:
    """Return the signals of the six months before when a creditor of theirs is not that of this month."""
    if len(place) == 1 or not case.signals:
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


def _match(
    household: Household, case: CaseFacts, matched: Matched, kind: MatchKind, earlier: Signals, own: Signals
) -> Change:
    """`own`: the signals of the case that count; of a multiple they are `earlier` too."""
    signals = own if kind is MatchKind.MULTIPLE else (*earlier, *own)
    why = (
        f"{_count(own)} in {month_text(case.month)} at one address",
        *((f"{_count(earlier)} in the months before",) if kind is not MatchKind.MULTIPLE else ()),
    )
    ids = tuple(signal.signal_id for signal in signals)
    confidence, reasons = person_of(earlier, own)
    return _change(household, case, matched, kind, kind.value, (confidence, ids, (*why, *reasons)))


def _change(
    household: Household,
    case: CaseFacts,
    matched: Matched,
    kind: MatchKind,
    name: str,
    found: Found,
) -> Change:
    """`name`: that of the match in `matched`, which has this telling already."""
    confidence, signal_ids, evidence = found
    signal = (name,) if kind is MatchKind.KNOWN_IN_DEBT_HELP else ()
    match_id, count = derived_id("match", kind.value, case.case_id, *signal), _tellings(matched, name)
    event = Match(
        match_id=match_id,
        household=household.household,
        municipality=case.municipality,
        case_id=case.case_id,
        kind=kind,
        confidence=confidence,
        signal_ids=signal_ids,
        evidence=evidence,
        withdrawn=count % 2 == 0,
    )
    what = kind.value.lower().replace("_", "-")
    if count == 1:
        return Change(event, what, match_id)
    return Change(event, what, derived_id("match-change", match_id, str(count)))
