"""What a message says, in normal form: one signal, one registration, and the parts they share.

Everything in a `Claim` is optional because it may have been wrong; a `Draft` is whole. Personal data lives
here and nowhere else in clear text. Thousands a second are made: hence named tuples, and a claim that is not
frozen (a third of the time); nobody changes one.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol, cast

from services.common.events import HelpPhase, PartnerType, SignalKind, Threat


class Person(NamedTuple):
    """Who it is about; `birth_date` is YYYY, YYYY-MM or YYYY-MM-DD."""

    bsn: str | None = None
    initials: str | None = None
    prefix: str | None = None
    surname: str | None = None
    birth_date: str | None = None


class Address(NamedTuple):
    """Where somebody lives; postcode as 1234AB."""

    postcode: str
    number: int
    letter: str | None = None
    addition: str | None = None


class Reach(NamedTuple):
    """How somebody is reached."""

    phone: str | None = None
    email: str | None = None


class Arrangement(StrEnum):
    """Whether a customer pays off by agreement, in the words of the interface."""

    NONE = "geen"
    RUNNING = "loopt"
    BROKEN = "verbroken"
    DEFERRED = "uitstel"


class Stage(StrEnum):
    """How far the creditor's collection came, in its order and in the words of the interface."""

    SOCIAL = "sociale incasso"
    SOCIAL_DONE = "sociale incasso afgerond"
    NOTICE = "aanmaning"
    AMICABLE_DONE = "minnelijke fase afgerond"


class Declared(NamedTuple):
    """What a creditor declares about its own conduct and customer; None: it says nothing of it."""

    efforts: str | None = None
    """Letters of Bgs art. 2, in their order."""
    current_customer: bool | None = None
    objected: bool | None = None
    arrangement: Arrangement | None = None
    stage: Stage | None = None
    proportionate: bool | None = None
    terms_due: int | None = None
    """Unpaid terms (months of rent, invoices)."""
    legal_person: bool | None = None


class SignalDraft(Protocol):
    """A well-formed signal: a claim of which nothing is absent that has to be there."""

    reference: str
    creditor: str
    municipality_code: str
    partner_type: PartnerType
    amount_cents: int
    arrears_since: date
    signal_date: date
    kind: SignalKind
    threat: Threat | None
    supply_ends_on: date | None
    warm_transfer: bool
    address_doubt: bool
    customer_number: str | None
    person: Person
    address: Address
    reach: Reach
    declared: Declared


@dataclass(slots=True, kw_only=True)
class SignalClaim:
    """A signal as far as it could be read, with everything that is wrong with its form."""

    reference: str | None
    creditor: str | None
    municipality_code: str | None
    partner_type: PartnerType | None
    amount_cents: int | None
    arrears_since: date | None
    signal_date: date | None
    kind: SignalKind
    threat: Threat | None
    supply_ends_on: date | None
    warm_transfer: bool
    address_doubt: bool
    customer_number: str | None
    person: Person
    address: Address | None
    reach: Reach
    declared: Declared
    has_bsn: bool
    """Whether one was sent at all, right or wrong."""

    def draft(self) -> SignalDraft:
        """Return the whole signal; to be asked only when nothing was wrong."""
        return cast("SignalDraft", self)


class Common(NamedTuple):
    """What many signals of a delivery have in common, and nothing of who they are about."""

    sender: str
    today: date
    place_code: str | None
    """Gemeentecode of the address, when the table of addresses knows it."""
    creditor: str | None
    municipality_code: str | None
    partner_type: PartnerType | None
    signal_date: date | None
    kind: SignalKind
    threat: Threat | None
    supply_ends_on: date | None
    declared: Declared
    has_bsn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationClaim:
    """A registration of debt help as far as it could be read; `on_behalf_of` is the municipality meant."""

    on_behalf_of: str | None
    person: Person
    address: Address | None
    started_on: date | None
    organisation: str | None
    reach: Reach
    reference: str | None = None
    """Of a row of a snapshot: the registrar's own."""
    phase: HelpPhase | None = None
    """This and the next are what a municipality selects by; they go no further (Bgs art. 17)."""
    admitted_on: date | None = None
