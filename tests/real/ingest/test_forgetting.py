"""What has had its term is deleted, in small steps, and what has not stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import make_engine, transaction
from services.common.vault import DataClass, Entry, Vault
from services.ingest.delivery_storage import Counts, DeliveryStorage
from services.ingest.forgetting import DELIVERIES_KEPT, STEP, forget
from services.ingest.judging import Judged, Row
from services.ingest.storage import Remembered, remember
from tests.real.ingest.house import NOW, running

pytestmark = pytest.mark.real
YEAR, DAY = timedelta(days=365), timedelta(days=1)
LONG_AGO = datetime.fromisoformat("2001-01-01T00:00:00Z")
"""Before anything that other tests keep in the same tables."""


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


async def keep(engine: AsyncEngine, at: datetime, count: int, class_: DataClass = DataClass.SIGNAL) -> None:
    tag = uuid4().hex
    entries = [Entry(f"{tag}-{number}", "household", "town") for number in range(count)]
    async with transaction(engine) as connection:
        await Vault(bytes(32)).keep(connection, class_, entries, at)
        if class_ is DataClass.SIGNAL:
            spot = ("household", "town", "", at.date(), None)
            signals = [Remembered("creditor", entry.id, entry.id, "hash", *spot) for entry in entries]
            await remember(connection, signals, at)


async def deliver(engine: AsyncEngine, at: datetime, rows: int) -> str:
    storage, id_ = DeliveryStorage(engine, "forgetting"), str(uuid4())
    attempt = await storage.start(id_, None, "sender", at)
    judged = [Judged(Row(number, None, b""), None, ()) for number in range(rows)]
    await storage.add(attempt, judged, Counts(rows), "")
    return id_


async def counted(engine: AsyncEngine, until: datetime) -> dict[str, int]:
    queries = {
        "data keys": "common.vault WHERE created_at < :until",
        "signals": "ingest.signals WHERE accepted_at < :until",
        "delivery rows": "ingest.delivery_rows JOIN ingest.deliveries USING (delivery_id) "
        "WHERE started_at < :until",
        "deliveries": "ingest.deliveries WHERE started_at < :until",
    }
    async with engine.connect() as connection:
        return {
            what: (
                await connection.execute(text(f"SELECT count(*) FROM {query}"), {"until": until})
            ).scalar_one()
            for what, query in queries.items()
        }


async def test_a_data_key_and_the_memory_of_its_signal_go_together_when_their_term_is_over(
    engine: AsyncEngine,
) -> None:
    await keep(engine, LONG_AGO, 2 * STEP + 1)
    await keep(engine, LONG_AGO + DAY, 3)
    await keep(engine, LONG_AGO, 1, DataClass.REGISTRATION)
    assert await forget(engine, LONG_AGO + YEAR - DAY) == {}
    assert await forget(engine, LONG_AGO + YEAR) == {"data keys": 2 * STEP + 1, "signals": 2 * STEP + 1}
    assert await forget(engine, LONG_AGO + 2 * YEAR) == {"data keys": 3, "signals": 3}
    assert await forget(engine, LONG_AGO + 5 * YEAR) == {"data keys": 1}


async def test_a_delivery_goes_with_its_rows(engine: AsyncEngine) -> None:
    await deliver(engine, LONG_AGO, STEP + 1)
    await deliver(engine, LONG_AGO + DAY, 2)
    assert await forget(engine, LONG_AGO + DELIVERIES_KEPT) == {"delivery rows": STEP + 1, "deliveries": 1}
    assert (await counted(engine, LONG_AGO + 2 * DAY))["delivery rows"] == 2
    assert await forget(engine, LONG_AGO + DELIVERIES_KEPT + DAY) == {"delivery rows": 2, "deliveries": 1}


async def test_processes_that_forget_at_the_same_time_share_the_work(engine: AsyncEngine) -> None:
    await keep(engine, LONG_AGO, 3 * STEP)
    found = await asyncio.gather(*(forget(engine, LONG_AGO + YEAR) for _ in range(4)))
    assert sum(each.get("data keys", 0) for each in found) == 3 * STEP
    assert await forget(engine, LONG_AGO + YEAR) == {}


async def test_ingest_forgets_by_itself(
    kafka: str, database: str, session_folder: Path, engine: AsyncEngine
) -> None:
    await keep(engine, NOW - YEAR - DAY, 2)
    await deliver(engine, NOW - DELIVERIES_KEPT - DAY, 2)
    async with running(kafka, database, session_folder), asyncio.timeout(30):
        while (
            any((await counted(engine, NOW - YEAR)).values())
            or (await counted(engine, NOW - DELIVERIES_KEPT))["deliveries"]
        ):
            await asyncio.sleep(0.05)
