"""What a single value must look like (domain.md 7.1, 7.2): each function returns the normal form, or None."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from services.common.ddas import PARTNER_TYPE
from services.common.events import HelpPhase, PartnerType, SignalKind, Threat
from services.common.identifiers import is_bsn, is_municipality_code, is_oin, postcode_of
from services.ingest.domain.drafts import Arrangement, Stage

MAX_CENTS = 9_999_999_999
MAX_TEXT = 200
MAX_TERMS = 999
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BIRTH_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_NAME = re.compile(r"[a-zA-Z0-9À-ÖØ-öø-ž .\-'\u2019]{1,200}")
_INITIALS = re.compile(r"[a-zA-ZÀ-ÖØ-öø-ž .\-']{1,40}")
_PREFIX = re.compile(r"[a-zA-Z ']{1,10}")
_HOUSE_LETTER = re.compile(r"[a-zA-Z]")
_ADDITION = re.compile(r"[a-zA-Z0-9 \-]{1,4}")
_HOUSE_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()\-./]{4,24}")
_EMAIL = re.compile(r"[^\s@<>,;:\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,187}[A-Za-z0-9])?")
_EARLIEST_BIRTH = 1880
SIGNAL_KINDS: Mapping[str, SignalKind] = {
    "vroegsignaal": SignalKind.EARLY,
    "crisis": SignalKind.CRISIS,
    "eindelevering": SignalKind.END_OF_SUPPLY,
}
THREATS: Mapping[str, Threat] = {
    "ontruiming": Threat.EVICTION,
    "afsluiting": Threat.SHUT_OFF,
    "einde zorgverzekering": Threat.INSURANCE_END,
}
PHASES: Mapping[str, HelpPhase] = {
    "aanmelding": HelpPhase.APPLICATION,
    "intake": HelpPhase.INTAKE,
    "stabilisatie": HelpPhase.STABILISATION,
    "schuldregeling": HelpPhase.SETTLEMENT,
    "nazorg": HelpPhase.AFTERCARE,
}
_ALL_EFFORTS = ["a", "b", "c", "d"]
_ARRANGEMENTS = {each.value: each for each in Arrangement}
_STAGES = {each.value: each for each in Stage}
_PARTNER_TYPES = {text: partner_type for partner_type, text in PARTNER_TYPE.items()}


def reference(value: object) -> str | None:
    """A kenmerk: 1 to 64 printable characters, no space around it."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        return None
    return value if value.isprintable() and value == value.strip() else None


def text(value: object) -> str | None:
    """Printable text on one line."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        return None
    return value.strip() or None


def oin(value: object) -> str | None:
    return value if isinstance(value, str) and is_oin(value) else None


def municipality_code(value: object) -> str | None:
    return value if isinstance(value, str) and is_municipality_code(value) else None


def bsn(value: object) -> str | None:
    """Nine digits by the 11-proef; eight get the zero back that a spreadsheet took off."""
    if not isinstance(value, str):
        return None
    padded = value.rjust(9, "0") if len(value) == 8 else value
    return padded if is_bsn(padded) else None


def partner_type(value: object) -> PartnerType | None:
    return _PARTNER_TYPES.get(value) if isinstance(value, str) else None


def signal_kind(value: object) -> SignalKind | None:
    return SIGNAL_KINDS.get(value) if isinstance(value, str) else None


def threat(value: object) -> Threat | None:
    return THREATS.get(value) if isinstance(value, str) else None


def phase(value: object) -> HelpPhase | None:
    return PHASES.get(value) if isinstance(value, str) else None


def efforts(value: object) -> str | None:
    """A list of letters of Bgs art. 2, in their order; an empty one is a list too."""
    if value == _ALL_EFFORTS:
        return "abcd"
    if not isinstance(value, list) or not all(each in _ALL_EFFORTS for each in value):
        return None
    return "".join(sorted(set(value)))


def arrangement(value: object) -> Arrangement | None:
    return _ARRANGEMENTS.get(value) if isinstance(value, str) else None


def stage(value: object) -> Stage | None:
    return _STAGES.get(value) if isinstance(value, str) else None


def terms(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_TERMS else None


def postcode(value: object) -> str | None:
    return postcode_of(value) if isinstance(value, str) else None


def house_number(value: object) -> int | None:
    """1 to 99999, as a number (BRP) or as text (DDAS)."""
    if isinstance(value, str) and _HOUSE_NUMBER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 99_999:
        return value
    return None


def house_letter(value: object) -> str | None:
    return value.upper() if isinstance(value, str) and _HOUSE_LETTER.fullmatch(value) else None


def addition(value: object) -> str | None:
    if not isinstance(value, str) or not _ADDITION.fullmatch(value):
        return None
    return value.strip().upper() or None


def name(value: object) -> str | None:
    return _matching(_NAME, value)


def initials(value: object) -> str | None:
    return _matching(_INITIALS, value)


def prefix(value: object) -> str | None:
    return _matching(_PREFIX, value)


def phone(value: object) -> str | None:
    return _matching(_PHONE, value)


def email(value: object) -> str | None:
    found = _matching(_EMAIL, value)
    return found if found and found.isprintable() and "." in found.rpartition("@")[2] else None


def amount(value: object) -> int | None:
    """Whole euro cents; a number with a fraction is an error even when the fraction is 0."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_CENTS else None


def boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def day(value: object) -> date | None:
    """YYYY-MM-DD."""
    return _day(value) if isinstance(value, str) and len(value) == len("YYYY-MM-DD") else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


_day = lru_cache(maxsize=4096)(_date)  # a delivery has thousands of signals and some dozens of dates


def birth_date(value: object) -> str | None:
    """YYYY, YYYY-MM or YYYY-MM-DD; parts of zeros at the end are unknown (BRP) and left out."""
    if isinstance(value, str) and (whole := _date(value)):  # most are
        return value if whole.year >= _EARLIEST_BIRTH else None
    found = _BIRTH_DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day_ = (int(part or 0) for part in found.groups())
    if day_ and not month:
        return None
    try:
        date(year, month or 1, day_ or 1)
    except ValueError:
        return None
    if year < _EARLIEST_BIRTH:
        return None
    return f"{year:04}" + (f"-{month:02}" if month else "") + (f"-{day_:02}" if day_ else "")


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        return None
    return value.strip() or None
