"""What a creditor says again is a repeat, unless it is more, a crisis, long ago or about somebody else."""

from datetime import UTC, datetime

import pytest

from services.common.events import CaseResult, CaseStatus, Evidence, SignalStatus
from tests.unit.matcher.household import AT, JAN, KEES, Hub, days, evidence, make

FEBRUARY = make.case_id("2026-02")


def status_of_the_second(repeat_days: int = 183, **second: object) -> SignalStatus:
    hub = Hub(repeat_days=repeat_days)
    hub.take(make.signal("s1", evidence=second.pop("before", JAN)))
    day, creditor = str(second.pop("day", "2026-02-20")), str(second.pop("creditor", "c1"))
    hub.take(make.signal("s2", day, creditor, **second), AT + days(30))
    return hub.statuses()["s2"].status


@pytest.mark.parametrize(
    ("second", "status"),
    [
        ({}, SignalStatus.REPEATED),
        ({"amount_cents": 9_999}, SignalStatus.REPEATED),
        ({"amount_cents": 10_001}, SignalStatus.NOT_YET_PICKED_UP),
        ({"crisis": True}, SignalStatus.NOT_YET_PICKED_UP),
        ({"creditor": "c2"}, SignalStatus.NOT_YET_PICKED_UP),
        ({"unit": "u1"}, SignalStatus.NOT_YET_PICKED_UP),
        ({"repeat_days": 0}, SignalStatus.NOT_YET_PICKED_UP),
        ({"repeat_days": 31}, SignalStatus.REPEATED),
        ({"repeat_days": 30}, SignalStatus.NOT_YET_PICKED_UP),
    ],
)
def test_a_repeat_is_the_same_creditor_and_dwelling_recently_and_not_higher(
    second: dict[str, object], status: SignalStatus
) -> None:
    assert status_of_the_second(**second) is status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (JAN, KEES, SignalStatus.NOT_YET_PICKED_UP),
        (JAN, (), SignalStatus.REPEATED),
        ((), (), SignalStatus.REPEATED),
        (JAN, evidence(surname="jansen"), SignalStatus.REPEATED),
        (JAN, evidence(surname="pietersen"), SignalStatus.NOT_YET_PICKED_UP),
    ],
)
def test_a_repeat_is_about_the_same_person_or_about_nobody_in_particular(
    before: tuple[Evidence, ...], after: tuple[Evidence, ...], status: SignalStatus
) -> None:
    assert status_of_the_second(before=before, evidence=after) is status


def test_a_case_with_nothing_but_repeats_needs_nobody_and_one_that_passes_opens_it() -> None:
    hub = Hub(repeat_days=183)
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", "2026-02-20"), AT + days(30))
    case = hub.cases()[FEBRUARY]
    assert (case.status, case.result) == (CaseStatus.CLOSED, CaseResult.REPEATED)
    hub.take(make.signal("s3", "2026-02-21", "c2"), AT + days(31))
    case = hub.cases()[FEBRUARY]
    assert (case.status, case.result, case.closed_at) == (CaseStatus.NOT_YET_PICKED_UP, None, None)


def test_a_debt_that_is_reported_every_month_comes_by_again() -> None:
    """A repeat is held against what passed, not against other repeats."""
    hub = Hub(repeat_days=60)
    for month in range(1, 6):
        hub.take(make.signal(f"s{month}", f"2026-0{month}-20"), AT + days(30 * month))
    assert [hub.statuses()[f"s{month}"].status is SignalStatus.REPEATED for month in range(1, 6)] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_a_repeat_passes_when_what_it_repeats_is_withdrawn() -> None:
    hub, first = Hub(repeat_days=183), make.signal("s1")
    hub.take(first)
    hub.take(make.signal("s2", "2026-02-20"), AT + days(30))
    hub.take(make.withdrawal(first), AT + days(31))
    assert hub.statuses()["s2"].status is SignalStatus.NOT_YET_PICKED_UP
    assert hub.cases()[FEBRUARY].status is CaseStatus.NOT_YET_PICKED_UP


def test_what_a_team_decided_counts_more() -> None:
    hub = Hub(repeat_days=183)
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", "2026-02-20"), AT + days(30))
    hub.take(make.result(CaseResult.FOLLOW_UP_HELP, month="2026-02"), AT + days(32))
    assert hub.statuses()["s2"].result is CaseResult.FOLLOW_UP_HELP


def test_a_repeat_stays_one_when_what_it_repeats_is_forgotten() -> None:
    hub, later = Hub(repeat_days=183), datetime(2027, 3, 3, tzinfo=UTC)
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", "2026-05-20"), AT + days(115))
    hub.until(later)
    hub.take(make.signal("s3", "2026-05-20", "c2"), later)
    assert hub.state is not None
    assert [case.month for case in hub.state.cases] == [2026 * 12 + 4]
    assert hub.statuses()["s2"].status is SignalStatus.REPEATED
    assert hub.cases()[make.case_id("2026-05")].signals[0].status is SignalStatus.REPEATED
