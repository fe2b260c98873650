"""Cases: the dossier of a municipality, address and month (domain.md 3.1, 4.1)."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from operator import or_
from typing import NamedTuple

from services.common.events import (
    Area,
    Case,
    CaseKind,
    CaseResult,
    CaseSignal,
    CaseStatus,
    Signal,
    SignalState,
    SignalStatus,
    Withdrawal,
)
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, CaseTold, Change, Household, SignalFact, SignalTold
from services.matcher.domain.matches import settle_matches
from services.matcher.domain.months import WINDOW, expires_at, month_of, month_text
from services.matcher.domain.repeats import repeats_of
from services.matcher.domain.statuses import (
    NOT_PICKED_UP,
    Decision,
    decisions_of,
    known_as,
    result_of,
    status_of,
)
from services.matcher.domain.terms import deadline_of, highest, overdue_at

Place = dict[int, CaseFacts]
"""The cases with signals of one municipality and unit, by month."""


class _Around(NamedTuple):
    """What the status of every signal of a case depends on."""

    household: Household
    case: CaseFacts
    decisions: list[Decision]
    repeats: AbstractSet[str]


def case_id_of(signal: Signal | Withdrawal) -> str:
    """Return the id of the case that a signal belongs to."""
    month = month_text(month_of(signal.signal_date))
    return derived_id("case", signal.municipality, signal.household, signal.unit, month)


def settle(household: Household, case: CaseFacts, place: Place, changes: list[Change]) -> CaseFacts:
    """Tell what is new about a case, its signals and its matches; the very same case when that is nothing."""
    before = len(changes)
    repeats = repeats_of(place) if len(place) > 1 or len(case.signals) > 1 else frozenset[str]()
    around = _Around(household, case, decisions_of(case), repeats)
    signals = tuple([_settle_signal(around, signal, changes) for signal in case.signals])
    told = _told(household, case, signals, place)
    heard = told != case.told and not _is_hidden(case, told)
    settled = CaseFacts(
        case_id=case.case_id,
        municipality=case.municipality,
        unit=case.unit,
        month=case.month,
        area=case.area,
        signals=signals,
        attempted_at=case.attempted_at,
        results=case.results,
        told=told,
        tellings=case.tellings + heard,
        matched=settle_matches(household, case, signals, place, changes),
        pauses=case.pauses,
        gone=case.gone,
        orders=case.orders,
    )
    if heard:
        change_id = derived_id("case-change", case.case_id, str(settled.tellings))
        what = _what(case, told) if signals else "withdrawn"
        changes.append(Change(_event(household, settled, told), what, change_id))
    return settled if len(changes) > before or told != case.told else case


def _is_hidden(case: CaseFacts, told: CaseTold) -> bool:
    """Tell whether nobody has heard of a case nor hears of it: help runs, or no signal is left."""
    return not case.tellings and (told.known or not case.signals)


def best_area(one: Area | None, other: Area) -> Area:
    """Return the area that says most: the area table may have been loaded between two signals."""
    return other if one is None else min(one, other, key=_vagueness)


def _settle_signal(around: _Around, signal: SignalFact, changes: list[Change]) -> SignalFact:
    household, case, decisions, repeats = around
    known, contacts = known_as(household, signal)
    result, before = result_of(decisions, signal), signal.told
    repeated = signal.signal_id in repeats or _stays_repeated(household, signal)
    status = status_of(case, result, known and known.confidence, repeated=repeated)
    told = SignalTold(status=status, result=result, contacts=contacts, revision=signal.revision)
    if before == told:
        return signal
    settled = _retold(signal, told)
    changes.append(_signal_change(household, case, settled, told))
    return settled


def _stays_repeated(household: Household, signal: SignalFact) -> bool:
    """What it repeats may be kept no longer; that makes nothing new of it."""
    if signal.told is None or not _is_repeat(signal.told):
        return False
    return is_forgotten(household, month_of(signal.signal_date - timedelta(days=signal.recent)))


def _is_repeat(told: SignalTold | None) -> bool:
    return told is not None and told.status is SignalStatus.REPEATED and told.result is None


def _retold(signal: SignalFact, told: SignalTold) -> SignalFact:
    """Spelt out: `replace` takes twice the time, and every signal comes here."""
    return SignalFact(
        signal_id=signal.signal_id,
        creditor=signal.creditor,
        partner_type=signal.partner_type,
        amount_cents=signal.amount_cents,
        signal_date=signal.signal_date,
        crisis=signal.crisis,
        young=signal.young,
        evidence=signal.evidence,
        at=signal.at,
        told=told,
        tellings=signal.tellings + 1,
        revision=signal.revision,
        recent=signal.recent,
        due=signal.due,
        priority=signal.priority,
        address_doubt=signal.address_doubt,
    )


def _told(household: Household, case: CaseFacts, signals: tuple[SignalFact, ...], place: Place) -> CaseTold:
    result, closed_at = _ended_by(case, signals)
    known = _is_known(household, case, signals)
    overdue = None if known else overdue_at(case)
    return CaseTold(
        consecutive=_is_consecutive(household, case, place),
        result=result,
        picked_up_at=_picked_up_at(case) if case.results else case.attempted_at,
        closed_at=closed_at,
        statuses=tuple([_status_of(signal) for signal in signals]),
        corrected=_corrected(case, signals),
        overdue=overdue is not None and household.woken is not None and household.woken >= overdue,
        known=known,
    )


def _ended_by(case: CaseFacts, signals: tuple[SignalFact, ...]) -> tuple[CaseResult | None, datetime | None]:
    """Return the result of a case and since when it is closed; one with nothing but repeats needs no team."""
    if case.results:
        return case.results[-1].result, min([result.at for result in case.results])
    if (
        case.attempted_at
        or not signals
        or not _is_repeat(signals[0].told)
        or not all(_is_repeat(signal.told) for signal in signals)
    ):
        return None, None
    return CaseResult.REPEATED, max([signal.at for signal in signals])


def _is_known(household: Household, case: CaseFacts, signals: tuple[SignalFact, ...]) -> bool:
    """Tell whether help runs for all that a team, which did nothing yet, would look at."""
    if not (household.registrations or household.known) or case.attempted_at or case.results:
        return False
    known = [_status_of(signal) is SignalStatus.KNOWN_IN_DEBT_HELP for signal in signals]
    return any(known) and all(map(or_, known, [_is_repeat(signal.told) for signal in signals]))


def _corrected(case: CaseFacts, signals: tuple[SignalFact, ...]) -> tuple[int, datetime, Area] | None:
    """Return what a correction changes about a case without changing the number or status of its signals."""
    if case.area is None or not (case.gone or any(signal.revision > 1 for signal in signals)):
        return None
    return sum(signal.revision for signal in signals), _opened_at(case), case.area


def _is_consecutive(household: Household, case: CaseFacts, place: Place) -> bool:
    """Once consecutive stays so when the months before are forgotten, not when they are withdrawn."""
    if len(place) > 1 and any(month in place for month in range(case.month - WINDOW, case.month)):
        return bool(case.signals)
    return case.told is not None and case.told.consecutive and is_forgotten(household, case.month - WINDOW)


def is_forgotten(household: Household, month: int) -> bool:
    """Tell whether facts of a month may have been here and are kept no longer."""
    return household.woken is not None and expires_at(month) <= household.woken


def _opened_at(case: CaseFacts) -> datetime:
    return min([each.at for each in case.signals or case.gone])


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
        opened_at=_opened_at(case),
        picked_up_at=told.picked_up_at,
        closed_at=told.closed_at,
        signals=tuple([_shown(signal) for signal in case.signals]),
        withdrawn=not case.signals,
        priority=highest([signal.priority for signal in case.signals]),
        deadline=None if told.known else deadline_of(case.signals),
        overdue=told.overdue,
        address_doubt=any(_is_doubted(signal) for signal in case.signals),
        known_in_debt_help=told.known,
    )


def _is_doubted(signal: SignalFact) -> bool:
    return signal.address_doubt or _status_of(signal) is SignalStatus.NOT_RESIDENT


def _shown(signal: SignalFact) -> CaseSignal:
    return CaseSignal(
        signal_id=signal.signal_id,
        creditor=signal.creditor,
        partner_type=signal.partner_type,
        amount_cents=signal.amount_cents,
        signal_date=signal.signal_date,
        status=_status_of(signal),
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
        revision=signal.revision,
    )
    revision = (
        (str(signal.revision),) if signal.revision > 1 else ()
    )  # it may have come from another household
    telling = derived_id("status-change", signal.signal_id, *revision, str(signal.tellings))
    return Change(event, "changed", telling)


def ended(withdrawal: Withdrawal) -> Change:
    """Return what is told of a signal that is over here; the status says no more than: not picked up."""
    event = SignalState(
        signal_id=withdrawal.signal_id,
        household=withdrawal.household,
        municipality=withdrawal.municipality,
        creditor=withdrawal.creditor,
        case_id=case_id_of(withdrawal),
        status=SignalStatus.OTHER_REASON,
        contacts=(),
        revision=withdrawal.revision,
        end=withdrawal.end,
    )
    place, revision = withdrawal.household, str(withdrawal.revision)
    return Change(event, "ended", derived_id("status-ended", withdrawal.signal_id, place, revision))


def _status(told: CaseTold) -> CaseStatus:
    if told.closed_at:
        return CaseStatus.CLOSED
    return CaseStatus.PICKED_UP if told.picked_up_at else CaseStatus.NOT_YET_PICKED_UP


def _what(case: CaseFacts, told: CaseTold) -> str:
    before = case.told
    if before is None or not case.tellings:
        return "opened"
    if told.known != before.known and not told.closed_at:
        return "known-in-debt-help" if told.known else "reopened"
    if told.overdue and not before.overdue:
        return "deadline-passed"
    return "closed" if told.closed_at and not before.closed_at else "changed"


def _vagueness(area: Area) -> tuple[bool, bool, str, str, str]:
    district, neighbourhood = area.district, area.neighbourhood
    return neighbourhood is None, district is None, area.pc4, district or "", neighbourhood or ""


def _status_of(signal: SignalFact) -> SignalStatus:
    return signal.told.status if signal.told else SignalStatus.NOT_YET_PICKED_UP
