"""Dutch working days: what a term in the law or a covenant means by them.

Algemene termijnenwet art. 3: no Saturday, no Sunday, none of the generally recognised holidays (New Year's
Day, Easter Monday, King's Day, 5 May every year, Ascension Day, Whit Monday, both days of Christmas), and
Good Friday, which that law puts on a par with them. Pure: dates in, dates out.
"""

from datetime import date, timedelta
from functools import cache, lru_cache

from holidays import OPTIONAL, PUBLIC, country_holidays

_DAY = timedelta(days=1)
_SATURDAY = 5


def is_workday(day: date) -> bool:
    """Tell whether a day is a working day in the Netherlands."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


@lru_cache(maxsize=4096)  # the same few dates come in every batch
def add_workdays(day: date, count: int) -> date:
    """Return the working day that is `count` working days after a day, or before it when that is negative.

    The day itself does not count: three working days from a Monday end on Thursday. With 0 it is the day
    itself, or the first working day after it.
    """
    step = -_DAY if count < 0 else _DAY
    left = abs(count)
    if not left and not is_workday(day):
        left = 1
    while left:
        day += step
        left -= is_workday(day)
    return day


@cache
def _holidays(year: int) -> frozenset[date]:
    """The library calls Good Friday, and 5 May outside years of a lustrum, optional: days off by contract."""
    return frozenset(country_holidays("NL", years=year, categories=(PUBLIC, OPTIONAL)))
