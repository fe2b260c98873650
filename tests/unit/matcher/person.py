"""Short ways to say what happened to a made-up person, and to hear what the matcher tells about them."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.common.events import (
    BailiffMatch,
    Check,
    CheckPurpose,
    Contact,
    HelpChange,
    KnownPerson,
    Pause,
    PauseChange,
    Registration,
    SignalPerson,
)
from services.matcher.domain.facts import Change, CheckWithdrawn, RegistrationEnded, Woken
from services.matcher.domain.persons import Fact, Person, handle
from tests.unit.matcher.household import AT, GM, HOUSEHOLD, make

PERSON = "p" * 32
VALID_FOR = timedelta(days=28)


def signal(name: str = "s1", creditor: str = "", **more: Any) -> SignalPerson:
    signal = SignalPerson(
        person=PERSON, signal_id=name, household=HOUSEHOLD, municipality=GM, creditor=creditor
    )
    return replace(signal, **more)


def check(
    name: str = "k1", at: datetime = AT, *known: str, dossier: str = "", client: str | None = None
) -> Check:
    """Return a check that was answered with these organisations (none: not known), by default of its own
    dossier."""
    return Check(
        check_id=name,
        person=PERSON,
        asker="bailiff",
        purpose=CheckPurpose.SUMMONS,
        dossier=dossier or name,
        known=bool(known),
        contacts=tuple(Contact(organisation=each) for each in sorted(known)),
        data_date=date(2026, 1, 25),
        valid_until=at + VALID_FOR,
        on_behalf_of=client,
        client_is_partner=client is not None,
    )


def withdrawn(name: str = "k1") -> CheckWithdrawn:
    return CheckWithdrawn(check_id=name)


def helped(name: str = "reg1", organisation: str = "Wijkteam") -> Registration:
    return replace(make.registration(name, organisation=organisation), person=PERSON)


def ended(name: str = "reg1") -> RegistrationEnded:
    return RegistrationEnded(registration_id=name)


Telling = tuple[str, HelpChange, tuple[str, ...]]
"""Check, what happened, and whom to call."""


@dataclass
class Desk:
    """Plays facts of one person in the order given, and lets timers go off as the Processor does."""

    state: Person | None = None
    wake_at: datetime | None = None
    told: list[Change] = field(default_factory=list)

    def take(self, fact: Fact, at: datetime = AT) -> list[Change]:
        step = handle(self.state, PERSON, fact, at)
        self.state, self.wake_at = step.person, step.wake_at
        self.told.extend(step.changes)
        return list(step.changes)

    def until(self, moment: datetime) -> None:
        while self.wake_at is not None and self.wake_at <= moment:
            due = self.wake_at
            self.take(Woken(), due)
            assert self.wake_at is None or self.wake_at > due

    def known(self) -> dict[str, tuple[str, ...]]:
        """Return by signal the organisations that its household was told last."""
        events = (change.event for change in self.told)
        return {each.signal_id: _names(each.contacts) for each in events if isinstance(each, KnownPerson)}

    def matches(self) -> list[Telling]:
        """Return what was told of checks, in order."""
        events = (change.event for change in self.told)
        return [
            (each.check_id, each.change, _names(each.contacts))
            for each in events
            if isinstance(each, BailiffMatch)
        ]

    def pauses(self) -> list[tuple[str, str, PauseChange, datetime]]:
        """Return what clients were told, in order: client, dossier, what happened, when it ends."""
        events = (change.event for change in self.told)
        return [
            (each.creditor, each.dossier or "", each.change, each.ends_at)
            for each in events
            if isinstance(each, Pause)
        ]


def _names(contacts: tuple[Contact, ...]) -> tuple[str, ...]:
    return tuple(contact.organisation for contact in contacts)
