"""How the parties write a resident down: each sector has its own habits, and none sends all it might."""

import random
import unicodedata
from datetime import date, timedelta

from services.local.demo.actions import Content
from services.local.demo.world import Address, Household, Resident


def signal(
    creditor: Content, reference: str, household: Household, resident: Resident, on: date, rng: random.Random
) -> Content:
    """Return the JSON body of one signal, dated `on`."""
    sector = creditor["signaalpartner"]
    days = rng.randint(30, 100) if sector == "Zorg" else rng.choice((30, 45, 61, 92, 140))
    return {
        "kenmerk": reference,
        "schuldeiser": creditor["oin"],
        "gemeentecode": household.municipality,
        "signaalpartner": sector,
        "bedragInCenten": rng.randint(4_000, 180_000),
        "ontstaansdatum": (on - timedelta(days=days)).isoformat(),
        "signaaldatum": on.isoformat(),
        "inspanningen": ["a", "b", "c", "d"],
        "warmeOverdracht": rng.random() < 0.05,
        "persoon": _person(sector, resident, rng),
        "adres": address(household.address),
        "contact": {"telefoon": f"06{rng.randint(10_000_000, 99_999_999)}"},
    }


def registration(address_of: Address, resident: Resident, since: date, team: Content) -> Content:
    """Return the JSON body of a registration of debt help."""
    return {
        "burgerservicenummer": resident.bsn,
        "persoon": {
            "voorletters": resident.initials,
            "voorvoegsel": resident.prefix,
            "geslachtsnaam": resident.surname,
            "geboortedatum": resident.born.isoformat(),
        },
        "adres": address(address_of),
        "begindatum": since.isoformat(),
        "contact": {"organisatie": team["naam"], "telefoon": "14020", "email": "schuldhulp@example.org"},
    }


def address(place: Address) -> Content:
    """Return the JSON of an address, without what it has not."""
    written = {"postcode": place.spot.postcode, "huisnummer": place.spot.number}
    extra = {"huisletter": place.letter, "huisnummertoevoeging": place.addition}
    return written | {name: value for name, value in extra.items() if value}


def _person(sector: str, resident: Resident, rng: random.Random) -> Content:
    match sector:
        case "Zorg":
            return _plain(resident) | {"burgerservicenummer": resident.bsn, **_born(resident, rng, 1.0)}
        case "Huur":
            return _plain(resident) | _born(resident, rng, 0.85)
        case "Energie":  # prefix inside the name, initials often left out
            written = {"geslachtsnaam": f"{resident.prefix} {resident.surname}".strip()}
            initials = {"voorletters": resident.initials} if rng.random() < 0.85 else {}
            return written | initials | _born(resident, rng, 0.75)
        case _:  # an old system: capitals, no marks, no dots
            return {
                "voorletters": resident.initials.replace(".", ""),
                "voorvoegsel": resident.prefix,
                "geslachtsnaam": _bare(resident.surname).upper(),
                **_born(resident, rng, 0.65),
            }


def _plain(resident: Resident) -> Content:
    written = {"voorletters": resident.initials, "geslachtsnaam": resident.surname}
    return written | ({"voorvoegsel": resident.prefix} if resident.prefix else {})


def _born(resident: Resident, rng: random.Random, complete: float) -> Content:
    """Write the birth date: a young person's always whole, because it decides who takes the case."""
    if resident.born.year > 1999 or rng.random() < complete:
        return {"geboortedatum": resident.born.isoformat()}
    return rng.choice(
        ({}, {"geboortedatum": f"{resident.born.year}"}, {"geboortedatum": f"{resident.born:%Y-%m}-00"})
    )


def _bare(text: str) -> str:
    """Return a name without marks, as an old system writes it."""
    marks = unicodedata.normalize("NFD", text.replace("ß", "ss").replace("ı", "i"))
    return "".join(char for char in marks if not unicodedata.combining(char))
