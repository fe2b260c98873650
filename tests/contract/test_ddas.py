"""The DDAS texts against the enumerations of the published schema; ddas-v1.2.json holds them and says whence.

The schema itself is beside the checkout only on some machines: there what is held here is compared with it.
"""

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

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "ddas-v1.2.json").read_text())
DDAS: dict[str, list[str]] = FACTS["enumerations"]

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
def test_the_enumerations_here_are_all_those_of_the_published_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema["$id"].endswith(f"/{FACTS['path']}")
    published = {name: each["enum"] for name, each in schema["$defs"].items() if name.startswith("Enum")}
    assert published == DDAS


def test_a_creditor_reads_ddas_texts_except_where_the_reason_is_hidden() -> None:
    assert set(ddas.FEEDBACK_STATUS) == set(FeedbackStatus)
    other = set(ddas.FEEDBACK_STATUS.values()) - set(DDAS["EnumSignaalstatus"])
    assert other == {"Niet opgepakt"}
    for status, text in ddas.FEEDBACK_STATUS.items():
        if status is not FeedbackStatus.NOT_PICKED_UP:
            assert ddas.SIGNAL_STATUS[SignalStatus(status.value)] == text
