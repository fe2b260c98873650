"""A creditor writes to its own topic: taken in once each, whoever is killed, and deleted after."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.common.events import Refusal, Signal
from services.common.identifiers import derived_id
from services.ingest import kafka_intake
from tests.real.ingest.house import ENERGY, LANDLORD, House, signal_body
from tests.real.ingest.test_crashes import process_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def topic_of(party: str) -> TopicPartition:
    return TopicPartition(f"intake.{party}.signalen.v1", 0)


async def write(house: House, party: str, *values: bytes) -> None:
    """Write as a creditor's own software does."""
    producer = AIOKafkaProducer(bootstrap_servers=house.runtime.settings.kafka, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic_of(party).topic, value)
    finally:
        await producer.stop()


async def bounds(house: House, party: str) -> tuple[int, int]:
    """Return the first offset that is still there, and the end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=house.runtime.settings.kafka)
    await consumer.start()
    try:
        place = topic_of(party)
        first = (await consumer.beginning_offsets([place]))[place]
        return int(first), int((await consumer.end_offsets([place]))[place])
    finally:
        await consumer.stop()


async def seen_of(house: House, references: list[str]) -> list[str]:
    """Return the ids of these signals of LANDLORD on the log, each as often as it is there."""
    ids = {derived_id("signal", LANDLORD, reference) for reference in references}
    found = [seen.event for seen in await house.on("signals.v1")]
    return sorted(each.signal_id for each in found if isinstance(each, Signal) and each.signal_id in ids)


async def refusals_of(house: House, party: str) -> list[Any]:
    found = [seen.event for seen in await house.on("refusals.v1")]
    return [r for r in found if isinstance(r, Refusal) and r.delivery_id == f"{topic_of(party).topic}/0"]


async def until(asked: Any) -> None:
    async with asyncio.timeout(60):
        while not await asked():
            await asyncio.sleep(0.2)


async def test_what_a_party_writes_is_judged_as_its_own_and_deleted_when_it_is_taken_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_intake, "DELETE_SECONDS", 0.2)
    good, other = signal_body(signaalpartner="Energie"), signal_body(schuldeiser=LANDLORD)
    changed = good | {"bedragInCenten": 1}
    values = [json.dumps(body).encode() for body in (good, other, changed)]
    await write(house, ENERGY, *values[:2], b"{no json", values[2])

    async def done() -> bool:
        return len(await refusals_of(house, ENERGY)) == 3

    await until(done)
    found = {r.row: r.reasons for r in await refusals_of(house, ENERGY)}
    assert set(found) == {1, 2, 3}
    assert "NOT_REPRESENTED" in found[1]
    assert (found[2], found[3]) == (("UNREADABLE",), ("REFERENCE_CONFLICT",))
    events = [seen.event for seen in await house.on("signals.v1")]
    mine = [e for e in events if isinstance(e, Signal) and e.creditor == ENERGY]
    assert derived_id("signal", ENERGY, good["kenmerk"]) in {each.signal_id for each in mine}
    assert {each.sender for each in mine} == {ENERGY}

    async def deleted() -> bool:
        first, end = await bounds(house, ENERGY)
        return first >= 4 and first <= end

    await until(deleted)


async def test_kills_in_the_middle_lose_and_double_nothing(house: House) -> None:
    tag = uuid4().hex
    references = [f"{tag}-{number}" for number in range(1500)]
    wrong = [
        json.dumps(signal_body(f"{tag}-wrong-{number}", bedragInCenten=-1)).encode() for number in range(100)
    ]
    bodies = [json.dumps(signal_body(reference)).encode() for reference in references]
    async with process_of(house) as process:
        for part in range(5):
            await write(
                house, LANDLORD, *bodies[part * 300 : part * 300 + 300], *wrong[part * 20 : part * 20 + 20]
            )
            if part in (1, 3):
                process.kill()
                process.start()

        async def all_there() -> bool:
            return len(set(await seen_of(house, references))) == len(references)

        await until(all_there)

        async def all_refused() -> bool:
            return len(await refusals_of(house, LANDLORD)) >= len(wrong)

        await until(all_refused)
    assert len(await seen_of(house, references)) == len(references), "each once"
    refused = [r.signal_id for r in await refusals_of(house, LANDLORD)]
    assert len(refused) == len(set(refused)) == len(wrong)
