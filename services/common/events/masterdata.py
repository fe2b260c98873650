"""Master data: who takes part, and what they agreed."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.events.vocabulary import (
    AgreementKind,
    AgreementStatus,
    ContactField,
    HelpPhase,
    Lane,
    PartnerType,
    Role,
    SignalKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party of the hub; its id is its OIN and its tenant id."""

    party_id: str
    name: str
    roles: tuple[Role, ...]
    partner_type: PartnerType | None = None
    municipality_code: str | None = None
    public_key: str | None = None
    """JWK (JSON) under which personal data are sealed for a municipality; without one it is not active."""
    webhook: str | None = None
    active: bool
    umbrella: str | None = None
    """OIN of the umbrella organisation that a creditor belongs to."""
    collects: bool = False
    """A local government that collects itself: it may check for its own collecting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementStep:
    """What happened to an agreement, when, and by which party."""

    status: AgreementStatus
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """SIGNALS: `grantor` (municipality) receives signals of `grantee` (creditor), sent by it or by `sender`.

    REPRESENTATION: `grantee` may act for `grantor`. Both hold from `valid_from` up to and with `valid_until`,
    once active; of an ended one `valid_until` is the last day.
    """

    agreement_id: str
    kind: AgreementKind
    grantor: str
    grantee: str
    sender: str | None = None
    valid_from: date
    valid_until: date | None = None
    kinds: tuple[SignalKind, ...] = ()
    """Which kinds of signal; empty: all."""
    executor: str | None = None
    """Who does the work for the municipality (uitvoerder)."""
    status: AgreementStatus = AgreementStatus.ACTIVE
    """A record of v1 is active."""
    steps: tuple[AgreementStep, ...] = ()
    """How it came there, the oldest first."""

    def holds(self, on: date) -> bool:
        """Tell whether it is in force on a day: an end refuses what is later than it, not what was before."""
        in_force = self.status is AgreementStatus.ACTIVE or self.status is AgreementStatus.ENDED
        return in_force and self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a municipality decided."""

    municipality: str
    pause_days: int
    threshold_cents: int = 0
    """Arrears below it are no early signal (drempelbedrag); 0: there is none."""
    repeat_days: int | None = None
    """For so many days a signal that says the same again is a repeat; 0: never, None: as the hub has it."""
    admission_required: bool = False
    """Only who was admitted to debt help (toelatingsbesluit) is shared."""
    first_phase: HelpPhase | None = None
    """Who is in this phase of debt help or a later one is shared; None: whatever the phase."""
    contact_fields: tuple[ContactField, ...] = (ContactField.PHONE, ContactField.EMAIL)
    """What is told of a helper besides the organisation."""
    most_gone_percent: int | None = None
    """A snapshot that ends a larger part of the registrations is held; None: as the hub has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A district team: areas are PC4s, CBS districts (WK...) or neighbourhoods (BU...)."""

    team_id: str
    municipality: str
    name: str
    areas: tuple[str, ...]
    lanes: tuple[Lane, ...]
    fallback: bool
