"""POST /v1/signalen on real Kafka and PostgreSQL."""

import asyncio
from typing import Any

import pytest

from services.common.events import Refusal, Signal, SignalPerson
from services.common.identifiers import derived_id
from tests.real.ingest.house import (
    BROKER,
    BSN,
    ENERGY,
    INSURER,
    LANDLORD,
    OTHER_TOWN,
    STRANGER,
    TOWN,
    House,
    signal_body,
)

pytestmark = pytest.mark.real


async def signals_of(house: House, signal_id: str) -> list[Signal]:
    found = [seen.event for seen in await house.on("signals.v1") if seen.id == signal_id]
    return [event for event in found if isinstance(event, Signal)]


async def refusals_of(house: House, signal_id: str) -> list[Refusal]:
    events = [seen.event for seen in await house.on("refusals.v1")]
    return [e for e in events if isinstance(e, Refusal) and e.signal_id == signal_id]


def codes(answer: Any) -> set[str]:
    return {each["code"] for each in answer.json()["fouten"]}


async def test_an_accepted_signal_is_on_the_log_and_only_its_municipality_reads_who_it_is(house: House) -> None:
    body = signal_body()
    answer = await house.signal(LANDLORD, body)
    assert answer.status_code == 202, answer.text
    expected = derived_id("signal", LANDLORD, body["kenmerk"])
    assert answer.json() == {"id": expected, "status": "geaccepteerd"}
    [signal] = await signals_of(house, expected)
    assert (signal.municipality, signal.creditor, signal.sender) == (TOWN, LANDLORD, LANDLORD)
    assert (signal.area.pc4, signal.person, signal.amount_cents) == ("1234", None, 45_050)
    personal = house.opened(signal.personal)
    assert personal["persoon"] == body["persoon"]
    assert personal["adres"] == {"postcode": "1234AB", "huisnummer": 12, "huisletter": "A"}
    assert personal["kenmerk"] == body["kenmerk"]
    with pytest.raises(Exception, match=r"."):
        house.opened(signal.personal, OTHER_TOWN)
