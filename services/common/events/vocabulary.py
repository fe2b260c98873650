"""The closed sets of the field (docs/glossary.md has their Dutch names and sources)."""

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


class SignalKind(StrEnum):
    """What a signal asks for: domain.md 2.6. Warm transfer and doubt about the address may go with each."""

    EARLY = "EARLY"
    CRISIS = "CRISIS"
    END_OF_SUPPLY = "END_OF_SUPPLY"


class Threat(StrEnum):
    """What is about to happen to the resident: the threatening situations of Wgs art. 4(2)."""

    EVICTION = "EVICTION"
    SHUT_OFF = "SHUT_OFF"
    INSURANCE_END = "INSURANCE_END"


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


class SignalEnd(StrEnum):
    """Why a signal is no longer at a household."""

    WITHDRAWN = "WITHDRAWN"
    MOVED = "MOVED"


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


class CasePriority(StrEnum):
    """Which case goes first: URGENT has three working days, RAISED cannot wait for a second signal."""

    NORMAL = "NORMAL"
    RAISED = "RAISED"
    URGENT = "URGENT"


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
    """How a pause ended: its term ran out (TERM), or it was ended before (RESULT); by what is not told."""

    TERM = "TERM"
    RESULT = "RESULT"


class PauseGround(StrEnum):
    """On what a pause rests, as far as its creditor may know (domain.md 2.4, 4.4)."""

    HELP_ACCEPTED = "HELP_ACCEPTED"
    KNOWN_IN_DEBT_HELP = "KNOWN_IN_DEBT_HELP"
    CHECK = "CHECK"


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


class HelpPhase(StrEnum):
    """How far debt help is, in its order (domain.md 5.1: from stabilisation, or sooner)."""

    APPLICATION = "APPLICATION"
    INTAKE = "INTAKE"
    STABILISATION = "STABILISATION"
    SETTLEMENT = "SETTLEMENT"
    AFTERCARE = "AFTERCARE"


class ContactField(StrEnum):
    """What is told of a helper besides the organisation."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"


class SnapshotState(StrEnum):
    """What came last of a registrar: a snapshot that was accepted, one that is held, or none."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    MISSING = "MISSING"


class QuestionState(StrEnum):
    """Where a question stands: to be answered, answered, or pointless since."""

    OPEN = "OPEN"
    YES = "YES"
    NO = "NO"
    WITHDRAWN = "WITHDRAWN"


class CheckCapacity(StrEnum):
    """In which capacity somebody asks."""

    BAILIFF = "BAILIFF"
    COLLECTOR = "COLLECTOR"


class OwnClaim(StrEnum):
    """What a local government collects itself."""

    TAX = "TAX"
    RECOVERY = "RECOVERY"
    OTHER = "OTHER"


class HelpChange(StrEnum):
    """What happened to the debt help of a checked person."""

    STARTED = "STARTED"
    CHANGED = "CHANGED"
    ENDED = "ENDED"


class ProcessingStatus(StrEnum):
    """How a processing went; 0, 1 and 2 in the standard Logboek Dataverwerkingen (domain.md 8.6)."""

    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


class ErasedKind(StrEnum):
    """What was erased."""

    SIGNAL = "SIGNAL"
    REGISTRATION = "REGISTRATION"


class ErasureReason(StrEnum):
    """Why it was erased: its term was over, or somebody asked for it."""

    TERM = "TERM"
    REQUEST = "REQUEST"


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


class AgreementStatus(StrEnum):
    """Where an agreement stands in its life (domain.md 2.1: the signing portal)."""

    DRAFTED = "DRAFTED"
    SENT = "SENT"
    SIGNED_BY_CREDITOR = "SIGNED_BY_CREDITOR"
    SIGNED_BY_MUNICIPALITY = "SIGNED_BY_MUNICIPALITY"
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


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
