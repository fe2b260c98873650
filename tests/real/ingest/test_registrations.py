"""PUT and DELETE /v1/registraties on real Kafka and PostgreSQL."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.common.database import make_engine
from services.common.events import Registration
from services.common.identifiers import derived_id
from tests.real.ingest.house import BROKER, BSN, CLOSED_TOWN, ENERGY, OTHER_BSN, TOWN, House, Seen

pytestmark = pytest.mark.real


def body(**other: Any) -> dict[str, Any]:
    return {
        "burgerservicenummer": BSN,
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1980-02-29"},
        "adres": {"postcode": "1234AB", "huisnummer": 12},
        "begindatum": "2026-03-01",
        "contact": {"organisatie": "Schuldhulp", "telefoon": "020-0000000", "email": "hulp@example.org"},
    } | other


async def put(house: House, reference: str, party: str = TOWN, **other: Any) -> httpx.Response:
    path = f"/v1/registraties/{reference}"
    return await house.send("PUT", path, party, "registraties", json=body(**other))


async def end(house: House, reference: str, party: str = TOWN) -> httpx.Response:
    return await house.send("DELETE", f"/v1/registraties/{reference}", party, "registraties")


async def history(house: House, id_: str) -> list[Seen]:
    return [seen for seen in await house.on("registrations.v1") if seen.key == id_]


async def traces(house: House, id_: str) -> int:
    engine = make_engine(house.runtime.settings)
    query = """SELECT (SELECT count(*) FROM ingest.registrations WHERE registration_id = :id)
                    + (SELECT count(*) FROM common.vault WHERE id = :id)"""
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(text(query), {"id": id_})).scalar_one())
    finally:
        await engine.dispose()


async def test_a_registration_is_kept_changed_and_ended(house: House) -> None:
    reference = uuid4().hex
    first = await put(house, reference)
    assert first.status_code == 200, first.text
    id_ = derived_id("registration", TOWN, reference)
    assert first.json() == {"id": id_}
    assert (await put(house, reference)).json() == {"id": id_}
    assert (await put(house, reference, adres={"postcode": "4321BA", "huisnummer": 3})).status_code == 200
    assert await traces(house, id_) == 2
    assert (await end(house, reference)).status_code == 204

    kept, again, moved, ended = await history(house, id_)
    assert kept.id == again.id != moved.id != ended.id
    assert isinstance(kept.event, Registration)
    assert isinstance(moved.event, Registration)
    assert kept.event.household != moved.event.household
    assert kept.event.person == moved.event.person
    assert kept.event.contact.organisation == "Schuldhulp"
    assert house.opened(moved.event.personal)["persoon"]["burgerservicenummer"] == BSN
    assert ended.event is None
    assert BSN not in repr((kept, again, moved, ended))
    assert await traces(house, id_) == 0


async def test_the_vault_knows_the_household_that_a_registration_moved_to(house: House) -> None:
    reference = uuid4().hex
    id_ = derived_id("registration", TOWN, reference)
    await put(house, reference)
    before = await vault_row(house, id_)
    await put(house, reference, adres={"postcode": "4321BA", "huisnummer": 3})
    after = await vault_row(house, id_)
    kept, moved = [seen.event for seen in await history(house, id_)]
    assert isinstance(kept, Registration)
    assert isinstance(moved, Registration)
    assert (before, after) == ((kept.household, before[1]), (moved.household, before[1]))
    assert house.opened(moved.personal)["adres"]["postcode"] == "4321BA"


async def vault_row(house: House, id_: str) -> tuple[str, bytes]:
    """Return household and wrapped key."""
    engine = make_engine(house.runtime.settings)
    try:
        async with engine.connect() as connection:
            query = text("SELECT household, wrapped_key FROM common.vault WHERE id = :id")
            found = (await connection.execute(query, {"id": id_})).one()
            return found.household, bytes(found.wrapped_key)
    finally:
        await engine.dispose()


async def test_an_end_may_be_sent_again_and_for_what_is_not_known(house: House) -> None:
    reference = uuid4().hex
    assert (await end(house, reference)).status_code == 204
    await put(house, reference)
    assert [(await end(house, reference)).status_code for _ in range(2)] == [204, 204]
    found = await history(house, derived_id("registration", TOWN, reference))
    assert found[-1].event is None


async def test_a_helper_registers_for_a_municipality_only_by_an_agreement(house: House) -> None:
    answer = await put(house, uuid4().hex, BROKER, namens=TOWN)
    assert answer.status_code == 200, answer.text
    for party, namens, code in (
        (BROKER, CLOSED_TOWN, "NOT_REPRESENTED"),
        (BROKER, None, "FIELD_MISSING"),
        (CLOSED_TOWN, None, "MUNICIPALITY_INACTIVE"),
        (TOWN, ENERGY, "NOT_REPRESENTED"),
    ):
        found = await put(house, uuid4().hex, party, **({"namens": namens} if namens else {}))
        assert found.status_code == 400, found.text
        assert [(each["code"], each["veld"]) for each in found.json()["fouten"]] == [(code, "namens")]


async def test_two_registrars_with_one_reference_have_two_registrations(house: House) -> None:
    reference = uuid4().hex
    first, second = await put(house, reference), await put(house, reference, BROKER, namens=TOWN)
    assert first.json()["id"] != second.json()["id"]
    await end(house, reference, BROKER)
    assert await traces(house, first.json()["id"]) == 2


async def test_who_is_no_registrar_or_has_no_token_for_it_changes_nothing(house: House) -> None:
    assert (await put(house, "x", ENERGY)).status_code == 403
    assert (await end(house, "x", ENERGY)).status_code == 403
    assert (await house.client.put("/v1/registraties/x", json=body())).status_code == 401
    wrong = await house.send("PUT", "/v1/registraties/x", TOWN, "signalen", json=body())
    assert wrong.status_code == 403


async def test_a_wrong_registration_gets_every_reason_at_once(house: House) -> None:
    answer = await put(
        house,
        uuid4().hex,
        burgerservicenummer=OTHER_BSN[:-1] + "4",
        begindatum="2027-01-01",
        adres={"postcode": "x", "huisnummer": 0},
        contact={"email": "x"},
        extra=True,
    )
    assert {each["code"] for each in answer.json()["fouten"]} == {
        "BSN_INVALID",
        "DATE_INVALID",
        "POSTCODE_INVALID",
        "HOUSE_NUMBER_INVALID",
        "FIELD_MISSING",
        "CONTACT_INVALID",
        "FIELD_UNKNOWN",
    }
