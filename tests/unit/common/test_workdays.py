"""Terms in Dutch working days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.workdays import add_workdays, is_workday

HOLIDAYS_OF_2026 = {
    "New Year's Day": date(2026, 1, 1),
    "Good Friday": date(2026, 4, 3),
    "Easter Monday": date(2026, 4, 6),
    "King's Day": date(2026, 4, 27),
    "Liberation Day, also outside a lustrum": date(2026, 5, 5),
    "Ascension Day": date(2026, 5, 14),
    "Whit Monday": date(2026, 5, 25),
    "Christmas Day": date(2026, 12, 25),
    "a King's Day that moves to Saturday before Sunday": date(2025, 4, 26),
}
DAYS = st.dates(date(2021, 1, 1), date(2040, 12, 31))
COUNTS = st.integers(1, 60)


def workdays_between(start: date, end: date) -> int:
    """Count the working days after `start` until and including `end`."""
    days = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))
    return sum(map(is_workday, days))


@pytest.mark.parametrize("day", HOLIDAYS_OF_2026.values(), ids=HOLIDAYS_OF_2026.keys())
def test_an_official_holiday_is_no_working_day(day: date) -> None:
    assert not is_workday(day)


@pytest.mark.parametrize("day", [date(2026, 4, 4), date(2026, 4, 5)], ids=["Saturday", "Sunday"])
def test_a_day_of_the_weekend_is_no_working_day(day: date) -> None:
    assert not is_workday(day)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        pytest.param(date(2026, 3, 2), 3, date(2026, 3, 5), id="three days within a week"),
        pytest.param(date(2026, 3, 5), 3, date(2026, 3, 10), id="over a weekend"),
        pytest.param(date(2026, 3, 7), 1, date(2026, 3, 9), id="from a Saturday"),
        pytest.param(date(2026, 4, 2), 1, date(2026, 4, 7), id="over Easter"),
        pytest.param(
            date(2026, 4, 1), 20, date(2026, 5, 4), id="twenty days with Easter and King's Day in them"
        ),
        pytest.param(date(2026, 5, 4), -20, date(2026, 4, 1), id="and back again"),
        pytest.param(date(2026, 3, 2), 0, date(2026, 3, 2), id="none, on a working day"),
        pytest.param(date(2026, 3, 7), 0, date(2026, 3, 9), id="none, on a Saturday: the first that follows"),
        pytest.param(date(2026, 12, 24), 3, date(2026, 12, 30), id="over Christmas"),
        pytest.param(date(2026, 12, 31), 1, date(2027, 1, 4), id="over the turn of the year"),
    ],
)
def test_a_term_counts_working_days_only(start: date, count: int, end: date) -> None:
    assert add_workdays(start, count) == end


@given(day=DAYS, count=COUNTS)
def test_a_term_ends_on_a_working_day_with_that_many_working_days_in_it(day: date, count: int) -> None:
    end = add_workdays(day, count)
    assert is_workday(end)
    assert workdays_between(day, end) == count


@given(day=DAYS, count=COUNTS)
def test_a_term_back_from_its_end_is_the_working_day_it_began_on_or_the_last_before_it(
    day: date, count: int
) -> None:
    start = add_workdays(add_workdays(day, count), -count)
    assert is_workday(start)
    assert start <= day
    assert workdays_between(start, day) == 0
