"""The moments of the demo: February and March 2026, with the summer time that starts on 29 March."""

from datetime import datetime
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of 2026 on a Dutch clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM)


FIRST_HELP = at(2, 2, 9)
FIRST_CHECKS = at(2, 3, 10)
FEBRUARY_EARLY = at(2, 10, 9)
FEBRUARY_CALLS = at(2, 12, 10)
SECOND_HELP = at(2, 13, 10)
FEBRUARY_RESULTS = at(2, 16, 14)
FEBRUARY_25TH = at(2, 25, 6)
FEBRUARY_VISITS = at(2, 26, 10)
FEBRUARY_LAST = at(2, 27, 15)
FEBRUARY_CLOSE = at(3, 1, 0, 5)
HELP_ENDS = at(3, 3, 9)
MARCH_EARLY = at(3, 10, 10)
MARCH_CALLS = at(3, 12, 10)
MARCH_SECOND_THOUGHTS = at(3, 13, 14)
PAUSES_END = (at(3, 16, 15), at(3, 18, 15), at(3, 27, 16), at(3, 29, 17))
"""A little after the pauses of February run out: 28 days in Den Haag, 30 in Amsterdam."""
MARCH_25TH = at(3, 25, 7)
"""Both of March come an hour later than those of February, 28 days before: what comes at the very moment at
which a pause of 28 days runs out prolongs it or comes after it, as the one or the other is handled first."""
MARCH_VISITS = at(3, 26, 10)
MARCH_LAST = at(3, 27, 14)
CORRECTIONS = at(3, 30, 11)
MARCH_CLOSE = at(4, 1, 0, 5)
EPILOGUE = at(4, 2, 10)
