"""What can happen in a story of the hub, one step each: to be printed, and to be told again elsewhere.

Persons, houses, creditors and registrars have names here; whoever tells the story knows who that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.common.events import CaseResult

PERSONS, HOUSES, CREDITORS = ("p", "q"), ("a", "b"), ("insurer", "fund")
REGISTRARS = ("town", "team")
SAYS: Mapping[str, frozenset[str]] = {
    "everything": frozenset({"birth date", "initial"}),
    "birth date": frozenset({"birth date"}),
    "initial": frozenset({"initial"}),
    "surname": frozenset(),
}
"""What a signal says of its person beside the surname, which both persons share; registrations say all."""


@dataclass(frozen=True)
class Put:
    """A registration, new or changed; `name` begins with its registrar, `house` may be unknown."""

    name: str
    person: str
    house: str
    organisation: str


@dataclass(frozen=True)
class End:
    """Help of a registration ends."""

    name: str


@dataclass(frozen=True)
class Snapshot:
    """All that a registrar has."""

    registrar: str
    rows: tuple[Put, ...]


@dataclass(frozen=True)
class Send:
    """A signal; the same name again corrects it."""

    name: str
    person: str
    house: str
    creditor: str
    says: str
    bsn: bool
    amount: int


@dataclass(frozen=True)
class Withdraw:
    """A creditor takes its signal back."""

    name: str


@dataclass(frozen=True)
class Work:
    """A team visits (no result), or finds something of the person of a signal."""

    name: str
    signal: str
    result: CaseResult | None


@dataclass(frozen=True)
class Order:
    """A team lets the pause of a signal go on until so many days from now, or (None) ends it."""

    name: str
    signal: str
    days: int | None


@dataclass(frozen=True)
class Ask:
    """A bailiff checks a person."""

    name: str
    person: str


@dataclass(frozen=True)
class Unask:
    """The bailiff wants to hear nothing more of a check."""

    name: str


@dataclass(frozen=True)
class Reply:
    """A municipality answers whether signal and registration are of one person."""

    name: str
    signal: str
    registration: str
    same: bool


@dataclass(frozen=True)
class Wait:
    """All is handled and both sides agree; then days pass."""

    days: int


Step = Put | End | Snapshot | Send | Withdraw | Work | Order | Ask | Unask | Reply | Wait
