"""All services as they are wired, and on every topic what nobody can read, amid good records.

The table is topics.yaml: a new topic is in it by itself.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.catalogue import Topic, dlq_of, load_catalogue
from services.common.codec import Codec
from services.common.database import make_engine, migrate
from services.common.dlq.box import reading
from services.common.events import Role
from services.common.host import Parts
from services.common.processor import Processor
from services.common.projection import Projection
from services.common.runtime import Runtime
from services.common.settings import REPOSITORY, KafkaSettings
from services.common.testing import FakeClock, make_runtime
from services.common.topics import apply, wanted_topics
from services.common.view import View
from services.local.postgres import EmbeddedPostgres
from tests.real.poisoning import (
    EXAMPLES,
    NOW,
    POISONS,
    RELEASED,
    LaterRegistry,
    Row,
    headers,
    new_key,
    poisoned,
    rows,
)
from tests.real.primitives import running, until

pytestmark = pytest.mark.real

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
SERVICES = ("ingest", "matcher", "notifier", "feedback")
WITH_DLQ = [topic for topic in CATALOGUE.topics if topic.dlq]
VIEWED = [
    *(topic for topic in CATALOGUE.topics if topic.consumers and not topic.dlq),
    CATALOGUE.topic("registrations.by-person.v1"),  # by a processor too
]
ERRORS = (
    *("dlq_error_name", "dlq_error_message", "dlq_source_topic", "dlq_source_partition"),
    "dlq_source_offset",
)
_POSITION = text("""
    SELECT next_offset FROM common.projection_offsets
    WHERE projection = :name AND topic = :topic AND partition = :partition
""")
CONSUMERS = [
    *((spec.service, spec.name, spec.inputs[-1]) for spec in CATALOGUE.processors),
    *((spec.service, spec.name, spec.inputs[-1]) for spec in CATALOGUE.projections),
]

topics = pytest.mark.parametrize("topic", WITH_DLQ, ids=lambda topic: topic.name)
consumers = pytest.mark.parametrize(("service", "name", "input_"), CONSUMERS, ids=str)


Sent = tuple[Row, int, int]
"""A record with its partition and offset."""


@dataclass
class Hub:
    """Four services in this process, and what was written to each topic."""

    kafka: str
    engine: AsyncEngine
    runtimes: dict[str, Runtime]
    parts: dict[str, Parts]
    written: dict[str, list[Sent]]
    """By topic, what was written before the first test."""

    def readers(self, topic: str, kind: type[Any]) -> list[Any]:
        """Return the parts of this kind that read a topic."""
        found = [part for parts in self.parts.values() for part in parts.services if isinstance(part, kind)]
        return [part for part in found if topic in inputs(part)]

    async def write(self, topic: Topic, found: Sequence[Row], partition: int | None = None) -> list[Sent]:
        """Write in one partition, the given one or that of the first key."""
        sent: list[Sent] = []
        async with AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all") as producer:
            for row in found:
                at = await producer.send_and_wait(
                    topic.name, row.value, row.key, partition, headers=list(row.headers)
                )
                partition = at.partition
                sent.append((row, at.partition, at.offset))
        return sent

    def consumers(self, topic: str) -> list[Any]:
        return [*self.readers(topic, Processor), *self.readers(topic, Projection)]

    async def position(self, part: Any, tp: TopicPartition) -> int:
        """Return the next offset of a processor or projection, as it is committed."""
        if isinstance(part, Projection):
            return await self._position_in_database(part._group, tp)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(part._rules.name)
        finally:
            await admin.close()
        return found[tp].offset if tp in found else -1

    async def _position_in_database(self, name: str, tp: TopicPartition) -> int:
        values = {"name": name, "topic": tp.topic, "partition": tp.partition}
        async with self.engine.connect() as connection:
            return await connection.scalar(_POSITION, values) or -1

    def trouble(self, service: str, part: str) -> str | None:
        return self.runtimes[service].health.report()[part]


def inputs(part: Any) -> set[str]:
    match part:
        case View():
            return {part._topic.name}
        case Projection():
            return set(part._subjects)
        case _:
            return set(part._rules.subjects)


def name_of(part: Any) -> str:
    return str(part._group if isinstance(part, Projection) else part._rules.name)


@pytest.fixture(scope="module")
def own_database(session_folder: Path) -> Iterator[str]:
    """Places of projections belong to one broker."""
    with EmbeddedPostgres(session_folder / "poison-pg", fsync=False) as server:
        migrate(server.url)
        yield server.url


@pytest.fixture(scope="module")
async def hub(own_kafka: str, own_database: str) -> AsyncIterator[Hub]:
    """Start everything once, and write to all topics at once."""
    codec = Codec(RELEASED, LaterRegistry(RELEASED))
    await codec.start()
    await apply(own_kafka, wanted_topics(CATALOGUE, dict.fromkeys(parties(), tuple(Role))))
    runtimes, parts = {}, {}
    for name in SERVICES:
        plain = await make_runtime(name, clock=FakeClock(NOW), kafka=own_kafka, database_url=own_database)
        runtimes[name] = replace(plain, codec=codec)
        parts[name] = import_module(f"services.{name}.app").build(runtimes[name])
    engine = make_engine(own_database)
    found = Hub(own_kafka, engine, runtimes, parts, {})
    async with running(*(part for each in parts.values() for part in each.services)):
        await until(lambda: all_well(found), 90, "health of all")
        for topic in CATALOGUE.topics:
            found.written[topic.name] = await found.write(topic, list(rows(topic, codec)))
        yield found
    await engine.dispose()


def parties() -> set[str]:
    """Return every party of the examples: what goes to one without topics would go to a DLQ as well."""
    return {oin for path in EXAMPLES.rglob("*.json") for oin in re.findall(r"\b\d{20}\b", path.read_text())}


def all_well(hub: Hub) -> bool:
    return not any(reason for each in hub.runtimes.values() for reason in each.health.report().values())


@topics
async def test_what_nobody_can_read_is_in_the_dlq_as_it_was_and_the_rest_goes_on(
    hub: Hub, topic: Topic
) -> None:
    readers = hub.consumers(topic.name)
    written = hub.written[topic.name]
    _, partition, last = written[-1]
    for part in readers:
        async with asyncio.timeout(60):
            while await hub.position(part, TopicPartition(topic.name, partition)) <= last:
                await asyncio.sleep(0.1)
    expected = [letter_of(topic, *each) for each in written if each[0].reason]
    found = [each for each in await read(hub.kafka, dlq_of(topic.name)) if offset_of(each) <= last]
    assert len(found) == len(readers) * len(expected) > 0
    for name in map(name_of, readers):
        assert [seen(each) for each in found if of(each)["dlq_processor"] == name] == expected


def letter_of(topic: Topic, row: Row, partition: int, offset: int) -> tuple[Any, ...]:
    reason = ("ContractError", row.reason, topic.name, str(partition), str(offset))
    return row.key, row.value, row.headers, reason


def seen(letter: ConsumerRecord) -> tuple[Any, ...]:
    assert [name for name, _ in letter.headers[-7:]] == [*ERRORS, "dlq_failed_at", "dlq_processor"]
    return letter.key, letter.value, letter.headers[:-7], tuple(of(letter)[name] for name in ERRORS)


def of(letter: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers}


def offset_of(letter: ConsumerRecord) -> int:
    return int(of(letter)["dlq_source_offset"])


async def read(kafka: str, topic: str) -> list[ConsumerRecord]:
    """Return all that is in a topic of one partition."""
    async with reading(KafkaSettings(kafka=kafka)) as reader:
        [tp] = await reader.partitions(topic)
        return [each async for each in reader.records(tp, 0, await reader.end(tp))]


@pytest.mark.parametrize("topic", CATALOGUE.topics, ids=lambda topic: topic.name)
async def test_a_topic_without_a_dlq_is_read_by_views_that_health_speaks_for(hub: Hub, topic: Topic) -> None:
    assert bool(hub.readers(topic.name, View)) == (topic in VIEWED)
    assert topic.dlq or topic in VIEWED or not topic.consumers, "nobody would hear of what cannot be read"


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("topic", VIEWED, ids=lambda topic: topic.name)
async def test_a_view_goes_on_and_health_names_what_it_could_not_read(
    hub: Hub, topic: Topic, poison: str
) -> None:
    views, codec = hub.readers(topic.name, View), hub.runtimes["ingest"].codec
    good, partition, _ = hub.written[topic.name][-1]
    bad = poisoned(topic, codec, poison, new_key())
    beside = replace(good, key=new_key())
    await hub.write(topic, [bad, beside], partition)
    for view in views:
        await until(partial(shown, view, beside), 60, topic.name)
        assert view.trouble == "1 keys have a record that cannot be read"
        assert shown(view, good)
        assert not shown(view, bad)
    await hub.write(topic, [replace(good, key=bad.key)], partition)
    for view in views:
        await until(partial(shown, view, bad), 60, topic.name)
        assert view.trouble is None


def shown(view: View[Any], row: Row) -> bool:
    return view.get(row.key.decode()) is not None


@consumers
async def test_over_the_limit_it_halts_and_health_says_503_and_why(
    hub: Hub, service: str, name: str, input_: str
) -> None:
    topic = CATALOGUE.topic(input_)
    bad = Row(b"a stranger", b"\xff no record at all", headers(topic))
    await hub.write(topic, [bad] * 20, 0)
    await until(lambda: "halted" in (hub.trouble(service, name) or ""), 60, f"{name} halted")
    transport = httpx.ASGITransport(hub.parts[service].api)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.get("/health")
    assert answer.status_code == 503
    assert "20 records in a row cannot be handled" in answer.json()["onderdelen"][name]
