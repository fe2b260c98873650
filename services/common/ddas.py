"""The texts of DDAS v1.2 (the national exchange model) beside the enums of the events for the HTTP interface.

Source: the published schema, whose enumerations are in tests/contract/ddas-v1.2.json; test_ddas.py compares.
"""

from enum import StrEnum
from typing import TypeVar

from services.common.events import (
    CaseResult,
    ContactKind,
    DayPart,
    FeedbackStatus,
    PartnerType,
    SignalStatus,
)

E = TypeVar("E", bound=StrEnum)

KNOWN = "Inwoner al bekend bij schuldhulpverlening"
DECEASED = "Inwoner is overleden"
REPEATED = "Niet opgepakt: herhaalde melding"
UNJUSTIFIED = "Niet opgepakt: onterecht signaal"
OTHER_REASON = "Niet opgepakt: andere reden"
NOT_RESIDENT = "Persoon is geen inwoner (meer) in de gemeente"
NOT_YET_PICKED_UP = "Nog niet opgepakt"
PICKED_UP = "Opgepakt"
NOT_PICKED_UP = "Niet opgepakt"
"""No DDAS text: what a creditor reads when it may not know the reason (domain.md 4.4)."""

SIGNAL_STATUS: dict[SignalStatus, str] = {
    SignalStatus.NOT_YET_PICKED_UP: NOT_YET_PICKED_UP,
    SignalStatus.PICKED_UP: PICKED_UP,
    SignalStatus.KNOWN_IN_DEBT_HELP: KNOWN,
    SignalStatus.DECEASED: DECEASED,
    SignalStatus.REPEATED: REPEATED,
    SignalStatus.UNJUSTIFIED: UNJUSTIFIED,
    SignalStatus.OTHER_REASON: OTHER_REASON,
    SignalStatus.NOT_RESIDENT: NOT_RESIDENT,
}
"""EnumSignaalstatus."""

CASE_RESULT: dict[CaseResult, str] = {
    CaseResult.REPEATED: REPEATED,
    CaseResult.UNJUSTIFIED: UNJUSTIFIED,
    CaseResult.OTHER_REASON: OTHER_REASON,
    CaseResult.DECEASED: DECEASED,
    CaseResult.NOT_RESIDENT: NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP: KNOWN,
    CaseResult.OTHER_TRACK_RUNNING: "Inwoner heeft al een ander lopend traject",
    CaseResult.NEVER_REACHED: "Definitief geen contact kunnen krijgen",
    CaseResult.NO_REACTION_AFTER_CONTACT: "Geen reactie na eerder contact",
    CaseResult.SOLVES_IT_THEMSELVES: "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering",
    CaseResult.PAID_OR_ARRANGED: "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
    CaseResult.ADVICE_OR_QUICK_FIX: "(Budget)advies en/of quick fix",
    CaseResult.FOLLOW_UP_HELP: "Vervolghulp en/of verwijzing",
    CaseResult.FOLLOW_UP_FINANCIAL: "Vervolghulp en/of verwijzing financieel",
    CaseResult.FOLLOW_UP_NOT_FINANCIAL: "Vervolghulp en/of verwijzing niet financieel",
    CaseResult.REFERRED_WITHOUT_RESIDENT: "Verwijzing zonder tussenkomst inwoner",
}
"""EnumEindresultaat."""

CONTACT_KIND: dict[ContactKind, str] = {
    ContactKind.ADMINISTRATIVE: "Administratief",
    ContactKind.APPOINTMENT_ON_LOCATION: "Afspraak op locatie",
    ContactKind.LETTER: "Brief",
    ContactKind.HOME_VISIT: "Huisbezoek",
    ContactKind.CARD: "Kaartje",
    ContactKind.MAIL: "Mail",
    ContactKind.UNKNOWN: "Onbekend",
    ContactKind.OTHER: "Overige",
    ContactKind.TEXT_MESSAGE: "SMS/Whatsapp",
    ContactKind.PHONE: "Telefoon",
}
"""EnumContactsoort."""

DAY_PART: dict[DayPart, str] = {
    DayPart.MORNING: "Ochtend",
    DayPart.AFTERNOON: "Middag",
    DayPart.EVENING: "Avond",
}
"""EnumDagdeel."""

PARTNER_TYPE: dict[PartnerType, str] = {
    PartnerType.TAX_OFFICE: "Belastingdienst",
    PartnerType.CAK_CONTRIBUTION: "CAK Eigen bijdrage",
    PartnerType.CAK_HEALTH: "CAK Zorgverzekeringen",
    PartnerType.BENEFITS_OFFICE: "Dienst Toeslagen",
    PartnerType.STUDENT_FINANCE: "DUO",
    PartnerType.ENERGY: "Energie",
    PartnerType.RENT: "Huur",
    PartnerType.MORTGAGE: "Hypotheek",
    PartnerType.OTHER: "Overige",
    PartnerType.WATER: "Water",
    PartnerType.HEALTH: "Zorg",
}
"""EnumSignaalpartner."""

FEEDBACK_STATUS: dict[FeedbackStatus, str] = {
    FeedbackStatus.NOT_YET_PICKED_UP: NOT_YET_PICKED_UP,
    FeedbackStatus.PICKED_UP: PICKED_UP,
    FeedbackStatus.NOT_PICKED_UP: NOT_PICKED_UP,
    FeedbackStatus.REPEATED: REPEATED,
    FeedbackStatus.UNJUSTIFIED: UNJUSTIFIED,
    FeedbackStatus.NOT_RESIDENT: NOT_RESIDENT,
    FeedbackStatus.DECEASED: DECEASED,
    FeedbackStatus.KNOWN_IN_DEBT_HELP: KNOWN,
}
"""What a creditor reads: the texts of EnumSignaalstatus, but one."""


def enum_of(texts: dict[E, str], text: str) -> E | None:
    """Return the member of one of the tables above that has this very text, None when there is none."""
    return next((member for member, found in texts.items() if found == text), None)
