"""What a bailiff hears of a person, and whom to tell when help starts later (domain.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.common.events import BailiffMatch, Check, Contact
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change
from services.matcher.domain.months import AMSTERDAM
from services.matcher.domain.statuses import in_order

VALID_FOR = timedelta(days=28)
"""How long an answer may be relied on: that of the attachment register (DBR; domain.md 5.4) is 28 days."""

UNDER_WAY = timedelta(days=28)
"""How long a registration may still come that was recorded while an answer held: it passes another processor
first, which may be behind, or it was put aside and is replayed (dead-letter topics keep 28 days)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that a bailiff hears: whether there is help, whom to call, as of which day, until when it holds."""

    known: bool
    contacts: tuple[Contact, ...]
    data_date: date
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A check that was answered with "not known"; help that was recorded until `valid_until` is told."""

    check_id: str
    asker: str
    dossier: str
    valid_until: datetime
    told: bool = False

    @property
    def kept_until(self) -> datetime:
        """When nothing that was recorded in time can come any more."""
        return self.valid_until + UNDER_WAY


def answer(running: Iterable[Contact], now: datetime) -> Answer:
    """Return the answer about a person whose running registrations have these contacts."""
    contacts = in_order(running)
    return Answer(
        known=bool(contacts),
        contacts=contacts,
        data_date=now.astimezone(AMSTERDAM).date(),
        valid_until=now + VALID_FOR,
    )


def watch_of(check: Check) -> Watch:
    """Return what is to be remembered of a check."""
    return Watch(
        check_id=check.check_id, asker=check.asker, dossier=check.dossier, valid_until=check.valid_until
    )


def help_started(person: str, watch: Watch, contacts: tuple[Contact, ...]) -> Change:
    """Return what its asker is told, once per check."""
    match_id = derived_id("bailiff-match", watch.check_id)
    event = BailiffMatch(
        match_id=match_id,
        person=person,
        asker=watch.asker,
        check_id=watch.check_id,
        dossier=watch.dossier,
        contacts=contacts,
    )
    return Change(event, "found", match_id)
