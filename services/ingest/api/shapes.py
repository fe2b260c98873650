"""JSON Schema of the bodies that ingest reads by itself, for the API description."""

from typing import Any

from services.common.ddas import PARTNER_TYPE
from services.ingest.domain.debts import MOST_DEBTS, PURPOSES
from services.ingest.domain.drafts import Arrangement, Stage
from services.ingest.domain.formats import MAX_TERMS, PHASES, SIGNAL_KINDS, THREATS

Json = dict[str, Any]

DATE: Json = {"type": "string", "format": "date", "examples": ["2026-01-25"]}
OIN: Json = {"type": "string", "pattern": "^[0-9]{20}$", "description": "OIN van de partij."}
TEXT: Json = {"type": "string", "maxLength": 200}
BSN: Json = {"type": "string", "pattern": "^[0-9]{8,9}$"}
REFERENCE: Json = {"type": "string", "minLength": 1, "maxLength": 64}


def object_of(required: tuple[str, ...] = (), **members: Json) -> Json:
    """Return the schema of an object without other members."""
    return {
        "type": "object",
        "properties": members,
        "required": list(required),
        "additionalProperties": False,
    }


def body_of(schema: Json, media_type: str = "application/json") -> Json:
    """Return what FastAPI is told of a body that the route reads by itself."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


_NAMES: Json = {
    "voorletters": {"type": "string", "maxLength": 40},
    "voorvoegsel": {"type": "string", "maxLength": 10},
    "geslachtsnaam": {"type": "string", "maxLength": 200},
    "geboortedatum": {
        "type": "string",
        "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
        "description": "JJJJ-MM-DD; mag onvolledig zijn: JJJJ of JJJJ-MM.",
    },
}
PERSON = object_of(**_NAMES)
PERSON_WITH_BSN = object_of(
    burgerservicenummer=BSN | {"description": "Alleen van zorgverzekeraars en het CAK."}, **_NAMES
)
ADDRESS = object_of(
    ("postcode", "huisnummer"),
    postcode={"type": "string", "pattern": "^[1-9][0-9]{3} ?[A-Za-z]{2}$"},
    huisnummer={"type": "integer", "minimum": 1, "maximum": 99999},
    huisletter={"type": "string", "pattern": "^[A-Za-z]$"},
    huisnummertoevoeging={"type": "string", "pattern": "^[A-Za-z0-9 -]{1,4}$"},
)
REACH: Json = {"telefoon": {"type": "string", "maxLength": 25}, "email": {"type": "string"}}
SIGNAL = object_of(
    (
        "kenmerk",
        "gemeentecode",
        "signaalpartner",
        "bedragInCenten",
        "ontstaansdatum",
        "signaaldatum",
        "inspanningen",
        "adres",
    ),
    kenmerk=REFERENCE | {"description": "Eigen kenmerk van de schuldeiser, uniek per signaal."},
    schuldeiser=OIN | {"description": "Standaard de partij van het token."},
    gemeentecode={"type": "string", "pattern": "^[0-9]{4}$"},
    signaalpartner={"type": "string", "enum": sorted(PARTNER_TYPE.values())},
    bedragInCenten={"type": "integer", "minimum": 0, "maximum": 9_999_999_999},
    ontstaansdatum=DATE,
    signaaldatum=DATE,
    soort={
        "type": "string",
        "enum": list(SIGNAL_KINDS),
        "description": "Standaard vroegsignaal, of crisis als crisissignaal true is.",
    },
    dreiging={"type": "string", "enum": list(THREATS), "description": "Niet bij een vroegsignaal."},
    einddatumLevering=DATE | {"description": "Verplicht bij eindelevering, en alleen daar."},
    crisissignaal={"type": "boolean", "description": "Van DDAS; spreekt soort niet tegen."},
    warmeOverdracht={"type": "boolean", "default": False},
    adresTwijfel={
        "type": "boolean",
        "default": False,
        "description": "U betwijfelt dat uw klant op dit adres woont.",
    },
    inspanningen={
        "type": "array",
        "items": {"type": "string", "enum": ["a", "b", "c", "d"]},
        "description": "Wat u deed, met de letters van art. 2 Bgs: a persoonlijk contact gezocht, b gewezen "
        "op schuldhulp, c schriftelijk herinnerd, d aangeboden gegevens door te geven, zonder bezwaar.",
    },
    huidigeKlant={"type": "boolean", "description": "false wordt geweigerd."},
    bezwaar={"type": "boolean", "description": "Maakte de klant bezwaar? true wordt geweigerd."},
    betalingsregeling={"type": "string", "enum": [each.value for each in Arrangement]},
    incassofase={
        "type": "string",
        "enum": [each.value for each in Stage],
        "description": "Verplicht voor CAK Eigen bijdrage, Belastingdienst en Dienst Toeslagen.",
    },
    evenredig={"type": "boolean", "description": "Uw eigen toets; false wordt geweigerd."},
    achterstalligeTermijnen={"type": "integer", "minimum": 0, "maximum": MAX_TERMS},
    rechtspersoon={"type": "boolean", "description": "true wordt geweigerd."},
    klantnummer=REFERENCE,
    persoon=PERSON_WITH_BSN,
    adres=ADDRESS,
    contact=object_of(**REACH),
)
PHASE: Json = {
    "type": "string",
    "enum": list(PHASES),
    "description": "Waar de hulp nu is; alleen om te bepalen of de gemeente deelt, en verder niet bewaard.",
}
_HELP: Json = {
    "burgerservicenummer": BSN,
    "persoon": PERSON,
    "adres": ADDRESS,
    "begindatum": DATE,
    "contact": object_of(("organisatie",), organisatie=TEXT, **REACH),
    "fase": PHASE,
    "besluitdatum": DATE | {"description": "Van het toelatingsbesluit; zie fase."},
}
_NEEDED = ("burgerservicenummer", "adres", "begindatum", "contact")
REGISTRATION = object_of(
    _NEEDED,
    namens=OIN | {"description": "De gemeente voor wie u registreert; standaard de partij van het token."},
    **_HELP,
)
SNAPSHOT_ROW = object_of(
    _NEEDED,
    kenmerk=REFERENCE | {"description": "Eigen kenmerk van de registratie; zonder is het de persoon."},
    **_HELP,
)
DEBT = object_of(
    ("dossiernummer", "bedragInCenten", "soort", "ontstaansdatum"),
    schuldeiser=OIN | {"description": "OIN van de schuldeiser; die, of de naam."},
    schuldeiserNaam=TEXT,
    dossiernummer=REFERENCE | {"description": "Uw eigen dossiernummer."},
    bedragInCenten={"type": "integer", "minimum": 0, "maximum": 9_999_999_999},
    soort={"type": "string", "enum": sorted(PARTNER_TYPE.values())},
    ontstaansdatum=DATE,
)
DEBTS = object_of(
    ("kenmerk", "burgerservicenummer", "reden", "schulden"),
    kenmerk=REFERENCE | {"description": "Uw eigen kenmerk van deze melding."},
    burgerservicenummer=BSN,
    reden={
        "type": "string",
        "enum": list(PURPOSES),
        "description": "Waarmee u bezig bent; het wordt vastgelegd.",
    },
    schulden={"type": "array", "minItems": 1, "maxItems": MOST_DEBTS, "items": DEBT},
)
