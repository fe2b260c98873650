"""A case: the dossier of a municipality, address and month, and what follows from it."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.events.signals import (
    Area,
)
from services.common.events.vocabulary import (
    CaseKind,
    CasePriority,
    CaseResult,
    CaseStatus,
    Confidence,
    ContactKind,
    DayPart,
    MatchKind,
    OutcomeKind,
    PartnerType,
    PauseChange,
    PauseEnd,
    PauseGround,
    RoutingReason,
    SignalStatus,
)


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
    withdrawn: bool = False
    """No signal is left: all were withdrawn, or corrected to another place or month."""
    priority: CasePriority = CasePriority.NORMAL
    deadline: date | None = None
    """The last day on which it can be picked up in time."""
    overdue: bool = False
    """It was not picked up by its deadline."""
    address_doubt: bool = False
    """A creditor or a team doubts the address: a hint for the address-quality chain (LAA)."""
    known_in_debt_help: bool = False
    """Nobody has to look at it while help runs: every signal is of somebody known, or a repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Which district team a case belongs to."""

    case_id: str
    household: str
    municipality: str
    team: str
    reason: RoutingReason
    priority: CasePriority = CasePriority.NORMAL
    deadline: date | None = None


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
    withdrawn: bool = False
    """It was told and is taken back: a signal that it needs is withdrawn or corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A change of a creditor's collection pause, for its own signals or for the dossier of a check."""

    pause_id: str
    creditor: str
    municipality: str
    change: PauseChange
    signal_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    end_reason: PauseEnd | None = None
    ground: PauseGround | None = None
    """While it runs; the end of a pause tells none."""
    sequence: int = 1
    """1, 2, ... per pause: what is acknowledged."""
    covered_by: str | None = None
    """The pause that goes on for its signals, when both turned out to be of one person."""
    check_id: str | None = None
    dossier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOrder:
    """A team prolongs the pauses of a case, or ends them."""

    order_id: str
    household: str
    case_id: str
    municipality: str
    team: str | None = None
    version: int
    """Of the orders on a case: 1, 2, ..."""
    until: datetime | None = None
    """None: they end now."""
    signal_ids: tuple[str, ...]
    """Empty = all of the case, and those of the same certain or probable persons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAcknowledgement:
    """A creditor says that it acted on a change of its pause."""

    pause_id: str
    creditor: str
    sequence: int
    """The change that it knows, and with it all before."""
