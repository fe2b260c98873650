"""Cases: the dossier of a municipality, address and month (domain.md 3.1, 4.1)."""

from dataclasses import replace
from datetime import datetime

from services.common.events import Area, Case, CaseKind, CaseSignal, CaseStatus, SignalState, SignalStatus
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, CaseTold, Change, Household, SignalFact, SignalTold
from services.matcher.domain.matches import known_match
from services.matcher.domain.months import WINDOW, month_text
from services.matcher.domain.statuses import NOT_PICKED_UP, known_as, result_of, status_of

Place = dict[int, CaseFacts]
"""The cases with signals of one municipality and unit, by month."""


def settle_signals(household: Household, case: CaseFacts, changes: list[Change]) -> CaseFacts:
    """Tell what is new about each signal of a case: its status, and whether its person is known."""
    signals, matched = [], case.matched
    for signal in case.signals:
        confidence, contacts = known_as(household, signal)
        result = result_of(case, signal)
        status = status_of(case, result, confidence)
        told = signal.told
        if told is None or (told.status, told.result, told.contacts) != (status, result, contacts):
            version = told.version + 1 if told else 1
            told = SignalTold(status=status, result=result, contacts=contacts, version=version)
            signal = replace(signal, told=told)  # noqa: PLW2901 - the same signal, told
            changes.append(_signal_change(household, case, signal, told))
        if confidence is not None and signal.signal_id not in matched:
            matched = (*matched, signal.signal_id)
            changes.append(known_match(household, case, signal, confidence))
        signals.append(signal)
    return replace(case, signals=tuple(signals), matched=matched)


def settle_case(household: Household, case: CaseFacts, place: Place, changes: list[Change]) -> CaseFacts:
    """Tell the case, whole, when anything in it changed."""
    before = case.told
    told = _told(case, place)
    if told == before:
        return case
    told = replace(told, version=told.version + 1)
    event = _event(household, case, told)
    change_id = derived_id("case-change", case.case_id, str(told.version))
    changes.append(Change(event, _what(before, told), change_id))
    return replace(case, told=told)


def best_area(one: Area | None, other: Area) -> Area:
    """Return the area that says most: the area table may have been loaded between two signals."""
    return other if one is None else min(one, other, key=_vagueness)


def _told(case: CaseFacts, place: Place) -> CaseTold:
    """Return what is to be told; once consecutive stays so, also when the months before are forgotten."""
    return CaseTold(
        consecutive=(case.told is not None and case.told.consecutive)
        or any(month in place for month in range(case.month - WINDOW, case.month)),
        result=case.results[-1].result if case.results else None,
        picked_up_at=_picked_up_at(case),
        closed_at=case.results[0].at if case.results else None,
        statuses=tuple(signal.told.status if signal.told else _START for signal in case.signals),
        version=case.told.version if case.told else 0,
    )


def _picked_up_at(case: CaseFacts) -> datetime | None:
    """Return the first contact attempt, or result of a case that was picked up without one."""
    moments = [result.at for result in case.results if result.result not in NOT_PICKED_UP]
    if case.attempted_at:
        moments.append(case.attempted_at)
    return min(moments, default=None)


def _event(household: Household, case: CaseFacts, told: CaseTold) -> Case:
    area = case.area
    if area is None:
        raise ValueError("a case with signals has an area")
    return Case(
        case_id=case.case_id,
        household=household.household,
        municipality=case.municipality,
        unit=case.unit,
        month=month_text(case.month),
        kind=CaseKind.MULTIPLE if len(case.signals) > 1 else CaseKind.SINGLE,
        consecutive=told.consecutive,
        status=_status(told),
        result=told.result,
        crisis=any(signal.crisis for signal in case.signals),
        young=any(signal.young for signal in case.signals),
        area=area,
        opened_at=min(signal.at for signal in case.signals),
        picked_up_at=told.picked_up_at,
        closed_at=told.closed_at,
        signals=tuple(map(_shown, case.signals)),
    )


def _shown(signal: SignalFact) -> CaseSignal:
    return CaseSignal(
        signal_id=signal.signal_id,
        creditor=signal.creditor,
        partner_type=signal.partner_type,
        amount_cents=signal.amount_cents,
        signal_date=signal.signal_date,
        status=signal.told.status if signal.told else _START,
    )


def _signal_change(household: Household, case: CaseFacts, signal: SignalFact, told: SignalTold) -> Change:
    event = SignalState(
        signal_id=signal.signal_id,
        household=household.household,
        municipality=case.municipality,
        creditor=signal.creditor,
        case_id=case.case_id,
        status=told.status,
        result=told.result,
        contacts=told.contacts,
    )
    return Change(event, "changed", derived_id("status-change", signal.signal_id, str(told.version)))


def _status(told: CaseTold) -> CaseStatus:
    if told.closed_at:
        return CaseStatus.CLOSED
    return CaseStatus.PICKED_UP if told.picked_up_at else CaseStatus.NOT_YET_PICKED_UP


def _what(before: CaseTold | None, told: CaseTold) -> str:
    if before is None:
        return "opened"
    return "closed" if told.closed_at and not before.closed_at else "changed"


def _vagueness(area: Area) -> tuple[bool, bool, str, str, str]:
    district, neighbourhood = area.district, area.neighbourhood
    return neighbourhood is None, district is None, area.pc4, district or "", neighbourhood or ""


_START = SignalStatus.NOT_YET_PICKED_UP
