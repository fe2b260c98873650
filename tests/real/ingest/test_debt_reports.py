"""POST /v1/schuldmeldingen on real Kafka and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from services.common.database import make_engine
from services.common.events import CheckPurpose, DebtReport, Erasure
from services.common.identifiers import derived_id
from services.common.pseudonyms import Pseudonyms
from tests.real.ingest.house import BROKER, LANDLORD, NOW, TOWN, House, Seen
from tests.real.ingest.test_registrations import end, put

pytestmark = pytest.mark.real

BAILIFF = "00000099000000004001"
BSN, OTHER_BSN = "999990111", "999990123"
"""Of nobody else in these tests."""
DEBT = {
    "schuldeiserNaam": "Fietsenwinkel De Zon",
    "dossiernummer": "D-9",
    "bedragInCenten": 120_000,
    "soort": "Overige",
    "ontstaansdatum": "2025-11-01",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def bailiff(house: House) -> AsyncIterator[None]:
    await house.made(f"partijen/{BAILIFF}", naam="Deurwaarder", rollen=["deurwaarder"])
    yield


async def tell(house: House, reference: str, party: str = BAILIFF, **other: Any) -> httpx.Response:
    body = {"kenmerk": reference, "burgerservicenummer": BSN, "reden": "beslag", "schulden": [DEBT]} | other
    return await house.send("POST", "/v1/schuldmeldingen", party, "schuldmeldingen", json=body)


def person(house: House, bsn: str) -> str:
    return Pseudonyms(house.runtime.settings.pseudonym_key).person(bsn)


async def on_the_log(house: House, bsn: str) -> list[Seen]:
    return [seen for seen in await house.on("debt-reports.v1") if seen.key == person(house, bsn)]


async def running(house: House, count: int) -> None:
    """Wait until so many registrations of this person have come through their topic."""
    query = f"SELECT FROM ingest.helped WHERE person = '{person(house, BSN)}'"
    await until(house, query, lambda found: len(found) == count)


async def until(house: House, query: str, right: Callable[[list[Any]], bool]) -> None:
    async with asyncio.timeout(60):
        while not right(await rows(house, query)):
            await asyncio.sleep(0.05)


async def test_who_is_in_no_debt_help_is_asked_after_and_nothing_else_is_kept(house: House) -> None:
    reference = uuid4().hex
    for _ in range(2):
        answer = await tell(house, reference, burgerservicenummer=OTHER_BSN)
        assert (answer.status_code, answer.json()) == (200, {"status": "niet bekend"})
    asked = await on_the_log(house, OTHER_BSN)
    assert [seen.type for seen in asked] == ["nl.signaalhub.debt-reports.nobody-to-tell"] * 2
    assert len({seen.id for seen in asked}) == 2
    for seen in asked:
        assert isinstance(seen.event, DebtReport)
        assert (seen.event.reporter, seen.event.purpose) == (BAILIFF, CheckPurpose.ATTACHMENT)
        assert (seen.event.municipality, seen.event.personal) == (None, b"")
    message = derived_id("debt-message", BAILIFF, reference)
    assert await rows(house, f"SELECT FROM ingest.debt_reports WHERE message_id = '{message}'") == []


async def test_all_who_help_are_told_once_and_the_key_goes_with_their_registration(house: House) -> None:
    first, second = uuid4().hex, uuid4().hex
    own = (await put(house, first, burgerservicenummer=BSN)).json()["id"]
    on_behalf = {"namens": TOWN, "burgerservicenummer": BSN}
    helper = (await put(house, second, BROKER, **on_behalf)).json()["id"]
    await running(house, 2)
    reference = uuid4().hex
    answers = [await tell(house, reference) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()

    told = await on_the_log(house, BSN)
    assert [seen.type for seen in told] == ["nl.signaalhub.debt-reports.told"] * 2
    assert {seen.event.registration_id: seen.event.registrar for seen in events(told)} == {
        own: TOWN,
        helper: BROKER,
    }
    for seen in events(told):
        assert seen.id == seen.event.report_id
        assert house.opened(seen.event.personal) == {
            "kenmerk": reference,
            "burgerservicenummer": BSN,
            "schulden": [DEBT],
        }
    assert (await tell(house, reference, schulden=[DEBT | {"bedragInCenten": 1}])).status_code == 409

    reports = {seen.event.registration_id: seen.id for seen in events(told)}
    await put(house, second, BROKER, **on_behalf, adres={"postcode": "4321BA", "huisnummer": 3})
    await end(house, first)
    query = f"SELECT expires_at <= '{NOW.isoformat()}' FROM common.vault WHERE id = '{reports[own]}'"
    await until(house, query, lambda found: found in ([], [(True,)]))
    kept = f"""
        SELECT FROM common.vault JOIN ingest.helped USING (household)
        WHERE id = '{reports[helper]}' AND registration_id = '{helper}' AND expires_at > '{NOW.isoformat()}'
    """
    await until(house, kept, lambda found: len(found) == 1)
    await end(house, second, BROKER)
    for report in reports.values():
        await until(house, f"SELECT FROM common.vault WHERE id = '{report}'", lambda found: not found)
    assert (await tell(house, reference)).json() == {"status": "niet bekend"}
    [gone] = [s.event for s in await house.on("erasures.v1") if _erases(s, reports[own])]
    assert isinstance(gone, Erasure)
    assert (gone.municipality, gone.debt_report) == (TOWN, True)


async def test_only_who_may_check_may_tell(house: House) -> None:
    assert (await tell(house, "x", LANDLORD)).status_code == 403
    assert (await house.client.post("/v1/schuldmeldingen", json={})).status_code == 401
    wrong = await house.send("POST", "/v1/schuldmeldingen", BAILIFF, "toetsen", json={})
    assert wrong.status_code == 403


async def test_a_wrong_message_gets_every_reason_at_once(house: House) -> None:
    answer = await tell(house, "", schulden=[DEBT | {"soort": "x"}])
    assert answer.status_code == 400
    assert [(each["code"], each["veld"]) for each in answer.json()["fouten"]] == [
        ("FIELD_MISSING", "kenmerk"),
        ("PARTNER_TYPE_INVALID", "schulden.0.soort"),
    ]
    assert BSN not in answer.text


async def rows(house: House, query: str) -> list[Any]:
    engine = make_engine(house.runtime.settings)
    try:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query))]
    finally:
        await engine.dispose()


def events(found: list[Seen]) -> list[Any]:
    return [seen for seen in found if isinstance(seen.event, DebtReport)]


def _erases(seen: Seen, report_id: str) -> bool:
    return isinstance(seen.event, Erasure) and seen.event.erased_id == report_id
