"""By when a case must be picked up, and before which others (domain.md 1.3, 1.8, 2.6, 9.11)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from services.common.events import CasePriority, Signal, SignalKind
from services.common.workdays import add_workdays
from services.matcher.domain.facts import CaseFacts, SignalFact
from services.matcher.domain.months import AMSTERDAM

_SINCE = date(2012, 7, 1)
CRISIS_WORKDAYS = ((_SINCE, 3),)
"""By the date from which they hold. Wgs art. 4(2) (L20): in a threatening situation (eviction, shut-off, end
of health insurance) the first conversation is within three working days."""
SUPPLY_WORKDAYS = ((date(2023, 4, 1), 20),)
"""Regeling of 1-4-2023 (L10, D3): a municipality has an end-of-supply signal 20 working days ahead; for a
record that does not say when the supply ends."""
_ORDER = (CasePriority.NORMAL, CasePriority.RAISED, CasePriority.URGENT)


def is_crisis(signal: Signal) -> bool:
    """Tell whether it is the threatening situation of the Wgs; a record of v1 says so by `crisis` alone."""
    return signal.kind is SignalKind.CRISIS or (signal.crisis and signal.kind is SignalKind.EARLY)


def due_of(signal: Signal, at: datetime) -> date | None:
    """Return the day by which a signal must be picked up; no source sets one for an early signal."""
    if not signal.crisis:
        return None
    if is_crisis(signal):
        return _crisis_due(at)
    on = signal.signal_date
    return signal.supply_ends_on or add_workdays(on, _on(SUPPLY_WORKDAYS, on))


def since(signal: SignalFact, at: datetime) -> SignalFact:
    """Return a signal that turns out to be here since an earlier moment: a crisis's term runs from then."""
    due = _crisis_due(at) if signal.priority is CasePriority.URGENT else signal.due
    return signal._replace(at=at, due=due)


def _crisis_due(at: datetime) -> date:
    came = at.astimezone(AMSTERDAM).date()
    return add_workdays(came, _on(CRISIS_WORKDAYS, came))


def priority_of(signal: Signal) -> CasePriority:
    """Return what goes first: a crisis, then what threatens later, was handed over warmly, or is about youth.

    Of somebody young one signal is enough (N11, domain.md 2.6): there may be no second one.
    """
    if is_crisis(signal):
        return CasePriority.URGENT
    if signal.crisis or signal.warm_transfer or signal.young:
        return CasePriority.RAISED
    return CasePriority.NORMAL


def highest(found: Iterable[CasePriority]) -> CasePriority:
    return max(found, key=_ORDER.index, default=CasePriority.NORMAL)


def deadline_of(signals: Iterable[SignalFact]) -> date | None:
    """Return the first day by which one of these signals must be picked up."""
    first: date | None = None
    for signal in signals:  # spelt out: every signal comes here three times
        if signal.due is not None and (first is None or signal.due < first):
            first = signal.due
    return first


def overdue_at(case: CaseFacts) -> datetime | None:
    """Return when the deadline of a case is passed, None when it has none or was picked up in time."""
    due = deadline_of(case.signals)
    if due is None:
        return None
    moment = ends_at(due)
    handled = [result.at for result in case.results]
    if case.attempted_at:
        handled.append(case.attempted_at)
    return None if handled and min(handled) <= moment else moment


@lru_cache(maxsize=1024)
def ends_at(day: date) -> datetime:
    """Return the first instant after a day in Amsterdam, in UTC."""
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=AMSTERDAM).astimezone(UTC)


def _on(rows: Iterable[tuple[date, int]], day: date) -> int:
    found = [days for since, days in rows if since <= day]
    return found[-1] if found else next(days for _, days in rows)
