"""The events of the hub: one record type per subject, in step with schemas/<subject>/v<N>.avsc.

The schema is the truth; tests/contract compares names, order, types and symbols. Identifiers:
party, creditor, municipality, ... are 20-digit OINs (also the tenant id); household and person are pseudonyms
(HMAC, 32 hex characters); other ids are UUIDs. All are strings: records are many and UUID objects slow.
Amounts are euro cents. Dates are calendar dates in the Netherlands, moments are UTC.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PartnerType(StrEnum):
    """Kind of creditor: DDAS v1.2 EnumSignaalpartner."""

    TAX_OFFICE = "TAX_OFFICE"
    CAK_CONTRIBUTION = "CAK_CONTRIBUTION"
    CAK_HEALTH = "CAK_HEALTH"
    BENEFITS_OFFICE = "BENEFITS_OFFICE"
    STUDENT_FINANCE = "STUDENT_FINANCE"
    ENERGY = "ENERGY"
    RENT = "RENT"
    MORTGAGE = "MORTGAGE"
    OTHER = "OTHER"
    WATER = "WATER"
    HEALTH = "HEALTH"


class SignalStatus(StrEnum):
    """Status of a signal: DDAS v1.2 EnumSignaalstatus."""

    NOT_YET_PICKED_UP = "NOT_YET_PICKED_UP"
    PICKED_UP = "PICKED_UP"
    KNOWN_IN_DEBT_HELP = "KNOWN_IN_DEBT_HELP"
    DECEASED = "DECEASED"
    REPEATED = "REPEATED"
    UNJUSTIFIED = "UNJUSTIFIED"
    OTHER_REASON = "OTHER_REASON"
    NOT_RESIDENT = "NOT_RESIDENT"


class CaseResult(StrEnum):
    """Result of a case: DDAS v1.2 EnumEindresultaat."""

    REPEATED = "REPEATED"
    UNJUSTIFIED = "UNJUSTIFIED"
    OTHER_REASON = "OTHER_REASON"
    DECEASED = "DECEASED"
    NOT_RESIDENT = "NOT_RESIDENT"
    KNOWN_IN_DEBT_HELP = "KNOWN_IN_DEBT_HELP"
    OTHER_TRACK_RUNNING = "OTHER_TRACK_RUNNING"
    NEVER_REACHED = "NEVER_REACHED"
    NO_REACTION_AFTER_CONTACT = "NO_REACTION_AFTER_CONTACT"
    SOLVES_IT_THEMSELVES = "SOLVES_IT_THEMSELVES"
    PAID_OR_ARRANGED = "PAID_OR_ARRANGED"
    ADVICE_OR_QUICK_FIX = "ADVICE_OR_QUICK_FIX"
    FOLLOW_UP_HELP = "FOLLOW_UP_HELP"
    FOLLOW_UP_FINANCIAL = "FOLLOW_UP_FINANCIAL"
    FOLLOW_UP_NOT_FINANCIAL = "FOLLOW_UP_NOT_FINANCIAL"
    REFERRED_WITHOUT_RESIDENT = "REFERRED_WITHOUT_RESIDENT"


class ContactKind(StrEnum):
    """How contact was sought: DDAS v1.2 EnumContactsoort."""

    ADMINISTRATIVE = "ADMINISTRATIVE"
    APPOINTMENT_ON_LOCATION = "APPOINTMENT_ON_LOCATION"
    LETTER = "LETTER"
    HOME_VISIT = "HOME_VISIT"
    CARD = "CARD"
    MAIL = "MAIL"
    UNKNOWN = "UNKNOWN"
    OTHER = "OTHER"
    TEXT_MESSAGE = "TEXT_MESSAGE"
    PHONE = "PHONE"


class DayPart(StrEnum):
    """Part of the day of a contact attempt: DDAS v1.2 EnumDagdeel (until 12:00, until 18:00, later)."""

    MORNING = "MORNING"
    AFTERNOON = "AFTERNOON"
    EVENING = "EVENING"


class EvidenceKind(StrEnum):
    """What a digest of evidence was made of."""

    BSN = "BSN"
    BIRTH_DATE = "BIRTH_DATE"
    SURNAME = "SURNAME"
    INITIAL = "INITIAL"


class Confidence(StrEnum):
    """How sure it is that two records are about one person; POSSIBLE is for the municipality only."""

    CERTAIN = "CERTAIN"
    PROBABLE = "PROBABLE"
    POSSIBLE = "POSSIBLE"


class CaseKind(StrEnum):
    """Divosa: one signal on the address in the month, or two and more."""

    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"


class CaseStatus(StrEnum):
    """Where a case stands; the first contact attempt picks it up, a result closes it."""

    NOT_YET_PICKED_UP = "NOT_YET_PICKED_UP"
    PICKED_UP = "PICKED_UP"
    CLOSED = "CLOSED"


class MatchKind(StrEnum):
    """Why signals of a household deserve attention together."""

    MULTIPLE = "MULTIPLE"
    CONSECUTIVE = "CONSECUTIVE"
    SWAP = "SWAP"
    KNOWN_IN_DEBT_HELP = "KNOWN_IN_DEBT_HELP"


class OutcomeKind(StrEnum):
    """What a team reports on a case."""

    CONTACT_ATTEMPT = "CONTACT_ATTEMPT"
    RESULT = "RESULT"


class PauseChange(StrEnum):
    """What happened to a collection pause."""

    STARTED = "STARTED"
    PROLONGED = "PROLONGED"
    ENDED = "ENDED"


class PauseEnd(StrEnum):
    """Why a pause ended: its term ran out, or a later result of the team ended it."""

    TERM = "TERM"
    RESULT = "RESULT"


class FeedbackStatus(StrEnum):
    """What a creditor may know of its signal (domain.md 4.4); NOT_PICKED_UP hides the reason."""

    NOT_YET_PICKED_UP = "NOT_YET_PICKED_UP"
    PICKED_UP = "PICKED_UP"
    NOT_PICKED_UP = "NOT_PICKED_UP"
    REPEATED = "REPEATED"
    UNJUSTIFIED = "UNJUSTIFIED"
    NOT_RESIDENT = "NOT_RESIDENT"
    DECEASED = "DECEASED"
    KNOWN_IN_DEBT_HELP = "KNOWN_IN_DEBT_HELP"


class CheckPurpose(StrEnum):
    """Why a bailiff asks."""

    SUMMONS = "SUMMONS"
    ATTACHMENT = "ATTACHMENT"
    COLLECTION = "COLLECTION"


class Role(StrEnum):
    """What a party is to the hub."""

    CREDITOR = "CREDITOR"
    MUNICIPALITY = "MUNICIPALITY"
    BAILIFF = "BAILIFF"
    INTERMEDIARY = "INTERMEDIARY"
    HELPER = "HELPER"


class AgreementKind(StrEnum):
    """SIGNALS: municipality x creditor. REPRESENTATION: one party may act for another."""

    SIGNALS = "SIGNALS"
    REPRESENTATION = "REPRESENTATION"


class Lane(StrEnum):
    """A kind of case that a team takes before areas are looked at."""

    CRISIS = "CRISIS"
    YOUTH = "YOUTH"


class RoutingReason(StrEnum):
    """Why a case went to its team."""

    CRISIS = "CRISIS"
    YOUTH = "YOUTH"
    AREA = "AREA"
    FALLBACK = "FALLBACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A keyed digest (16 hex characters) of something a person is known by."""

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
    warm_transfer: bool
    young: bool
    """Under 27 on the signal's date, as far as the birth date is known."""
    area: Area
    person: str | None = None
    """Pseudonym of the BSN, when the creditor may send one."""
    personal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPerson:
    """Which signal of which household carries this person's BSN."""

    person: str
    signal_id: str
    household: str
    municipality: str


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
class Registration:
    """A resident in debt help, as a registrar keeps it; a tombstone ends it."""

    registration_id: str
    registrar: str
    municipality: str
    person: str
    household: str
    unit: str
    evidence: tuple[Evidence, ...]
    started_on: date
    contact: Contact
    personal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """The person of this signal is in debt help (contacts), or no longer (none)."""

    household: str
    signal_id: str
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a team did on a case: a contact attempt, or a result with the signals it holds for."""

    outcome_id: str
    household: str
    case_id: str
    municipality: str
    team: str | None = None
    kind: OutcomeKind
    version: int
    """Of the results of a case: 1, 2, ...; the highest one counts. A contact attempt has 0."""
    contact_kind: ContactKind | None = None
    reached: bool | None = None
    on: date
    day_part: DayPart | None = None
    result: CaseResult | None = None
    signal_ids: tuple[str, ...]
    """Empty = those of the same certain or probable person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSignal:
    """A signal as its case shows it."""

    signal_id: str
    creditor: str
    partner_type: PartnerType
    amount_cents: int
    signal_date: date
    status: SignalStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The dossier of a municipality, address and month, whole at every change."""

    case_id: str
    household: str
    municipality: str
    unit: str
    month: str
    """YYYY-MM of the signals' dates."""
    kind: CaseKind
    consecutive: bool
    """The six months before had a signal on this address."""
    status: CaseStatus
    result: CaseResult | None = None
    crisis: bool
    young: bool
    area: Area
    team: str | None = None
    """Filled in by the notifier in the copy for the municipality."""
    opened_at: datetime
    picked_up_at: datetime | None = None
    closed_at: datetime | None = None
    signals: tuple[CaseSignal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Which district team a case belongs to."""

    case_id: str
    household: str
    municipality: str
    team: str
    reason: RoutingReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Signals that belong together, or a signal of somebody in debt help, with the reasons written out."""

    match_id: str
    household: str
    municipality: str
    case_id: str
    kind: MatchKind
    confidence: Confidence
    signal_ids: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A change of a creditor's collection pause for its own signals."""

    pause_id: str
    creditor: str
    municipality: str
    change: PauseChange
    signal_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    end_reason: PauseEnd | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a creditor may see of its signal (allow-list of domain.md 4.4)."""

    signal_id: str
    creditor: str
    municipality: str
    status: FeedbackStatus
    help_accepted: bool | None = None
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A bailiff's question about a person, with the answer that was given."""

    check_id: str
    person: str
    asker: str
    on_behalf_of: str | None = None
    purpose: CheckPurpose
    dossier: str
    known: bool
    contacts: tuple[Contact, ...]
    data_date: date
    valid_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BailiffMatch:
    """Debt help started for a person whom this bailiff checked before, while the check was valid."""

    match_id: str
    person: str
    asker: str
    check_id: str
    dossier: str
    contacts: tuple[Contact, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """SIGNALS: `grantor` (municipality) receives signals of `grantee` (creditor), sent by it or by `sender`.

    REPRESENTATION: `grantee` may act for `grantor`. Both hold from `valid_from` up to and with `valid_until`.
    """

    agreement_id: str
    kind: AgreementKind
    grantor: str
    grantee: str
    sender: str | None = None
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a municipality decided."""

    municipality: str
    pause_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A district team: areas are PC4s, CBS districts (WK...) or neighbourhoods (BU...)."""

    team_id: str
    municipality: str
    name: str
    areas: tuple[str, ...]
    lanes: tuple[Lane, ...]
    fallback: bool


Event = (
    Signal
    | SignalPerson
    | Refusal
    | Registration
    | KnownPerson
    | Outcome
    | Case
    | Routing
    | Match
    | Pause
    | SignalState
    | Feedback
    | Check
    | BailiffMatch
    | Party
    | Agreement
    | Policy
    | Team
)

SUBJECTS: dict[str, type[Event]] = {
    "signals": Signal,
    "signal-persons": SignalPerson,
    "refusals": Refusal,
    "registrations": Registration,
    "known-persons": KnownPerson,
    "outcomes": Outcome,
    "cases": Case,
    "routings": Routing,
    "matches": Match,
    "pauses": Pause,
    "signal-statuses": SignalState,
    "feedback": Feedback,
    "checks": Check,
    "bailiff-matches": BailiffMatch,
    "parties": Party,
    "agreements": Agreement,
    "policies": Policy,
    "teams": Team,
}
"""Subject (folder in schemas/) to record type."""
