"""Why a signal must be refused: the rules of the issue, each in a line, and who may send what."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from services.local.demo.examples import Examples

SECTORS = (
    "Belastingdienst|CAK Eigen bijdrage|CAK Zorgverzekeringen|Dienst Toeslagen|DUO|Energie|Huur|Hypotheek|"
    "Overige|Water|Zorg"
).split("|")
MAY_SEND_BSN = {"Zorg", "CAK Zorgverzekeringen", "CAK Eigen bijdrage"}
FIELDS = {
    "": {
        "kenmerk", "schuldeiser", "gemeentecode", "signaalpartner", "bedragInCenten", "ontstaansdatum",
        "signaaldatum", "soort", "dreiging", "einddatumLevering", "crisissignaal", "warmeOverdracht",
        "adresTwijfel", "inspanningen", "huidigeKlant", "bezwaar", "betalingsregeling", "incassofase",
        "evenredig", "achterstalligeTermijnen", "rechtspersoon", "klantnummer", "persoon", "adres", "contact",
    },
    "persoon": {"burgerservicenummer", "voorletters", "voorvoegsel", "geslachtsnaam", "geboortedatum"},
    "adres": {"postcode", "huisnummer", "huisletter", "huisnummertoevoeging"},
    "contact": {"telefoon", "email"},
}  # fmt: skip
REQUIRED = (
    "kenmerk",
    "gemeentecode",
    "signaalpartner",
    "bedragInCenten",
    "ontstaansdatum",
    "signaaldatum",
    "adres",
)
FORMS: tuple[tuple[str, str, str, str], ...] = (
    ("", "kenmerk", r"\S(.{0,62}\S)?", "REFERENCE_INVALID"),
    ("", "schuldeiser", r"\d{20}", "OIN_INVALID"),
    ("", "gemeentecode", r"\d{4}", "FIELD_INVALID"),
    ("", "signaalpartner", "|".join(SECTORS), "PARTNER_TYPE_INVALID"),
    ("", "bedragInCenten", r"\d{1,10}", "AMOUNT_INVALID"),
    ("", "crisissignaal", "True|False", "FIELD_INVALID"),
    ("persoon", "geslachtsnaam", r"[\w .'-]{1,200}", "NAME_INVALID"),
    ("adres", "postcode", r"[1-9]\d{3} ?[A-Za-z]{2}", "POSTCODE_INVALID"),
    ("adres", "huisnummer", r"[1-9]\d{0,4}", "HOUSE_NUMBER_INVALID"),
    ("adres", "huisletter", "[A-Za-z]", "HOUSE_LETTER_INVALID"),
    ("adres", "huisnummertoevoeging", "[A-Za-z0-9 -]{1,4}", "ADDITION_INVALID"),
    ("contact", "email", r"[^\s@]+@[^\s@]+\.[^\s@]+", "CONTACT_INVALID"),
)
"""Part, member, form, and the reason when it has another."""


ANSWERS = (
    ("huidigeKlant", False, "NOT_A_CUSTOMER"),
    ("bezwaar", True, "CUSTOMER_OBJECTED"),
    ("evenredig", False, "NOT_PROPORTIONATE"),
    ("rechtspersoon", True, "LEGAL_PERSON"),
)
"""Member, the answer that forbids the signal, and the reason."""


class Gate:
    """Judges signals by the master data of the examples."""

    def __init__(self, examples: Examples) -> None:
        self._parties = {party["oin"]: party for party in examples.parties}
        self._towns = {p["gemeentecode"]: p["oin"] for p in examples.parties if "gemeentecode" in p}
        self._closed = {"0599"}
        self._agreements = examples.agreements
        self._spots = {(spot.postcode, spot.number): spot.municipality for spot in examples.spots}

    def reasons(self, sender: str, content: dict[str, Any], today: date) -> set[str]:
        """Return every reason to refuse; none means: accepted."""
        found = set(_forms(content)) | set(_dates(content, today))
        found |= set(self._parties_and_agreements(sender, content)) | set(_person(content))
        found |= set(_conduct(content))
        return found | set(self._place(content))

    def _parties_and_agreements(self, sender: str, content: dict[str, Any]) -> Iterator[str]:
        creditor, town = content.get("schuldeiser", sender), content.get("gemeentecode")
        if len(creditor) != 20:
            return
        known = self._parties.get(creditor, {})
        if "schuldeiser" not in known.get("rollen", ()):
            yield "CREDITOR_UNKNOWN"
        elif (
            content.get("signaalpartner") in SECTORS and content["signaalpartner"] != known["signaalpartner"]
        ):
            yield "PARTNER_TYPE_MISMATCH"
        if town not in self._towns:
            yield "MUNICIPALITY_UNKNOWN"
        elif town in self._closed:
            yield "MUNICIPALITY_INACTIVE"
        pair = self._signals_between(creditor, town, content["signaaldatum"])
        if town in self._towns and not pair:
            yield "NO_AGREEMENT"
        if sender != creditor and not any(a.get("afzender") == sender for a in pair):
            yield "NOT_REPRESENTED"

    def _signals_between(self, creditor: str, town: str | None, on: str) -> list[dict[str, Any]]:
        return [
            a
            for a in self._agreements
            if a["soort"] == "signalen"
            and (a["gemeente"], a["schuldeiser"]) == (self._towns.get(town or ""), creditor)
            and a["vanaf"] <= on <= a.get("tot", "9999")
        ]

    def _place(self, content: dict[str, Any]) -> Iterator[str]:
        address = content.get("adres", {})
        found = self._spots.get((address.get("postcode"), address.get("huisnummer")))
        if found and found != content.get("gemeentecode"):
            yield "ADDRESS_OUTSIDE_MUNICIPALITY"


def _forms(content: dict[str, Any]) -> Iterator[str]:
    if any(name not in content for name in REQUIRED):
        yield "FIELD_MISSING"
    for part, known in FIELDS.items():
        if set(content.get(part, {}) if part else content) - known:
            yield "FIELD_UNKNOWN"
    for part, member, form, reason in FORMS:
        value = (content.get(part, {}) if part else content).get(member, "")
        if value != "" and not re.fullmatch(form, str(value)):
            yield reason


def _person(content: dict[str, Any]) -> Iterator[str]:
    person = content.get("persoon", {})
    bsn, born = person.get("burgerservicenummer", ""), person.get("geboortedatum", "")
    if bsn and sum(int(d) * w for d, w in zip(bsn, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11:
        yield "BSN_INVALID"
    if bsn and content.get("signaalpartner") in set(SECTORS) - MAY_SEND_BSN:
        yield "BSN_NOT_ALLOWED"
    if born.count("-") == 2 and not born.endswith("-00") and _day(born) is None:
        yield "BIRTH_DATE_INVALID"


def _conduct(content: dict[str, Any]) -> Iterator[str]:
    if set(content.get("inspanningen", ())) != set("abcd"):
        yield "EFFORTS_NOT_DECLARED"
    if content.get("betalingsregeling") in ("loopt", "uitstel"):
        yield "ARRANGEMENT_RUNNING"
    for member, answer, reason in ANSWERS:
        if content.get(member) is answer:
            yield reason
    if content.get("persoon", {}).get("geslachtsnaam", "").endswith(" B.V."):
        yield "LEGAL_PERSON"


def _dates(content: dict[str, Any], today: date) -> Iterator[str]:
    on, since = _day(content["signaaldatum"]), _day(content["ontstaansdatum"])
    if on is None or since is None:
        yield "DATE_INVALID"
    if on and on > today:
        yield "SIGNAL_DATE_IN_FUTURE"
    if on and (today - on).days > 31:
        yield "SIGNAL_DATE_TOO_OLD"
    if on and since and content.get("signaalpartner") in SECTORS:
        if (on - since).days < 30:
            yield "ARREARS_TOO_SHORT"
        if content["signaalpartner"] == "Zorg" and (on - since).days > 100:
            yield "ARREARS_TOO_LONG"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
