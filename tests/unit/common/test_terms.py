"""How long what the hub holds of a person can be read: domain.md 1.10."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Case, CaseResult, CaseStatus
from services.common.terms import Terms, began_before, case_ends, end_of
from tests.flow.examples import example

TERMS = Terms(signal=6, picked_up=12, case=18, registration=60, debt_report=6)
OPENED = example("cases/opened", Case)
MARCH, MAY = datetime(2026, 3, 25, 10, tzinfo=UTC), datetime(2026, 5, 2, 8, tzinfo=UTC)
moments = st.datetimes(datetime(2021, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
months = st.integers(1, 60)


@pytest.mark.parametrize(
    ("began", "length", "end"),
    [
        ("2026-03-25T10:00:00Z", 6, "2026-09-30T22:00:00Z"),
        ("2026-03-31T21:59:59Z", 6, "2026-09-30T22:00:00Z"),
        ("2026-03-31T22:00:00Z", 6, "2026-10-31T23:00:00Z"),
        ("2026-12-01T00:00:00Z", 12, "2027-12-31T23:00:00Z"),
    ],
    ids=["whole months after its month", "last second in Amsterdam", "April there, March in UTC", "December"],
)
def test_a_term_ends_with_the_month_in_the_netherlands(began: str, length: int, end: str) -> None:
    assert end_of(datetime.fromisoformat(began), length) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("picked_up_at", "closed_at", "end"),
    [
        (None, None, None),
        (None, MAY, None),
        (MARCH, None, end_of(MARCH, 12)),
        (MARCH, MAY, end_of(MAY, 18)),
    ],
    ids=["nobody did anything", "closed without having been picked up", "picked up", "closed"],
)
def test_a_case_is_kept_by_its_life(
    picked_up_at: datetime | None, closed_at: datetime | None, end: datetime | None
) -> None:
    result, status = (CaseResult.NEVER_REACHED, CaseStatus.CLOSED) if closed_at else (None, OPENED.status)
    case = replace(OPENED, picked_up_at=picked_up_at, closed_at=closed_at, result=result, status=status)
    assert case_ends(case, TERMS) == end


@given(moments, moments, months)
def test_what_began_before_has_ended_and_nothing_else(began: datetime, now: datetime, length: int) -> None:
    assert (end_of(began, length) <= now) == (began < began_before(now, length))


@given(moments, months)
def test_a_term_is_never_shorter_than_its_months(began: datetime, length: int) -> None:
    assert timedelta(days=28 * length) < end_of(began, length) - began < timedelta(days=31 * (length + 1) + 1)


@given(moments, moments, months)
def test_what_began_later_does_not_end_earlier(one: datetime, other: datetime, length: int) -> None:
    assert (one <= other) <= (end_of(one, length) <= end_of(other, length))
