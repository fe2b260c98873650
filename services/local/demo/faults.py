"""Mistakes that creditors make; each turns a good signal into one that must be refused."""

from collections.abc import Callable
from datetime import date, timedelta

from services.local.demo.actions import Content

Fault = Callable[[Content], None]
"""Changes a good signal in place."""


def _set(*path: str, value: object) -> Fault:
    def change(content: Content) -> None:
        for name in path[:-1]:
            content = content.setdefault(name, {})
        content[path[-1]] = value

    return change


def _drop(name: str) -> Fault:
    def change(content: Content) -> None:
        del content[name]

    return change


def _shift_signal(days: int) -> Fault:
    """Move the whole signal in time, so that only its age is wrong."""

    def change(content: Content) -> None:
        for name in ("signaaldatum", "ontstaansdatum"):
            content[name] = (date.fromisoformat(content[name]) + timedelta(days=days)).isoformat()

    return change


def _arrears(days: int) -> Fault:
    def change(content: Content) -> None:
        since = date.fromisoformat(content["signaaldatum"]) - timedelta(days=days)
        content["ontstaansdatum"] = since.isoformat()

    return change


def both(first: Fault, second: Fault) -> Fault:
    """Return two mistakes in one message: all reasons come back at once."""

    def change(content: Content) -> None:
        first(content)
        second(content)

    return change


_POSTCODE = _set("adres", "postcode", value="0363 AA")
_NUMBER = _set("adres", "huisnummer", value=0)
_LETTER = _set("adres", "huisletter", value="AB")
_ADDITION = _set("adres", "huisnummertoevoeging", value="rechts achter")
_NAME = _set("persoon", "geslachtsnaam", value="#####")
_BORN = _set("persoon", "geboortedatum", value="1985-02-30")
_EMAIL = _set("contact", "email", value="geen e-mail")
_AMOUNT = _set("bedragInCenten", value=-1)
_TYPE = _set("signaalpartner", value="Kabeltelevisie")
_DATE = _set("ontstaansdatum", value="31-11-2025")
_BSN = _set("persoon", "burgerservicenummer", value="999999999")

ANYWHERE: tuple[Fault, ...] = (
    _POSTCODE,
    _NUMBER,
    _LETTER,
    _ADDITION,
    _NAME,
    _BORN,
    _EMAIL,
    _AMOUNT,
    _TYPE,
    _DATE,
    _drop("bedragInCenten"),
    _set("gemeentecode", value="9998"),
    _set("inspanningen", value=["a", "c"]),
    _set("persoon", "geslachtsnaam", value="Bakkerij Jansen B.V."),
    _shift_signal(5),
    _shift_signal(-40),
    _arrears(12),
    both(_POSTCODE, _AMOUNT),
    both(_NAME, _BORN),
)
"""Mistakes of any creditor, in any form."""

JSON_ONLY: tuple[Fault, ...] = (
    _set("opmerking", value="graag snel"),
    _set("crisissignaal", value="ja"),
    _set("schuldeiser", value="12345678"),
    _set("kenmerk", value=" spatie vooraf"),
    both(_drop("adres"), _TYPE),
    _drop("inspanningen"),
    _set("betalingsregeling", value="loopt"),
    both(_set("huidigeKlant", value=False), _set("bezwaar", value=True)),
    both(_set("evenredig", value=False), _set("rechtspersoon", value=True)),
)
"""Mistakes that a CSV has no place for."""

HEALTH: tuple[Fault, ...] = (_BSN, _arrears(140))
NOT_HEALTH: tuple[Fault, ...] = (_set("persoon", "burgerservicenummer", value="999990019"),)
OTHER_TYPE: dict[str, str] = {"Huur": "Hypotheek", "Energie": "Water", "Water": "Energie", "Zorg": "Overige"}
"""What a creditor of a sector calls itself by mistake."""


def mismatch(sector: str) -> Fault:
    """Return the mistake of naming another kind of creditor."""
    return _set("signaalpartner", value=OTHER_TYPE[sector])


def speaks_for(creditor: str) -> Fault:
    """Return the mistake of naming a creditor that one does not represent, or that nobody knows."""
    return _set("schuldeiser", value=creditor)


def lies_in(code: str) -> Fault:
    """Return the mistake of naming a municipality where the address does not lie, or no agreement holds."""
    return _set("gemeentecode", value=code)
