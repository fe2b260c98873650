"""POST /v1/leveringen and GET /v1/leveringen/{id} on real Kafka and PostgreSQL."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
import xlsxwriter
from sqlalchemy import text

from services.common.database import make_engine
from services.common.events import Refusal
from services.ingest.deliveries import BATCH_ROWS
from services.ingest.tables import XLSX_TYPE
from tests.real.ingest.house import BROKER, ENERGY, LANDLORD, House, signal_body

pytestmark = pytest.mark.real
NDJSON = "application/x-ndjson"


async def deliver(house: House, content: Any, kind: str = NDJSON, party: str = LANDLORD) -> httpx.Response:
    headers = {"Content-Type": kind}
    return await house.send("POST", "/v1/leveringen", party, "signalen", content=content, headers=headers)


async def state(house: House, id_: str, party: str = LANDLORD, first: int = 1) -> Any:
    answer = await house.send("GET", f"/v1/leveringen/{id_}?vanafRegel={first}", party, "signalen")
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(*bodies: Any) -> bytes:
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)


async def test_a_delivery_of_json_lines_tells_of_each_row_what_became_of_it(house: House) -> None:
    good, double = signal_body(), signal_body()
    content = (
        lines(good, signal_body(bedragInCenten=-1), double, double, double | {"bedragInCenten": 7})
        + b"\n{nonsense\n"
        + lines(signal_body()).strip()
    )
    answer = await deliver(house, content)
    assert answer.status_code == 202, answer.text
    id_ = answer.json()["id"]
    assert answer.headers["Location"] == f"/v1/leveringen/{id_}"
    assert answer.json()["aantallen"] == {"ontvangen": 7, "geaccepteerd": 4, "geweigerd": 2, "conflict": 1}
    found = await state(house, id_)
    assert found["status"] == "klaar"
    assert [(row["regel"], row["resultaat"], row["redenen"]) for row in found["regels"]] == [
        (1, "geaccepteerd", []),
        (2, "geweigerd", ["AMOUNT_INVALID"]),
        (3, "geaccepteerd", []),
        (4, "geaccepteerd", []),
        (5, "conflict", []),
        (7, "geweigerd", ["UNREADABLE"]),
        (8, "geaccepteerd", []),
    ]
    assert found["regels"][0]["kenmerk"] == good["kenmerk"]
    on_log = [seen.id for seen in await house.on("signals.v1")]
    assert [on_log.count(row["id"]) for row in found["regels"] if row["id"]] == [1, 1, 1, 1]
    refusals = [seen.event for seen in await house.on("refusals.v1")]
    mine = [each for each in refusals if isinstance(each, Refusal) and each.delivery_id == id_]
    assert sorted(each.row or 0 for each in mine) == [2, 7]
    assert (await deliver(house, content)).json()["aantallen"] == answer.json()["aantallen"]


async def test_a_trial_comes_to_the_same_and_is_forgotten_when_it_is_delivered(house: House) -> None:
    known, double = signal_body(), signal_body()
    assert (await house.signal(LANDLORD, known)).status_code == 202
    rows = [double, signal_body(bedragInCenten=-1), known | {"bedragInCenten": 7}]
    rows += [signal_body() for _ in range(BATCH_ROWS)]
    content = lines(*rows, double, double | {"bedragInCenten": 7}, signal_body()) + b"{nonsense"
    headers = {"Content-Type": NDJSON, "Idempotency-Key": uuid4().hex}

    async def deliver_as(path: str) -> tuple[httpx.Response, Any]:
        answer = await house.send("POST", path, LANDLORD, "signalen", content=content, headers=headers)
        return answer, await state(house, answer.json()["id"])

    tried, seen = await deliver_as("/v1/leveringen?proef=true")
    mine = {row["id"] for row in seen["regels"]} - {None}
    topics = ("signals.v1", "refusals.v1")
    log = [each.event for topic in topics for each in await house.on(topic)]
    assert not [event for event in log if getattr(event, "delivery_id", None) == seen["id"]]
    assert not [event for event in log if getattr(event, "signal_id", None) in mine]
    done, delivered = await deliver_as("/v1/leveringen")
    assert (tried.status_code, seen["proef"], done.status_code, delivered["proef"]) == (200, True, 202, False)
    assert tried.json()["aantallen"] == done.json()["aantallen"]
    assert done.json()["aantallen"]["conflict"] == 2
    assert (seen["regels"], seen["status"]) == (delivered["regels"], "klaar")


async def test_a_row_that_is_refused_in_two_deliveries_is_two_refusals(house: House) -> None:
    content = lines(signal_body(bedragInCenten=-1), {"kenmerk": "no more"})
    deliveries = {(await deliver(house, content)).json()["id"] for _ in range(2)}
    found = [seen for seen in await house.on("refusals.v1") if isinstance(seen.event, Refusal)]
    mine = [
        seen for seen in found if isinstance(seen.event, Refusal) and seen.event.delivery_id in deliveries
    ]
    assert len({seen.id for seen in mine}) == len(mine) == 4


@pytest.mark.parametrize("delimiter", [",", ";"])
async def test_a_csv_file_is_the_same_as_the_messages_that_it_stands_for(
    house: House, delimiter: str
) -> None:
    bodies = [signal_body(crisissignaal=True, warmeOverdracht=False) for _ in range(3)]
    for body in bodies[:1]:
        assert (await house.signal(LANDLORD, body)).status_code == 202
    rows = [
        {k: v for k, v in body.items() if not isinstance(v, dict)}
        | body["persoon"]
        | body["adres"]
        | body["contact"]
        | {"crisissignaal": "ja", "warmeOverdracht": "", "inspanningen": "abcd"}
        for body in bodies
    ]
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    file.write('x"y' + "\r\n" + f'"open{delimiter}' + "\r\n")
    answer = await deliver(house, b"\xef\xbb\xbf" + file.getvalue().encode(), "text/csv; charset=utf-8")
    assert answer.status_code == 202, answer.text
    assert answer.json()["aantallen"] == {"ontvangen": 5, "geaccepteerd": 3, "geweigerd": 2, "conflict": 0}
    found = await state(house, answer.json()["id"])
    assert [row["regel"] for row in found["regels"]] == [2, 3, 4, 5, 6]


async def test_a_csv_file_with_a_wrong_head_is_refused_as_a_whole(house: House) -> None:
    answer = await deliver(house, b"kenmerk;naam;kenmerk\nA;B;C\n", "text/csv")
    assert answer.status_code == 400
    found = {(each["code"], each["veld"]) for each in answer.json()["fouten"]}
    assert {("FIELD_UNKNOWN", "naam"), ("FIELD_INVALID", "kenmerk"), ("FIELD_MISSING", "postcode")} <= found


async def test_a_row_that_is_far_too_long_is_refused_and_its_neighbours_are_not(house: House) -> None:
    content = lines(signal_body()) + b"x" * 300_000 + b"\n" + lines(signal_body())
    assert (await deliver(house, content)).json()["aantallen"] == {
        "ontvangen": 3,
        "geaccepteerd": 2,
        "geweigerd": 1,
        "conflict": 0,
    }


async def test_a_spreadsheet_is_taken_in_and_its_result_is_a_file(house: House) -> None:
    book, references = io.BytesIO(), [uuid4().hex for _ in range(2)]
    with xlsxwriter.Workbook(book, {"default_date_format": "dd-mm-yyyy"}) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["Kenmerk", "Gemeentecode", "Signaalpartner", "Bedrag", "Achterstand sinds"])
        sheet.write_row(0, 5, ["Signaaldatum", "Achternaam", "Postcode", "Huisnr", "Plaats", "Inspanningen"])
        for number, (reference, house_number) in enumerate(
            zip(references, ["12 A", "boven"], strict=True), 1
        ):
            sheet.write_row(number, 0, [reference, 363, "huur", 450.5, date(2026, 1, 1), date(2026, 3, 9)])
            sheet.write_row(number, 6, ["de Vriès", "1234 ab", house_number, "Amsterdam", "abcd"])
    answer = await deliver(house, book.getvalue(), XLSX_TYPE)
    assert answer.json()["aantallen"] == {"ontvangen": 2, "geaccepteerd": 1, "geweigerd": 1, "conflict": 0}
    place = answer.headers["Location"]
    file = await house.send("GET", f"{place}/resultaat", LANDLORD, "signalen")
    assert file.headers["content-type"].startswith("text/csv")
    found = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff")), delimiter=";"))
    assert [row[:2] + row[3:6] for row in found[1:]] == [
        ["2", references[0], "geaccepteerd", "", ""],
        ["3", references[1], "geweigerd", "HOUSE_NUMBER_INVALID", "adres.huisnummer"],
    ]
    assert (await house.send("GET", f"{place}/resultaat", ENERGY, "signalen")).status_code == 404
    assert (await deliver(house, b"PK nonsense", XLSX_TYPE)).status_code == 400


async def test_under_its_key_a_delivery_is_itself_again_and_another_file_is_refused(house: House) -> None:
    key, good, wrong = uuid4().hex, signal_body(), signal_body(bedragInCenten=-1)
    headers = {"Content-Type": NDJSON, "Idempotency-Key": key}

    async def send(*bodies: Any) -> httpx.Response:
        return await house.send(
            "POST", "/v1/leveringen", LANDLORD, "signalen", content=lines(*bodies), headers=headers
        )

    first, again, other = await send(good, wrong), await send(good, wrong), await send(wrong, good)
    assert (first.status_code, again.json()) == (202, first.json())
    assert other.status_code == 409
    listed = await house.send("GET", "/v1/leveringen", LANDLORD, "signalen")
    [mine] = [each for each in listed.json()["leveringen"] if each["sleutel"] == key]
    assert (mine["id"], mine["aantallen"]["ontvangen"], mine["status"]) == (first.json()["id"], 2, "klaar")
    refusals = [seen.event for seen in await house.on("refusals.v1")]
    assert [r.row for r in refusals if isinstance(r, Refusal) and r.delivery_id == mine["id"]] == [2]


async def test_another_media_type_is_not_taken(house: House) -> None:
    assert (await deliver(house, b"{}", "application/json")).status_code == 415


async def test_only_the_sender_sees_its_delivery(house: House) -> None:
    id_ = (await deliver(house, lines(signal_body()))).json()["id"]
    for other in (BROKER, ENERGY):
        answer = await house.send("GET", f"/v1/leveringen/{id_}", other, "signalen")
        assert answer.status_code == 404
    assert (await house.client.get(f"/v1/leveringen/{id_}")).status_code == 401


async def test_the_rows_come_in_pages(house: House) -> None:
    answer = await deliver(house, lines(*(signal_body(bedragInCenten="x") for _ in range(1100))))
    id_ = answer.json()["id"]
    first = await state(house, id_)
    assert (len(first["regels"]), first["volgende"]) == (1000, 1001)
    second = await state(house, id_, first=first["volgende"])
    assert (len(second["regels"]), second["volgende"]) == (100, None)


async def test_a_client_that_goes_away_leaves_a_broken_off_delivery_with_its_rows(house: House) -> None:
    async def halfway() -> AsyncIterator[bytes]:
        for _ in range(BATCH_ROWS + 5):
            yield lines(signal_body())
        await row_count(house, before + BATCH_ROWS)
        raise ConnectionError("the client is gone")

    before = await row_count(house, 0)
    with pytest.raises(ConnectionError):
        await deliver(house, halfway())
    engine = make_engine(house.runtime.settings)
    try:
        async with asyncio.timeout(10):
            while True:
                async with engine.connect() as connection:
                    query = (
                        "SELECT delivery_id, status FROM ingest.deliveries ORDER BY started_at, delivery_id"
                    )
                    found = (await connection.execute(text(query))).all()
                if all(row.status != "bezig" for row in found):
                    break
                await asyncio.sleep(0.02)
    finally:
        await engine.dispose()
    states = [await state(house, row.delivery_id) for row in found if row.status == "afgebroken"]
    assert BATCH_ROWS in [each["aantallen"]["geaccepteerd"] for each in states]


async def row_count(house: House, at_least: int) -> int:
    """Wait until so many rows have a result."""
    engine = make_engine(house.runtime.settings)
    try:
        async with asyncio.timeout(20):
            while True:
                async with engine.connect() as connection:
                    query = text("SELECT count(*) FROM ingest.delivery_rows")
                    count = int((await connection.execute(query)).scalar_one())
                if count >= at_least:
                    return count
                await asyncio.sleep(0.02)
    finally:
        await engine.dispose()


async def test_what_a_killed_process_was_busy_with_is_broken_off_when_it_is_back(house: House) -> None:
    from services.ingest.delivery_storage import DeliveryStorage

    engine = make_engine(house.runtime.settings)
    try:
        storage, id_ = DeliveryStorage(engine, "replica-9"), str(uuid4())
        await storage.start(id_, None, LANDLORD, house.clock.now())
        assert (await state(house, id_))["status"] == "bezig"
        await DeliveryStorage(engine, "replica-8").end_left()
        assert (await state(house, id_))["status"] == "bezig"
        await storage.end_left()
        assert (await state(house, id_))["status"] == "afgebroken"
    finally:
        await engine.dispose()
