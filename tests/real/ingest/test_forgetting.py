"""What has had its term is deleted, in small steps, and what has not stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import make_engine, transaction
from services.common.terms import Terms, end_of
from services.ingest.delivery_storage import Counts, DeliveryStorage
from services.ingest.forgetting import DELIVERIES_KEPT, STEP, forget
from services.ingest.judging import Delivery, Judged, Row
from services.ingest.storage import Remembered, remember
from tests.real.ingest.house import NOW, running

pytestmark = pytest.mark.real
TERMS = Terms(signal=6, picked_up=12, case=18, registration=60, debt_report=6)
DAY = timedelta(days=1)
LONG_AGO = datetime.fromisoformat("2001-01-01T00:00:00Z")
LATER = datetime.fromisoformat("2001-02-02T00:00:00Z")
"""Before anything that other tests keep in the same tables."""


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    yield engine
    await engine.dispose()


async def take_in(engine: AsyncEngine, at: datetime, count: int) -> None:
    tag = uuid4().hex
    spot = ("household", "town", "", at.date(), None)
    signals = [Remembered("creditor", f"{tag}-{n}", f"{tag}-{n}", "hash", *spot) for n in range(count)]
    async with transaction(engine) as connection:
        await remember(connection, signals, at)


async def deliver(engine: AsyncEngine, at: datetime, rows: int) -> str:
    storage, id_ = DeliveryStorage(engine, "forgetting"), str(uuid4())
    attempt = await storage.start(id_, None, "sender", at)
    judged = [Judged(Row(number, None, b""), Delivery("sender", id_), None, ()) for number in range(rows)]
    await storage.add(attempt, judged, Counts(rows), "")
    return id_


async def counted(engine: AsyncEngine, until: datetime) -> dict[str, int]:
    queries = {
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


async def test_the_memory_of_a_signal_goes_when_no_service_knows_it_any_more(engine: AsyncEngine) -> None:
    await take_in(engine, LONG_AGO, 2 * STEP + 1)
    await take_in(engine, LATER, 3)
    over = end_of(LONG_AGO, TERMS.case)
    assert await forget(engine, over - timedelta(seconds=1), TERMS) == {}
    assert await forget(engine, over, TERMS) == {"signals": 2 * STEP + 1}
    assert await forget(engine, end_of(LATER, TERMS.case), TERMS) == {"signals": 3}


async def test_a_delivery_goes_with_its_rows(engine: AsyncEngine) -> None:
    await deliver(engine, LONG_AGO, STEP + 1)
    await deliver(engine, LONG_AGO + DAY, 2)
    over = LONG_AGO + DELIVERIES_KEPT
    assert await forget(engine, over, TERMS) == {"delivery rows": STEP + 1, "deliveries": 1}
    assert (await counted(engine, LONG_AGO + 2 * DAY))["delivery rows"] == 2
    assert await forget(engine, over + DAY, TERMS) == {"delivery rows": 2, "deliveries": 1}


async def test_processes_that_forget_at_the_same_time_share_the_work(engine: AsyncEngine) -> None:
    await take_in(engine, LONG_AGO, 3 * STEP)
    over = end_of(LONG_AGO, TERMS.case)
    found = await asyncio.gather(*(forget(engine, over, TERMS) for _ in range(4)))
    assert sum(each.get("signals", 0) for each in found) == 3 * STEP
    assert await forget(engine, over, TERMS) == {}


async def test_ingest_forgets_by_itself(
    kafka: str, database: str, session_folder: Path, engine: AsyncEngine
) -> None:
    old = datetime(2024, 8, 31, tzinfo=UTC)
    await take_in(engine, old, 2)
    await deliver(engine, NOW - DELIVERIES_KEPT - DAY, 2)
    async with running(kafka, database, session_folder), asyncio.timeout(30):
        while (await counted(engine, old + DAY))["signals"] or (await counted(engine, NOW - DELIVERIES_KEPT))[
            "deliveries"
        ]:
            await asyncio.sleep(0.05)
