"""The columns of a table of signals: a row for each field of the message, with the names that senders use.

A field that is added to the message is a row here, and nothing else.
"""

import re
from collections.abc import Mapping, Sequence

from services.common.ddas import PARTNER_TYPE
from services.ingest.domain.cells import (
    day,
    euros,
    letters,
    municipality_code,
    one_of,
    postcode,
    whole,
    yes_no,
)
from services.ingest.domain.columns import Column, Head

_PARTNER_TYPES = {text.lower(): text for text in PARTNER_TYPE.values()}
_NUMBER = re.compile(r"([0-9]{1,5})(?:[ \-/]{1,3}|(?=[A-Za-z]))([A-Za-z0-9][A-Za-z0-9 \-]{0,3})")

SIGNAL_COLUMNS: tuple[Column, ...] = (
    Column(
        "kenmerk", ("kenmerk", "referentie", "ons kenmerk", "signaalkenmerk", "signaalnummer"), required=True
    ),
    Column("schuldeiser", ("schuldeiser", "oin schuldeiser", "oin")),
    Column(
        "gemeentecode",
        ("gemeentecode", "gemeentenummer", "cbs code", "cbs gemeentecode"),
        municipality_code,
        required=True,
    ),
    Column(
        "signaalpartner",
        ("signaalpartner", "soort schuldeiser", "type partner", "sector"),
        one_of(_PARTNER_TYPES),
        required=True,
    ),
    Column(
        "bedragInCenten",
        (
            "bedrag",
            "openstaand bedrag",
            "bedrag achterstand",
            "achterstandsbedrag",
            "bedrag in euro",
            "bedrag eur",
        ),
        euros,
        required=True,
    ),
    Column("bedragInCenten", ("bedragInCenten", "bedrag centen"), whole),
    Column(
        "ontstaansdatum",
        ("ontstaansdatum", "datum ontstaan", "achterstand sinds", "achterstand vanaf", "oudste vervaldatum"),
        day,
        required=True,
    ),
    Column(
        "signaaldatum", ("signaaldatum", "datum signaal", "datum melding", "melddatum"), day, required=True
    ),
    Column("soort", ("soort", "soort signaal", "signaalsoort"), str.lower),
    Column("dreiging", ("dreiging",), str.lower),
    Column("einddatumLevering", ("einddatum levering",), day),
    Column("crisissignaal", ("crisissignaal", "crisis"), yes_no),
    Column("warmeOverdracht", ("warme overdracht",), yes_no),
    Column("adresTwijfel", ("adres twijfel", "twijfel aan adres"), yes_no),
    Column("inspanningen", ("inspanningen", "inspanningen a-d"), letters, required=True),
    Column("huidigeKlant", ("huidige klant", "klant actueel"), yes_no),
    Column("bezwaar", ("bezwaar", "bezwaar klant"), yes_no),
    Column("betalingsregeling", ("betalingsregeling",), str.lower),
    Column("incassofase", ("incassofase",), str.lower),
    Column("evenredig", ("evenredig", "proportioneel"), yes_no),
    Column("achterstalligeTermijnen", ("achterstallige termijnen", "aantal termijnen"), whole),
    Column("rechtspersoon", ("rechtspersoon",), yes_no),
    Column(
        "klantnummer",
        (
            "klantnummer",
            "klantnr",
            "debiteurnummer",
            "debiteurnr",
            "relatienummer",
            "huurdernummer",
            "polisnummer",
        ),
    ),
    Column("persoon.burgerservicenummer", ("burgerservicenummer", "bsn")),
    Column("persoon.voorletters", ("voorletters", "voorletter", "initialen")),
    Column("persoon.voorvoegsel", ("voorvoegsel", "voorvoegsels", "tussenvoegsel", "tussenvoegsels")),
    Column("persoon.geslachtsnaam", ("geslachtsnaam", "achternaam", "familienaam")),
    Column("persoon.geboortedatum", ("geboortedatum", "geb datum"), day),
    Column("adres.postcode", ("postcode", "postcode adres"), postcode, required=True),
    Column("adres.huisnummer", ("huisnummer", "huisnr"), required=True),
    Column("adres.huisletter", ("huisletter",)),
    Column(
        "adres.huisnummertoevoeging",
        ("huisnummertoevoeging", "huisnr toevoeging", "toevoeging", "toev"),
    ),
    Column("contact.telefoon", ("telefoon", "telefoonnummer", "tel", "mobiel", "mobiel nummer", "telnr")),
    Column("contact.email", ("email", "e-mailadres", "mailadres")),
    Column("", ("straat", "straatnaam")),  # the address is its postcode and number
    Column("", ("woonplaats", "plaats", "plaatsnaam", "gemeente", "gemeentenaam")),
)


def signal_of(head: Head, cells: Sequence[str]) -> Mapping[str, object] | None:
    """Return the message that a row stands for."""
    return with_address(head.message(cells))


def with_address(message: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """Return a message in which `12 A` in the column of the number is a number and more."""
    address = message.get("adres") if message else None
    if isinstance(address, dict) and not address.get("huisnummer", "0").isdigit():
        _take_apart(address)
    return message


def _take_apart(address: dict[str, str]) -> None:
    found = _NUMBER.fullmatch(address["huisnummer"])
    if found and {"huisletter", "huisnummertoevoeging"}.isdisjoint(address):
        name = "huisletter" if found[2].isalpha() and len(found[2]) == 1 else "huisnummertoevoeging"
        address |= {"huisnummer": found[1], name: found[2]}
