"""A CSV row in the shape of the JSON message: nested, numbers and booleans where they are seen as such."""

from collections.abc import Mapping, Sequence

from services.common.identifiers import member_name
from services.ingest.domain.reasons import Problem, Reason

_NESTED = {
    "burgerservicenummer": "persoon",
    "voorletters": "persoon",
    "voorvoegsel": "persoon",
    "geslachtsnaam": "persoon",
    "geboortedatum": "persoon",
    "postcode": "adres",
    "huisnummer": "adres",
    "huisletter": "adres",
    "huisnummertoevoeging": "adres",
    "telefoon": "contact",
    "email": "contact",
}
_REQUIRED = (
    "kenmerk",
    "gemeentecode",
    "signaalpartner",
    "bedragInCenten",
    "ontstaansdatum",
    "signaaldatum",
    "postcode",
    "huisnummer",
)
_OPTIONAL = (
    "schuldeiser",
    "soort",
    "dreiging",
    "einddatumLevering",
    "crisissignaal",
    "warmeOverdracht",
    "adresTwijfel",
    "klantnummer",
)
_KNOWN = frozenset((*_NESTED, *_REQUIRED, *_OPTIONAL))
_YES_OR_NO = frozenset({"crisissignaal", "warmeOverdracht", "adresTwijfel"})
_BOOLEANS = {"true": True, "ja": True, "1": True, "false": False, "nee": False, "0": False}
_MOST_DIGITS = 12


def header_problems(names: Sequence[str]) -> tuple[Problem, ...]:
    """Return what is wrong with the head of a CSV file; of a first row of data nothing is repeated."""
    if _KNOWN.isdisjoint(names):
        return (Problem(Reason.UNREADABLE),)
    unknown = [Problem(Reason.FIELD_UNKNOWN, member_name(name)) for name in names if name not in _KNOWN]
    double = [Problem(Reason.FIELD_INVALID, name) for name in sorted(_KNOWN) if names.count(name) > 1]
    missing = [Problem(Reason.FIELD_MISSING, name) for name in _REQUIRED if name not in names]
    return (*unknown, *double, *missing)


def nest(names: Sequence[str], cells: Sequence[str]) -> Mapping[str, object] | None:
    """Return a row as a message; None when it has not one cell per name. Empty cells are absent."""
    if len(cells) != len(names):
        return None
    message: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    for name, cell in zip(names, cells, strict=True):
        if value := cell.strip():
            parent = _NESTED.get(name)
            target = message if parent is None else parts.setdefault(parent, {})
            target[name] = _seen(name, value)
    return message | parts


def _seen(name: str, value: str) -> object:
    if name == "bedragInCenten" and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    if name in _YES_OR_NO:
        return _BOOLEANS.get(value.lower(), value)
    return value
