"""Calendar months in the Netherlands as numbers (year * 12 + month - 1), so that they can be counted with."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WINDOW = 6
"""Months before a month that make it consecutive: Divosa's definition since 2023 (domain.md 3.1)."""
KEPT = 12
"""Whole months that facts stay after the month of their signals: the 12 months of a picked-up signal, longest
of the periods published for signals (domain.md 1.10). The rules themselves need the window and a month."""


def month_of(day: date) -> int:
    """Return the month of a calendar date."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=1024)
def month_text(month: int) -> str:
    """Return a month as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@lru_cache(maxsize=1024)
def closes_at(month: int) -> datetime:
    """Return the first instant of the next month in Amsterdam, in UTC."""
    year, following = divmod(month + 1, 12)
    return datetime(year, following + 1, 1, tzinfo=AMSTERDAM).astimezone(UTC)


def expires_at(month: int) -> datetime:
    """Return when facts of a month are no longer kept."""
    return closes_at(month + KEPT)
