"""What is answered to who asks whether a person is in debt help (domain.md 5.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.common.events import Contact
from services.matcher.domain.months import AMSTERDAM
from services.matcher.domain.statuses import in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Whom to call, and the day of the data that say so."""

    contact: Contact
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that is heard: whether there is help, whom to call, as of which day, until when it holds."""

    helpers: tuple[Helper, ...]
    data_date: date
    valid_until: datetime

    @property
    def known(self) -> bool:
        """Whether the person is in debt help."""
        return bool(self.helpers)

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Whom to call, sorted, each once."""
        return tuple(each.contact for each in self.helpers)


def answer(running: Iterable[Helper], now: datetime, holds: timedelta) -> Answer:
    """Return the answer about a person who has these helpers; it is as old as the oldest of their data."""
    helpers = _each_once(running)
    today = now.astimezone(AMSTERDAM).date()
    return Answer(
        helpers=helpers,
        data_date=min((each.as_of for each in helpers), default=today),
        valid_until=now + holds,
    )


def _each_once(helpers: Iterable[Helper]) -> tuple[Helper, ...]:
    """Two registrations may name one contact: the newest data are what says so."""
    newest: dict[Contact, Helper] = {}
    for each in helpers:
        before = newest.get(each.contact)
        if before is None or before.as_of < each.as_of:
            newest[each.contact] = each
    return tuple(newest[contact] for contact in in_order(newest))
