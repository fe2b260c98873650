"""PUT /v1/momentopnames on real Kafka and PostgreSQL: only what differs is published, whatever happens."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
import xlsxwriter
from joserfc.jwk import ECKey
from sqlalchemy import text

from services.common.database import make_engine
from services.common.errors import TransientError
from services.common.events import Party, Registration, Role, Snapshot, SnapshotState
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.ingest import registration_storage, room, staging
from services.ingest.domain.directory import Directory
from services.ingest.freshness import Source
from services.ingest.snapshots import AT_ONCE
from services.ingest.tables import XLSX_TYPE
from services.ingest.watching import watch
from tests.real.ingest.house import BROKER, LANDLORD, NOW, House, Seen, signal_body

pytestmark = pytest.mark.real
TODAY = NOW.date()
JSON_LINES = {"Content-Type": "application/x-ndjson"}
BSNS = ("999990019", "999993653", "999990020", "999990032")
_numbers = count(1)


async def new_town(house: House) -> str:
    number = next(_numbers)
    oin = f"0000009900000009{number:04}"
    house.keys[oin] = ECKey.generate_key("P-256", auto_kid=True)
    key = house.keys[oin].as_dict(private=False)
    await house.made(
        f"partijen/{oin}", naam="T", rollen=["gemeente"], gemeentecode=f"9{number:03}", publiekeSleutel=key
    )
    return oin


def person(number: int, **other: Any) -> dict[str, Any]:
    return {
        "kenmerk": f"K{number}",
        "burgerservicenummer": BSNS[number],
        "persoon": {"geslachtsnaam": "Jansen"},
        "adres": {"postcode": "1234AB", "huisnummer": 12},
        "begindatum": "2026-03-01",
        "contact": {"organisatie": "Schuldhulp", "telefoon": "020-0000000", "email": "hulp@example.org"},
    } | other


async def send(
    house: House, party: str, *rows: dict[str, Any], days: int = 0, **query: Any
) -> httpx.Response:
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    path = f"/v1/momentopnames/{TODAY + timedelta(days=days)}"
    return await house.send(
        "PUT", path, party, "registraties", content=body, headers=JSON_LINES, params=query
    )


def id_of(party: str, number: int) -> str:
    return derived_id("registration", party, f"K{number}")


async def told(house: House, party: str) -> list[Seen]:
    ids = {id_of(party, number) for number in range(len(BSNS))}
    return [seen for seen in await house.on("registrations.v1") if seen.key in ids]


async def fresh(house: House, party: str) -> list[Snapshot]:
    found = [seen.event for seen in await house.on("snapshots.v1") if seen.key.startswith(party)]
    return [each for each in found if isinstance(each, Snapshot)]


async def traces(house: House, id_: str) -> int:
    engine = make_engine(house.runtime.settings)
    query = """SELECT (SELECT count(*) FROM ingest.registrations WHERE registration_id = :id)
                    + (SELECT count(*) FROM common.vault WHERE id = :id)"""
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(text(query), {"id": id_})).scalar_one())
    finally:
        await engine.dispose()


def amounts(answer: httpx.Response) -> tuple[int, int, int]:
    found = answer.json()["aantallen"]
    return found["nieuw"], found["gewijzigd"], found["beeindigd"]


async def test_only_the_difference_of_two_snapshots_is_published(house: House) -> None:
    town = await new_town(house)
    first = await send(house, town, person(0), person(1), person(2), days=-1)
    assert first.status_code == 200, first.text
    assert amounts(first) == (3, 0, 0)
    assert len(await told(house, town)) == 3

    moved = person(1, adres={"postcode": "4321BA", "huisnummer": 3})
    held = await send(house, town, person(0), moved, person(3))
    assert held.status_code == 409, held.text
    assert (amounts(held), held.json()["aantallen"]["was"]) == ((1, 1, 1), 3)
    assert [each["code"] for each in held.json()["fouten"]] == ["SNAPSHOT_SHRUNK"]
    assert len(await told(house, town)) == 3
    second = await send(house, town, person(0), moved, person(3), bevestig="true")
    assert second.status_code == 200, second.text

    news = {seen.key: seen for seen in (await told(house, town)) if seen.type.endswith("ended")}
    assert list(news) == [id_of(town, 2)]
    assert await traces(house, id_of(town, 2)) == 0
    assert sorted(seen.key for seen in await told(house, town)) == sorted(
        [id_of(town, n) for n in (0, 1, 1, 2, 2, 3)]
    )
    last = [seen.event for seen in await told(house, town) if seen.key == id_of(town, 1)][-1]
    assert isinstance(last, Registration)
    assert house.opened(last.personal, town)["adres"]["postcode"] == "4321BA"

    again = await send(house, town, person(0), moved, person(3))
    assert (again.status_code, again.json()["resultaat"]) == (200, "ongewijzigd")
    older = await send(house, town, person(0), days=-1)
    assert [each["code"] for each in older.json()["fouten"]] == ["SNAPSHOT_OLDER"]
    assert len(await told(house, town)) == 6

    states = [(each.state, each.on, each.data_date, each.persons) for each in await fresh(house, town)]
    yesterday = TODAY - timedelta(days=1)
    assert states == [
        (SnapshotState.ACCEPTED, yesterday, yesterday, 3),
        (SnapshotState.HELD, TODAY, yesterday, 3),
        (SnapshotState.ACCEPTED, TODAY, TODAY, 3),
    ]


def workbook(*persons: tuple[object, ...]) -> bytes:
    """A spreadsheet as a debt-help system gives it: with names of its own, real dates, numbers as numbers."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd-mm-yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Clientnummer", "BSN", "Achternaam", "Postcode", "Huisnr", "Woonplaats"])
        sheet.write_row(0, 6, ["Startdatum", "Hulpverlener", "Telefoon", "Email", "Fase"])
        for number, (reference, bsn, house_number, started_on) in enumerate(persons, 1):
            sheet.write_row(number, 0, [reference, bsn, "Jansen", "1234 ab", house_number, "Ons Dorp"])
            sheet.write_row(
                number, 6, [started_on, "Schuldhulp", "020-0000000", "hulp@example.org", "Intake"]
            )
    return file.getvalue()


async def test_a_spreadsheet_says_the_same_as_lines_and_what_it_lacks_the_next_day_is_gone(
    house: House,
) -> None:
    async def send_book(days: int, *persons: tuple[object, ...], **query: Any) -> httpx.Response:
        path = f"/v1/momentopnames/{TODAY + timedelta(days=days)}"
        body = {"content": workbook(*persons), "headers": {"Content-Type": XLSX_TYPE}, "params": query}
        return await house.send("PUT", path, town, "registraties", **body)

    town, since = await new_town(house), date(2026, 3, 1)
    persons = [(f"K{number}", int(BSNS[number]), 12, since) for number in range(3)]
    first = await send_book(-2, *persons, ("K3", 123456789, "boven", since))
    assert first.status_code == 200, first.text
    assert amounts(first) == (3, 0, 0)
    assert {(each["rij"], each["code"], each["veld"]) for each in first.json()["fouten"]} == {
        (5, "BSN_INVALID", "burgerservicenummer"),
        (5, "HOUSE_NUMBER_INVALID", "adres.huisnummer"),
    }
    event = (await told(house, town))[0].event
    assert isinstance(event, Registration)
    assert house.opened(event.personal, town)["adres"] == {"postcode": "1234AB", "huisnummer": 12}

    as_lines = await send(house, town, person(0), person(1), person(2), days=-1)
    assert amounts(as_lines) == (0, 0, 0)
    fewer = await send_book(0, persons[0], ("K1", persons[1][1], "12 A", since))
    assert (fewer.status_code, amounts(fewer)) == (409, (0, 1, 1))
    confirmed = await send_book(0, persons[0], ("K1", persons[1][1], "12 A", since), bevestig="true")
    assert (confirmed.status_code, amounts(confirmed)) == (200, (0, 1, 1))
    assert len(await told(house, town)) == 5

    refused = await house.send(
        "PUT",
        f"/v1/momentopnames/{TODAY}",
        town,
        "registraties",
        content=b"PK nonsense",
        headers={"Content-Type": XLSX_TYPE},
    )
    assert (refused.status_code, refused.json()["fouten"][0]["code"]) == (400, "UNREADABLE")


async def test_a_snapshot_of_which_the_broker_took_a_part_only_is_finished_by_the_same_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await new_town(house)
    monkeypatch.setattr(staging, "PAGE", 1)
    publish, calls = Publisher.publish, count()

    async def broken(self: Publisher, *arguments: Any) -> None:
        if next(calls) == 1:
            raise TransientError("gone")
        await publish(self, *arguments)

    monkeypatch.setattr(Publisher, "publish", broken)
    rows = [person(0), person(1), person(2)]
    assert (await send(house, town, *rows)).status_code == 503
    assert len(await told(house, town)) == 1
    # meanwhile one of them is ended, and one who is not in the file is put
    ended = await house.send("DELETE", "/v1/registraties/K2", town, "registraties")
    put = await house.send(
        "PUT",
        "/v1/registraties/K3",
        town,
        "registraties",
        json={k: v for k, v in person(3).items() if k != "kenmerk"},
    )
    assert (ended.status_code, put.status_code) == (204, 200)
    assert (await send(house, town, *rows)).status_code == 200
    seen = await told(house, town)
    assert len({each.id for each in seen}) == len(seen)
    known = {each.key: each.event is not None for each in seen}
    assert known == {id_of(town, n): n != 2 for n in range(4)}


async def test_a_single_request_waits_while_a_snapshot_of_its_registrar_is_applied(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, other = await new_town(house), await new_town(house)
    monkeypatch.setattr(registration_storage, "LOCK_SECONDS", 0.2)
    body = {name: value for name, value in person(0).items() if name != "kenmerk"}

    async def put(party: str) -> int:
        answer = await house.send("PUT", "/v1/registraties/K0", party, "registraties", json=body)
        return answer.status_code

    engine = make_engine(house.runtime.settings)
    try:
        async with staging.staging(engine) as stage:
            await stage.lock(town)
            assert [await put(party) for party in (town, other)] == [503, 200]
        assert await put(town) == 200
    finally:
        await engine.dispose()


async def test_who_waits_for_a_snapshot_of_its_registrar_keeps_nobody_else_waiting(house: House) -> None:
    town, engine = await new_town(house), make_engine(house.runtime.settings)
    body = {name: value for name, value in person(0).items() if name != "kenmerk"}

    async def put(number: int) -> int:
        path = f"/v1/registraties/R{number}"
        return (await house.send("PUT", path, town, "registraties", json=body)).status_code

    try:
        async with staging.staging(engine) as stage:
            await stage.lock(town)
            waiting = [asyncio.create_task(put(number)) for number in range(20)]
            async with asyncio.timeout(registration_storage.LOCK_SECONDS / 2):
                for _ in range(3):
                    assert (await house.signal(LANDLORD, signal_body())).status_code == 202
            assert not any(each.done() for each in waiting)
        assert {await each for each in waiting} == {200}
    finally:
        await engine.dispose()


async def test_a_process_that_froze_with_the_lock_of_a_registrar_loses_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "IDLE_SECONDS", 1)
    town, engine = await new_town(house), make_engine(house.runtime.settings)
    body = {name: value for name, value in person(0).items() if name != "kenmerk"}
    try:
        async with staging.staging(engine) as stage:
            await stage.lock(town)
            answer = await house.send("PUT", "/v1/registraties/K0", town, "registraties", json=body)
            assert answer.status_code == 200
            with pytest.raises(TransientError):
                await stage.page(0)
    finally:
        await engine.dispose()


async def test_who_finds_no_room_among_snapshots_that_stall_is_told_to_come_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SECONDS", 0.2)
    goes_on, inside = asyncio.Event(), asyncio.Semaphore(0)

    async def stalling() -> AsyncIterator[bytes]:
        inside.release()  # read from now on, so it has its place
        yield json.dumps(person(0)).encode()
        await goes_on.wait()

    async def put(party: str) -> httpx.Response:
        path = f"/v1/momentopnames/{TODAY}"
        return await house.send("PUT", path, party, "registraties", content=stalling(), headers=JSON_LINES)

    last, *towns = [await new_town(house) for _ in range(AT_ONCE + 1)]
    waiting = [asyncio.create_task(put(town)) for town in towns]
    async with asyncio.timeout(30):
        for _ in towns:
            await inside.acquire()
    answer = await send(house, last, person(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    goes_on.set()
    assert [(await each).status_code for each in waiting] == [200] * AT_ONCE


async def test_a_page_far_into_a_large_snapshot_can_be_asked_for(house: House) -> None:
    engine = make_engine(house.runtime.settings)
    try:
        async with staging.staging(engine) as stage:
            await stage.doubles()
            await stage.compare(Source(BROKER, BROKER), 0)
            assert [await stage.page(after) for after in (0, 32_000, 249_000)] == [[], [], []]
    finally:
        await engine.dispose()


async def test_a_day_without_a_snapshot_is_told_once(house: House) -> None:
    town = await new_town(house)
    assert (await send(house, town, person(0))).status_code == 200
    engine, publisher = make_engine(house.runtime.settings), Publisher(house.runtime, "watch")
    await publisher.start()
    try:
        party = Party(party_id=town, name="T", roles=(Role.MUNICIPALITY,), active=True)
        directory = Directory(parties={town: party})
        later = [NOW + timedelta(days=days) for days in (0, 1, 2, 2, 3)]
        found = [await watch(engine, publisher, now, directory) for now in later]
    finally:
        await publisher.stop()
        await engine.dispose()
    assert [[each.registrar for each in day].count(town) for day in found] == [0, 0, 1, 0, 1]
    days = [each.on for each in await fresh(house, town) if each.state is SnapshotState.MISSING]
    assert days == [TODAY + timedelta(days=1), TODAY + timedelta(days=2)]
