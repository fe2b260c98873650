"""Which case goes first, and by when: 3 working days in a crisis, before the supply ends, youth at once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.common.events import CasePriority, CaseResult, SignalKind
from tests.unit.matcher.household import AT, Hub, days, kinds, make

CASE = make.case_id()
CRISIS = {"kind": SignalKind.CRISIS, "crisis": True}
ENDING = {"kind": SignalKind.END_OF_SUPPLY, "crisis": True, "supply_ends_on": date(2026, 2, 27)}
SUNDAY = datetime(2026, 1, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("signal", "priority", "deadline"),
    [
        ({}, CasePriority.NORMAL, None),
        ({"young": True}, CasePriority.RAISED, None),
        ({"warm_transfer": True}, CasePriority.RAISED, None),
        (ENDING, CasePriority.RAISED, date(2026, 2, 27)),
        (ENDING | {"supply_ends_on": None}, CasePriority.RAISED, date(2026, 2, 17)),
        (CRISIS, CasePriority.URGENT, date(2026, 1, 28)),
        ({"crisis": True}, CasePriority.URGENT, date(2026, 1, 28)),
    ],
)
def test_a_kind_of_signal_has_its_priority_and_deadline(
    signal: dict[str, object], priority: CasePriority, deadline: date | None
) -> None:
    hub = Hub()
    hub.take(make.signal("s1", **signal), SUNDAY)  # type: ignore[arg-type]
    assert (hub.cases()[CASE].priority, hub.cases()[CASE].deadline) == (priority, deadline)


@pytest.mark.parametrize(
    ("came", "deadline"),
    [
        (datetime(2026, 4, 2, 10, tzinfo=UTC), date(2026, 4, 9)),  # Good Friday and Easter Monday between
        (datetime(2026, 4, 1, 22, 30, tzinfo=UTC), date(2026, 4, 9)),  # Thursday already in Amsterdam
        (datetime(2026, 12, 23, 10, tzinfo=UTC), date(2026, 12, 29)),
    ],
)
def test_the_three_days_of_a_crisis_are_dutch_working_days(came: datetime, deadline: date) -> None:
    hub, day = Hub(), came.date().isoformat()
    hub.take(make.signal("s1", day, **CRISIS), came)  # type: ignore[arg-type]
    (case,) = hub.cases().values()
    assert case.deadline == deadline


def test_of_several_signals_the_first_deadline_and_the_highest_priority_count() -> None:
    hub = Hub()
    hub.take(make.signal("s1", **ENDING))  # type: ignore[arg-type]
    hub.take(make.signal("s2", creditor="c2", **CRISIS))  # type: ignore[arg-type]
    case = hub.cases()[CASE]
    assert (case.priority, case.deadline) == (CasePriority.URGENT, date(2026, 1, 28))


def test_a_deadline_that_passes_is_told_once_at_the_end_of_its_day() -> None:
    hub = Hub()
    hub.take(make.signal("s1", **CRISIS))  # type: ignore[arg-type]
    end = datetime(2026, 1, 28, 23, tzinfo=UTC)
    assert hub.wake_at == end
    assert kinds(hub.until(end - timedelta(seconds=1))) == []
    assert kinds(hub.until(end)) == ["Case.deadline-passed"]
    assert hub.cases()[CASE].overdue
    assert [each for each in kinds(hub.until(end + days(200))) if each == "Case.deadline-passed"] == []


@pytest.mark.parametrize("outcome", [make.attempt(), make.result(CaseResult.NOT_RESIDENT)])
def test_a_case_that_was_picked_up_in_time_passes_no_deadline_however_late_that_is_heard(
    outcome: object,
) -> None:
    live, behind = Hub(), Hub()
    for hub in (live, behind):
        hub.take(make.signal("s1", **CRISIS))  # type: ignore[arg-type]
    live.take(outcome, AT + days(1))  # type: ignore[arg-type]
    live.until(AT + days(10))
    behind.until(AT + days(10))
    behind.take(outcome, AT + days(1))  # type: ignore[arg-type]
    assert not live.cases()[CASE].overdue
    assert live.cases() == behind.cases()


def test_a_case_that_is_picked_up_too_late_stays_overdue() -> None:
    hub = Hub()
    hub.take(make.signal("s1", **CRISIS))  # type: ignore[arg-type]
    hub.until(AT + days(10))
    hub.take(make.attempt(), AT + days(10))
    assert hub.cases()[CASE].overdue


def test_a_withdrawn_crisis_takes_its_deadline_along() -> None:
    hub, crisis = Hub(), make.signal("s1", **CRISIS)  # type: ignore[arg-type]
    hub.take(crisis)
    hub.take(make.signal("s2", creditor="c2"))
    hub.take(make.withdrawal(crisis), AT + days(1))
    case = hub.cases()[CASE]
    assert (case.priority, case.deadline) == (CasePriority.NORMAL, None)
    assert "Case.deadline-passed" not in kinds(hub.until(AT + days(10)))


def test_a_doubt_about_the_address_shows_until_its_signal_is_gone() -> None:
    hub, doubted = Hub(), make.signal("s1", address_doubt=True)
    hub.take(doubted)
    hub.take(make.signal("s2", creditor="c2"))
    assert hub.cases()[CASE].address_doubt
    hub.take(make.withdrawal(doubted), AT + days(1))
    assert not hub.cases()[CASE].address_doubt
    hub.take(make.result(CaseResult.NOT_RESIDENT), AT + days(2))
    assert hub.cases()[CASE].address_doubt
