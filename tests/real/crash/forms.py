"""What parties write, and by which ids and teams the hub knows it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tests.real.crash.history import Home, Person, Signal
from tests.real.hub.town import INSURER, LANDLORD, OTHER_LANDLORD, OTHER_TOWN, TOWN

NAMESPACE = UUID("6f0c9f2e-6d0c-5d7a-9d5b-0b7f1f5f6a31")
"""Of the ids that the hub derives: schemas/README.md."""
CODES = {TOWN: "0363", OTHER_TOWN: "0518"}
HELPERS = {TOWN: "00000099000000005363", OTHER_TOWN: "00000099000000005518"}
"""Who sends the list of residents in debt help for a municipality; it keeps some registrations itself."""
KINDS = {LANDLORD: "Huur", OTHER_LANDLORD: "Huur", INSURER: "Zorg"}
RESULTS = {
    "ADVICE_OR_QUICK_FIX": "(Budget)advies en/of quick fix",
    "FOLLOW_UP_HELP": "Vervolghulp en/of verwijzing",
    "SOLVES_IT_THEMSELVES": "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering",
    "NEVER_REACHED": "Definitief geen contact kunnen krijgen",
    "OTHER_REASON": "Niet opgepakt: andere reden",
    "REPEATED": "Niet opgepakt: herhaalde melding",
}


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody at an address; `unit` is the house letter."""

    person: Person
    town: str
    home: Home
    unit: str = ""


def derived(*parts: str) -> str:
    """Return an id as the hub derives it."""
    return str(uuid5(NAMESPACE, "\n".join(parts)))


def team_of(town: str, postcode: str, crisis: bool) -> str | None:
    """Return the team of a case, by the teams that Town.settle makes."""
    if town != TOWN:
        return None
    return "centrum" if postcode.startswith("1234") and not crisis else "stad"


def contact_of(reference: str) -> str:
    """Return which organisation helps: each registration has its own, so that every contact is told apart."""
    return f"Hulp {reference}"


def registration_of(resident: Resident, reference: str) -> dict[str, Any]:
    """Return a registration as its registrar writes it."""
    return {
        "burgerservicenummer": resident.person.bsn,
        "persoon": _person(resident.person),
        "adres": _address(resident.home, resident.unit),
        "begindatum": "2026-03-01",
        "contact": {"organisatie": contact_of(reference), "telefoon": "020-0000000"},
    }


def body_of(signal: Signal, reference: str) -> dict[str, Any]:
    """Return a signal as its creditor writes it."""
    return {
        "kenmerk": reference,
        "gemeentecode": CODES[signal.town],
        "signaalpartner": KINDS[signal.creditor],
        "bedragInCenten": signal.amount,
        "ontstaansdatum": "2026-01-05",
        "signaaldatum": signal.on,
        "inspanningen": ["a", "b", "c", "d"],
        "crisissignaal": signal.crisis,
        "warmeOverdracht": False,
        "persoon": _person(signal.person)
        | ({"burgerservicenummer": signal.person.bsn} if signal.person.bsn else {}),
        "adres": _address(signal.home, signal.unit),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "voorletters": f"{person.initial}.",
        "geslachtsnaam": person.surname,
        "geboortedatum": person.born,
    }


def _address(home: Home, unit: str) -> dict[str, Any]:
    return {"postcode": home[0], "huisnummer": home[1]} | ({"huisletter": unit} if unit else {})
