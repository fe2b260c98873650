"""A signal: what a creditor sent, why it was refused, how it stands, and what its creditor may know."""

from dataclasses import dataclass
from datetime import date

from services.common.events.vocabulary import (
    CaseResult,
    ErasedKind,
    ErasureReason,
    EvidenceKind,
    FeedbackStatus,
    PartnerType,
    SignalEnd,
    SignalKind,
    SignalStatus,
    Threat,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A keyed digest of what a person is known by: 16 hex characters, then 6 for each likely slip of it."""

    kind: EvidenceKind
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a household lives: PC4 always, CBS district and neighbourhood when the area table is loaded."""

    pc4: str
    district: str | None = None
    neighbourhood: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call about a person in debt help."""

    organisation: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An arrears signal that passed the gate. `personal` is a compact JWE for the municipality's key."""

    signal_id: str
    household: str
    municipality: str
    creditor: str
    sender: str
    signal_date: date
    unit: str
    """Digest of the normalised letter and addition; empty without one."""
    evidence: tuple[Evidence, ...]
    partner_type: PartnerType
    amount_cents: int
    arrears_since: date
    crisis: bool
    """The priority lane: true of CRISIS and of END_OF_SUPPLY."""
    warm_transfer: bool
    young: bool
    """Under 27 on the signal's date, as far as the birth date is known."""
    kind: SignalKind = SignalKind.EARLY
    """A record of v1 has none: then `crisis` tells EARLY and CRISIS apart."""
    threat: Threat | None = None
    supply_ends_on: date | None = None
    """Of END_OF_SUPPLY only: last day of the energy contract, at least 20 working days ahead."""
    address_doubt: bool = False
    """The creditor doubts that its customer lives there: a hint for the address-quality chain (LAA)."""
    area: Area
    person: str | None = None
    """Pseudonym of the BSN, when the creditor may send one."""
    personal: bytes
    revision: int = 1
    """1 as first sent, one more with each correction and the withdrawal; the highest counts, in any order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A signal is no longer at this household: withdrawn by its creditor, or its address was corrected."""

    signal_id: str
    household: str
    municipality: str
    creditor: str
    sender: str
    unit: str
    signal_date: date
    revision: int
    """All lower revisions of the signal at this household are over."""
    end: SignalEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPerson:
    """Which signal of which household carries this person's BSN."""

    person: str
    signal_id: str
    household: str
    municipality: str
    revision: int = 1
    withdrawn: bool = False
    """The signal does not carry this BSN any more."""
    creditor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A signal that did not pass the gate: every reason code at once, nothing personal."""

    refusal_id: str
    creditor: str
    sender: str
    signal_id: str | None = None
    municipality: str | None = None
    delivery_id: str | None = None
    row: int | None = None
    reasons: tuple[str, ...]
    """Codes of services.ingest.domain; an open list, because the law adds to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """The full truth of one signal; internal, a creditor sees `Feedback`."""

    signal_id: str
    household: str
    municipality: str
    creditor: str
    case_id: str
    status: SignalStatus
    result: CaseResult | None = None
    contacts: tuple[Contact, ...]
    """Helpers of a person in debt help, while help runs."""
    revision: int = 1
    end: SignalEnd | None = None
    """Why it is no longer at this household; then the status says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a creditor may see of its signal (allow-list of domain.md 4.4)."""

    signal_id: str
    creditor: str
    municipality: str
    status: FeedbackStatus
    help_accepted: bool | None = None
    contacts: tuple[Contact, ...]
    revision: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The hub cannot read a signal, registration or debt report any more; nor should who has a copy."""

    erasure_id: str
    household: str
    municipality: str
    kind: ErasedKind
    erased_id: str
    """Id of the signal, registration or debt report."""
    reason: ErasureReason
    debt_report: bool = False
    """Of kind REGISTRATION: a debt report that went to it, not the registration itself."""
