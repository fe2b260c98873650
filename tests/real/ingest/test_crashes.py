"""The broker away, ingest killed: the sender sends again, and its signal is there once."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.common.database import make_engine, migrate
from services.common.events import Refusal, Signal
from services.common.identifiers import derived_id
from services.ingest.deliveries import BATCH_ROWS
from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres
from tests.real.ingest.house import LANDLORD, House, running, signal_body
from tests.real.ingest.test_deliveries import NDJSON, lines

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(240)]


async def memory_of(house: House, references: list[str]) -> set[str]:
    """Return the ids that ingest remembers of those that these references of LANDLORD make."""
    engine = make_engine(house.runtime.settings)
    query = "SELECT signal_id FROM ingest.signals WHERE signal_id = ANY(:ids)"
    ids = [derived_id("signal", LANDLORD, reference) for reference in references]
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text(query), {"ids": ids})
            return set(found.scalars())
    finally:
        await engine.dispose()


async def on_log(house: House, ids: set[str]) -> list[Signal]:
    events = [seen.event for seen in await house.on("signals.v1")]
    return [each for each in events if isinstance(each, Signal) and each.signal_id in ids]


async def test_without_a_broker_nothing_is_accepted_and_later_the_same_is_accepted_once(
    database: str, session_folder: Path
) -> None:
    body = signal_body()
    expected = derived_id("signal", LANDLORD, body["kenmerk"])
    with EmbeddedKafka(session_folder / "kafka-away") as broker:
        async with running(broker.bootstrap, database, session_folder) as house:
            await house.settle()
            await asyncio.to_thread(broker.stop)
            answer = await house.signal(LANDLORD, body)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            headers = {"Content-Type": NDJSON}
            delivery = await house.send(
                "POST", "/v1/leveringen", LANDLORD, "signalen", content=lines(body), headers=headers
            )
            assert delivery.status_code == 503
            await asyncio.to_thread(broker.start)
            async with asyncio.timeout(60):
                while (answer := await house.signal(LANDLORD, body)).status_code == 503:
                    await asyncio.sleep(0.2)
            assert (answer.status_code, answer.json()["id"]) == (202, expected)
            found = await on_log(house, {expected})
            assert found, "what was accepted is on the log"
            assert len({house.opened(each.personal)["kenmerk"] for each in found}) == 1


async def test_a_delivery_that_ends_while_the_database_is_away_is_broken_off_when_it_is_back(
    own_kafka: str, session_folder: Path
) -> None:
    with EmbeddedPostgres(session_folder / "away", fsync=False) as server:
        migrate(server.url)
        async with running(own_kafka, server.url, session_folder) as house:
            await house.settle()

            async def halfway() -> AsyncIterator[bytes]:
                yield lines(*(signal_body() for _ in range(BATCH_ROWS)))
                while not await rows_of(house):
                    await asyncio.sleep(0.02)
                await asyncio.to_thread(server.stop)
                yield lines(*(signal_body() for _ in range(BATCH_ROWS)))

            headers = {"Content-Type": NDJSON}
            answer = await house.send(
                "POST", "/v1/leveringen", LANDLORD, "signalen", content=halfway(), headers=headers
            )
            assert answer.status_code == 503
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(60):
                while (found := await rows_of(house)) != [("afgebroken", BATCH_ROWS)]:
                    assert found == [("bezig", BATCH_ROWS)]
                    await asyncio.sleep(0.1)


async def rows_of(house: House) -> list[tuple[str, int]]:
    """Return status and number of rows of each delivery that has rows."""
    engine = make_engine(house.runtime.settings)
    query = """SELECT status, count(*) FROM ingest.deliveries JOIN ingest.delivery_rows USING (delivery_id)
               GROUP BY delivery_id, status"""
    try:
        async with engine.connect() as connection:
            return [(row[0], row[1]) for row in await connection.execute(text(query))]
    finally:
        await engine.dispose()


@dataclass
class Process:
    """ingest as an operating system process that can be killed and started again."""

    house: House
    environment: dict[str, str]
    client: httpx.AsyncClient
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from services.common.host import run; run('ingest')"]
        self.child = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.child is not None
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)

    async def post(self, path: str, content: bytes, kind: str, **others: str) -> httpx.Response:
        """Send until there is an answer, as a sender does."""
        headers = self.house.headers(LANDLORD, "signalen") | {"Content-Type": kind} | others
        while True:
            try:
                answer = await self.client.post(path, content=content, headers=headers)
            except httpx.TransportError:
                answer = httpx.Response(503)
            if answer.status_code != 503:
                return answer
            await asyncio.sleep(0.1)


@asynccontextmanager
async def process_of(house: House) -> AsyncIterator[Process]:
    from services.common.clock import set_clock
    from services.local.waiting import free_ports
    from tests.real.ingest.house import PSEUDONYM_KEY, VAULT_KEY

    [port] = free_ports(1)
    settings = house.runtime.settings
    clock = Path(settings.jwks).with_suffix(".clock")
    set_clock(clock, house.clock.now(), 0)
    environment = {
        "SIGNAALHUB_KAFKA": settings.kafka,
        "SIGNAALHUB_DATABASE_URL": settings.database_url.get_secret_value(),
        "SIGNAALHUB_ISSUER": settings.issuer,
        "SIGNAALHUB_JWKS": settings.jwks,
        "SIGNAALHUB_PSEUDONYM_KEY": PSEUDONYM_KEY,
        "SIGNAALHUB_VAULT_KEY": VAULT_KEY,
        "SIGNAALHUB_HTTP_PORT": str(port),
        "SIGNAALHUB_CLOCK_FILE": str(clock),
        "SIGNAALHUB_REPLICA": "killed",
    }
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        process = Process(house, {**os.environ, **environment}, client)
        process.start()
        try:
            yield process
        finally:
            process.kill()


async def test_signals_are_accepted_once_each_however_often_ingest_is_killed(house: House) -> None:
    bodies = [signal_body() for _ in range(60)]

    async def send_all(process: Process) -> set[str]:
        found = set()
        for body in bodies:
            answer = await process.post("/v1/signalen", lines(body), "application/json")
            assert answer.status_code == 202, answer.text
            found.add(answer.json()["id"])
        return found

    async with process_of(house) as process:
        sending = asyncio.create_task(send_all(process))
        for done in (5, 20, 40):
            while len(await memory_of(house, [body["kenmerk"] for body in bodies])) < done:
                await asyncio.sleep(0.01)
            process.kill()
            process.start()
        ids = await sending
    assert len(ids) == len(bodies)
    assert await memory_of(house, [body["kenmerk"] for body in bodies]) == ids
    assert {each.signal_id for each in await on_log(house, ids)} == ids


async def test_a_delivery_that_was_cut_off_by_a_kill_goes_on_when_it_is_sent_again(house: House) -> None:
    tag = uuid4().hex
    bodies = [signal_body(f"{tag}-{number}") for number in range(3000)]
    wrong = [signal_body(f"{tag}-wrong-{number}", bedragInCenten=-1) for number in range(300)]
    references, content = [body["kenmerk"] for body in bodies], bodies + wrong
    content.sort(key=lambda body: str(body["kenmerk"])[::-1])
    key = {"Idempotency-Key": tag}
    async with process_of(house) as process:
        sending = asyncio.create_task(process.post("/v1/leveringen", lines(*content), NDJSON, **key))
        while not await memory_of(house, references[:1000]):
            await asyncio.sleep(0.01)
        process.kill()
        begun = await memory_of(house, references)
        assert 0 < len(begun) < len(bodies)
        process.start()
        answer = (await sending).json()
        amounts = {"ontvangen": 3300, "geaccepteerd": 3000, "geweigerd": 300, "conflict": 0}
        assert answer["aantallen"] == amounts
    ids = await memory_of(house, references)
    assert len(ids) == len(bodies)
    found = await on_log(house, ids)
    assert {each.signal_id for each in found} == ids
    assert len(found) <= len(bodies) + BATCH_ROWS, "only the batch that was not noted is on the log again"
    refusals = [seen for seen in await house.on("refusals.v1") if isinstance(seen.event, Refusal)]
    mine = [
        seen
        for seen in refusals
        if isinstance(seen.event, Refusal) and seen.event.delivery_id == answer["id"]
    ]
    assert len({seen.id for seen in mine}) == len(wrong), "again under the same id"
    states: dict[str, set[bytes]] = {}
    for each in found[:200]:
        states.setdefault(each.signal_id, set()).add(repr(house.opened(each.personal)).encode())
    assert all(len(contents) == 1 for contents in states.values()), "the same again has the same content"
