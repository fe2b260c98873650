"""The columns of a snapshot of registrations: debt-help systems and hand-made lists name them as they do."""

from collections.abc import Mapping, Sequence

from services.ingest.domain.cells import day, postcode
from services.ingest.domain.columns import Column, Head
from services.ingest.domain.signal_columns import with_address

REGISTRATION_COLUMNS: tuple[Column, ...] = (
    Column(
        "kenmerk",
        (
            "kenmerk",
            "clientnummer",
            "klantnummer",
            "dossiernummer",
            "zaaknummer",
            "referentie",
            "ons kenmerk",
        ),
    ),
    Column("burgerservicenummer", ("burgerservicenummer", "bsn", "bsn client", "sofinummer"), required=True),
    Column("persoon.voorletters", ("voorletters", "voorletter", "initialen")),
    Column("persoon.voorvoegsel", ("voorvoegsel", "voorvoegsels", "tussenvoegsel", "tussenvoegsels")),
    Column("persoon.geslachtsnaam", ("geslachtsnaam", "achternaam", "familienaam", "naam client")),
    Column("persoon.geboortedatum", ("geboortedatum", "geb datum"), day),
    Column("adres.postcode", ("postcode", "postcode adres"), postcode, required=True),
    Column("adres.huisnummer", ("huisnummer", "huisnr"), required=True),
    Column("adres.huisletter", ("huisletter",)),
    Column("adres.huisnummertoevoeging", ("huisnummertoevoeging", "huisnr toevoeging", "toevoeging", "toev")),
    Column(
        "begindatum",
        ("begindatum", "startdatum", "ingangsdatum", "datum aanvang", "datum aanmelding", "begindatum hulp"),
        day,
        required=True,
    ),
    Column(
        "contact.organisatie",
        ("organisatie", "naam organisatie", "hulpverlener", "schuldhulpverlener", "instantie", "uitvoerder"),
        required=True,
    ),
    Column(
        "contact.telefoon",
        ("telefoon", "telefoonnummer", "tel", "telefoon hulpverlener", "telefoonnummer hulpverlener"),
    ),
    Column("contact.email", ("email", "e-mailadres", "mailadres", "email hulpverlener")),
    Column("fase", ("fase", "fase hulpverlening", "fase traject"), str.lower),
    Column("besluitdatum", ("besluitdatum", "datum besluit", "toelatingsbesluit", "datum toelating"), day),
    Column("", ("straat", "straatnaam")),  # the address is its postcode and number
    Column("", ("woonplaats", "plaats", "plaatsnaam", "gemeente", "gemeentenaam", "gemeentecode")),
)


def registration_of(head: Head, cells: Sequence[str]) -> Mapping[str, object] | None:
    """Return the message that a row stands for."""
    return with_address(head.message(cells))
