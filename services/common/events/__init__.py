"""The events of the hub: one record type per subject, in step with schemas/<subject>/v<N>.avsc.

The schema is the truth; tests/contract compares names, order, types and symbols. Identifiers:
party, creditor, municipality, ... are 20-digit OINs (also the tenant id); household and person are pseudonyms
(HMAC, 32 hex characters); other ids are UUIDs. All are strings: records are many and UUID objects slow.
Amounts are euro cents. Dates are calendar dates in the Netherlands, moments are UTC.
"""

from services.common.events.cases import (
    Case,
    CaseSignal,
    Match,
    Outcome,
    Pause,
    PauseAcknowledgement,
    PauseOrder,
    Routing,
)
from services.common.events.debthelp import (
    Answer,
    BailiffMatch,
    Check,
    CheckPause,
    DebtReport,
    KnownPerson,
    Question,
    Registration,
    Snapshot,
)
from services.common.events.logbook import Processing
from services.common.events.masterdata import (
    Agreement,
    AgreementStep,
    Party,
    Policy,
    Team,
)
from services.common.events.signals import (
    Area,
    Contact,
    Erasure,
    Evidence,
    Feedback,
    Refusal,
    Signal,
    SignalPerson,
    SignalState,
    Withdrawal,
)
from services.common.events.vocabulary import (
    AgreementKind,
    AgreementStatus,
    CaseKind,
    CasePriority,
    CaseResult,
    CaseStatus,
    CheckCapacity,
    CheckPurpose,
    Confidence,
    ContactField,
    ContactKind,
    DayPart,
    ErasedKind,
    ErasureReason,
    EvidenceKind,
    FeedbackStatus,
    HelpChange,
    HelpPhase,
    Lane,
    MatchKind,
    OutcomeKind,
    OwnClaim,
    PartnerType,
    PauseChange,
    PauseEnd,
    PauseGround,
    ProcessingStatus,
    QuestionState,
    Role,
    RoutingReason,
    SignalEnd,
    SignalKind,
    SignalStatus,
    SnapshotState,
    Threat,
)

__all__ = [
    "SUBJECTS",
    "Agreement",
    "AgreementKind",
    "AgreementStatus",
    "AgreementStep",
    "Answer",
    "Area",
    "BailiffMatch",
    "Case",
    "CaseKind",
    "CasePriority",
    "CaseResult",
    "CaseSignal",
    "CaseStatus",
    "Check",
    "CheckCapacity",
    "CheckPause",
    "CheckPurpose",
    "Confidence",
    "Contact",
    "ContactField",
    "ContactKind",
    "DayPart",
    "DebtReport",
    "ErasedKind",
    "Erasure",
    "ErasureReason",
    "Event",
    "Evidence",
    "EvidenceKind",
    "Feedback",
    "FeedbackStatus",
    "HelpChange",
    "HelpPhase",
    "KnownPerson",
    "Lane",
    "Match",
    "MatchKind",
    "Outcome",
    "OutcomeKind",
    "OwnClaim",
    "PartnerType",
    "Party",
    "Pause",
    "PauseAcknowledgement",
    "PauseChange",
    "PauseEnd",
    "PauseGround",
    "PauseOrder",
    "Policy",
    "Processing",
    "ProcessingStatus",
    "Question",
    "QuestionState",
    "Refusal",
    "Registration",
    "Role",
    "Routing",
    "RoutingReason",
    "Signal",
    "SignalEnd",
    "SignalKind",
    "SignalPerson",
    "SignalState",
    "SignalStatus",
    "Snapshot",
    "SnapshotState",
    "Team",
    "Threat",
    "Withdrawal",
]

Event = (
    Signal
    | Withdrawal
    | SignalPerson
    | Refusal
    | Registration
    | KnownPerson
    | Question
    | Answer
    | Outcome
    | Case
    | Routing
    | Match
    | Pause
    | PauseOrder
    | PauseAcknowledgement
    | SignalState
    | Feedback
    | Erasure
    | Check
    | BailiffMatch
    | Processing
    | DebtReport
    | Party
    | Agreement
    | Policy
    | Team
    | Snapshot
)

SUBJECTS: dict[str, type[Event]] = {
    "signals": Signal,
    "withdrawals": Withdrawal,
    "signal-persons": SignalPerson,
    "refusals": Refusal,
    "registrations": Registration,
    "known-persons": KnownPerson,
    "questions": Question,
    "answers": Answer,
    "outcomes": Outcome,
    "cases": Case,
    "routings": Routing,
    "matches": Match,
    "pauses": Pause,
    "pause-orders": PauseOrder,
    "pause-acknowledgements": PauseAcknowledgement,
    "signal-statuses": SignalState,
    "feedback": Feedback,
    "erasures": Erasure,
    "checks": Check,
    "bailiff-matches": BailiffMatch,
    "processing-log": Processing,
    "debt-reports": DebtReport,
    "parties": Party,
    "agreements": Agreement,
    "policies": Policy,
    "teams": Team,
    "snapshots": Snapshot,
}
"""Subject (folder in schemas/) to record type."""
