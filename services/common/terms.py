"""How long the hub can read what it holds of a person. Pure rules; the lengths are settings.

No law names a period for signals (domain.md 1.10). What a municipality published for its own systems: a
signal 6 months, one that is picked up 12 months, a case 18 months after it was completed. Months are whole
calendar months in the Netherlands after the one in which a term begins, as everywhere in the hub: all signals
of a case go at one moment, and not while they can make a later case consecutive (six months, domain.md 3.1).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.common.clock import AMSTERDAM
from services.common.events import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Lengths in whole months, by class."""

    signal: int
    """A signal that nobody picked up, from the moment it was taken in."""
    picked_up: int
    """The signals of a case, from the moment it was picked up, as long as it is not closed."""
    case: int
    """The signals of a case that was picked up, from the moment it was closed."""
    registration: int
    """Debt help that its registrar never ended, from the moment it was registered."""
    debt_report: int
    """What a bailiff told a helper, from then on; it goes earlier with the registration that it went to."""


def end_of(began: datetime, months: int) -> datetime:
    """Return the end of a term: the first instant in Amsterdam after so many whole months, in UTC."""
    return _first_instant(_month(began) + months + 1)


def began_before(now: datetime, months: int) -> datetime:
    """Return the moment before which every term began that is over: `end_of` in reverse."""
    return _first_instant(_month(now) - months)


def case_ends(case: Case, terms: Terms) -> datetime | None:
    """Return until when the signals of a case are kept; None as long as nobody picked it up.

    Closed without having been picked up (a repeated or unjustified signal), it stays a signal.
    """
    if case.picked_up_at is None:
        return None
    if case.closed_at is None:
        return end_of(case.picked_up_at, terms.picked_up)
    return end_of(case.closed_at, terms.case)


def _month(moment: datetime) -> int:
    day = moment.astimezone(AMSTERDAM)
    return day.year * 12 + day.month - 1


def _first_instant(month: int) -> datetime:
    year, number = divmod(month, 12)
    return datetime(year, number + 1, 1, tzinfo=AMSTERDAM).astimezone(UTC)
