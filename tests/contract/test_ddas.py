"""The DDAS texts, held here as data: the shared schema file is beside the checkout only on some machines."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from services.common import ddas
from services.common.events import (
    CaseResult,
    ContactKind,
    DayPart,
    FeedbackStatus,
    PartnerType,
    SignalStatus,
)

SCHEMA = Path(__file__).parents[3] / "shared/standards/ddas-vroegsignalering-v1.2.schema.json"

DDAS: dict[str, list[str]] = {
    "EnumSignaalstatus": [
        "Inwoner al bekend bij schuldhulpverlening",
        "Inwoner is overleden",
        "Niet opgepakt: andere reden",
        "Niet opgepakt: herhaalde melding",
        "Niet opgepakt: onterecht signaal",
        "Nog niet opgepakt",
        "Opgepakt",
        "Persoon is geen inwoner (meer) in de gemeente",
    ],
    "EnumEindresultaat": [
        "(Budget)advies en/of quick fix",
        "Definitief geen contact kunnen krijgen",
        "Geen reactie na eerder contact",
        "Inwoner al bekend bij schuldhulpverlening",
        "Inwoner heeft al een ander lopend traject",
        "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
        "Inwoner is overleden",
        "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering",
        "Niet opgepakt: andere reden",
        "Niet opgepakt: herhaalde melding",
        "Niet opgepakt: onterecht signaal",
        "Persoon is geen inwoner (meer) in de gemeente",
        "Vervolghulp en/of verwijzing",
        "Vervolghulp en/of verwijzing financieel",
        "Vervolghulp en/of verwijzing niet financieel",
        "Verwijzing zonder tussenkomst inwoner",
    ],
    "EnumContactsoort": [
        "Administratief",
        "Afspraak op locatie",
        "Brief",
        "Huisbezoek",
        "Kaartje",
        "Mail",
        "Onbekend",
        "Overige",
        "SMS/Whatsapp",
        "Telefoon",
    ],
    "EnumDagdeel": ["Ochtend", "Middag", "Avond"],
    "EnumSignaalpartner": [
        "Belastingdienst",
        "CAK Eigen bijdrage",
        "CAK Zorgverzekeringen",
        "Dienst Toeslagen",
        "DUO",
        "Energie",
        "Huur",
        "Hypotheek",
        "Overige",
        "Water",
        "Zorg",
    ],
}

TABLES: list[tuple[str, type[StrEnum], dict[Any, str]]] = [
    ("EnumSignaalstatus", SignalStatus, ddas.SIGNAL_STATUS),
    ("EnumEindresultaat", CaseResult, ddas.CASE_RESULT),
    ("EnumContactsoort", ContactKind, ddas.CONTACT_KIND),
    ("EnumDagdeel", DayPart, ddas.DAY_PART),
    ("EnumSignaalpartner", PartnerType, ddas.PARTNER_TYPE),
]
EVERY_TABLE = pytest.mark.parametrize(("name", "members", "table"), TABLES, ids=[row[0] for row in TABLES])


@EVERY_TABLE
def test_every_member_has_one_text_and_every_text_one_member(
    name: str, members: type[StrEnum], table: dict[Any, str]
) -> None:
    assert set(table) == set(members)
    assert sorted(table.values()) == sorted(DDAS[name])


@EVERY_TABLE
def test_a_text_leads_back_to_its_member_and_no_other_text_does(
    name: str, members: type[StrEnum], table: dict[Any, str]
) -> None:
    assert [ddas.enum_of(table, text) for text in table.values()] == list(table)
    assert ddas.enum_of(table, DDAS[name][0].upper()) is None
    assert ddas.enum_of(table, next(iter(members))) is None, "a wire symbol is no text"


@pytest.mark.skipif(not SCHEMA.exists(), reason="the shared folder is not beside this checkout")
@pytest.mark.parametrize("name", DDAS)
def test_the_lists_here_are_those_of_the_published_schema(name: str) -> None:
    assert json.loads(SCHEMA.read_text())["$defs"][name]["enum"] == DDAS[name]


def test_a_creditor_reads_ddas_texts_except_where_the_reason_is_hidden() -> None:
    assert set(ddas.FEEDBACK_STATUS) == set(FeedbackStatus)
    other = set(ddas.FEEDBACK_STATUS.values()) - set(DDAS["EnumSignaalstatus"])
    assert other == {"Niet opgepakt"}
    for status, text in ddas.FEEDBACK_STATUS.items():
        if status is not FeedbackStatus.NOT_PICKED_UP:
            assert ddas.SIGNAL_STATUS[SignalStatus(status.value)] == text
