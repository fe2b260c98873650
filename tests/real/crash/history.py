"""What was accepted, on plain names and addresses, for the model. Imports nothing of the product."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

Home = tuple[str, int]
"""Postcode and house number."""
Place = tuple[str, Home, str]
"""Municipality, home and unit."""
Key = tuple[Place, str]
"""Of a case: place and month."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When the hub took something in: between the first attempt and the answer."""

    early: datetime
    late: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """What a record says of a person."""

    surname: str
    initial: str
    born: str
    bsn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a creditor says of a customer; `on` is the date of the signal."""

    id: str
    creditor: str
    town: str
    home: Home
    unit: str
    on: str
    amount: int
    crisis: bool
    person: Person
    at: Moment

    @property
    def case(self) -> Key:
        """The case that it belongs to."""
        return (self.town, self.home, self.unit), self.on[:7]


@dataclass(slots=True)
class Sent:
    """An accepted signal: what it said at first and after each correction, and whether it was withdrawn."""

    versions: list[Signal]
    withdrawn: bool = False

    @property
    def now(self) -> Signal:
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Result:
    """A result of a case; `named` = the signals it is about, none = the first one's person."""

    case: Key
    code: str
    named: tuple[str, ...]
    at: Moment


@dataclass(frozen=True, slots=True)
class Order:
    """The pauses of a case are to run on until a moment, or end now (None)."""

    case: Key
    until: datetime | None
    at: Moment


@dataclass(slots=True)
class Help:
    """A registration: who, whom to call, every address it had (the last one counts), whether it ended."""

    person: Person
    contact: str
    homes: list[Home]
    at: Moment
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A bailiff's question, and whether its last answer was not known."""

    dossier: str
    bsn: str
    unknown: bool


@dataclass(slots=True)
class History:
    """All that was accepted, in the order in which each party sent it."""

    sent: dict[str, Sent] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    attempts: list[Key] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    help: dict[str, Help] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    of_bsn: dict[str, list[Help]] = field(default_factory=lambda: defaultdict(list))
    of_home: dict[Home, list[Help]] = field(default_factory=lambda: defaultdict(list))
    """Registrations by BSN, and by every address they had."""

    def helps(self, reference: str, person: Person, contact: str, home: Home, at: Moment) -> None:
        """Note a registration as it is now; one that is known keeps its moment."""
        kept = self.help.get(reference)
        if kept is None:
            kept = self.help[reference] = Help(person, contact, [], at)
            if person.bsn:
                self.of_bsn[person.bsn].append(kept)
        if home not in kept.homes:
            self.of_home[home].append(kept)
        kept.homes.append(home)
