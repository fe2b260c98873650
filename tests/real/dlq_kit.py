"""A topic with letters for each test, made as the hub makes them: by what `dead_letter` returns."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord
from aiokafka.structs import TopicPartition

from services.common import cloudevents
from services.common.catalogue import PhysicalTopic, Topic, dlq_of
from services.common.codec import Codec
from services.common.dlq.box import reading
from services.common.dlq.letters import Fate, Letter
from services.common.dlq.replay import Report, Wish, replay
from services.common.dlq.summary import letters
from services.common.errors import ContractError
from services.common.events import Case, Event, Policy
from services.common.processor.poison import dead_letter
from services.common.producers import discard, new_producer
from services.common.records import Meta
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY, KafkaSettings
from services.common.topics import apply
from tests.flow.examples import example
from tests.real.primitives import unique

WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = example("cases/opened", Case)
Row = tuple[bytes | None, bytes | None, list[tuple[str, bytes]], int]
"""Key, value, headers and partition."""


def topic_of(name: str, subject: str = "policies", *, compacted: bool = False) -> Topic:
    return Topic(
        name=name,
        subject=subject,
        description="of a test",
        key="key",
        partitions=2,
        owner="test",
        producers=(),
        consumers=(),
        dlq=True,
        personal_data=False,
        compacted=compacted,
        retention_days=None if compacted else 14,
    )


@dataclass
class Post:
    """A topic, its DLQ, and what a test does with them."""

    kafka: KafkaSettings
    topic: Topic
    codec: Codec

    async def write(self, rows: Sequence[Row], topic: str | None = None) -> None:
        producer = new_producer(self.kafka)
        await producer.start()
        try:
            for key, value, headers, partition in rows:
                name = topic or self.topic.name
                await producer.send_and_wait(name, value, key, partition, headers=headers)
        finally:
            await discard(producer)

    def row(self, key: str, event: Event | None, id: str = "e1", partition: int = 0) -> Row:
        meta = Meta(id, "urn:test", f"nl.signaalhub.{self.topic.subject}.set", WHEN)
        value = None if event is None else self.codec.encode(event)
        return key.encode(), value, cloudevents.headers(meta), partition

    def policy(self, key: str, days: int = 30, partition: int = 0) -> Row:
        return self.row(key, Policy(municipality=key, pause_days=days), f"{key}-{days}", partition)

    async def records(self, topic: str | None = None, *, committed: bool = True) -> list[ConsumerRecord]:
        """Return all that is in a topic, per partition in order."""
        found = []
        async with reading(self.kafka) as reader:
            for tp in await reader.partitions(topic or self.topic.name):
                end = await reader.end(tp)
                found += [each async for each in reader.records(tp, 0, end, committed=committed)]
        return found

    async def fail(
        self, *records: ConsumerRecord, consumer: str = "c1", error: Exception | None = None
    ) -> None:
        """Bury records as a consumer does."""
        rows: list[Row] = []
        for record in records:
            cause = error or ContractError("schema id 9 is unknown to the registry")
            value, headers = dead_letter(record, cause, consumer, WHEN)
            rows.append((record.key, value, headers, 0))
        await self.write(rows, dlq_of(self.topic.name))

    async def failed(self, *rows: Row, consumer: str = "c1") -> list[ConsumerRecord]:
        """Write records, bury them, and return them."""
        there = len(await self.records())
        await self.write(rows)
        found = await self.records()
        new = sorted(found, key=lambda each: each.timestamp)[there:] if there else found
        await self.fail(*new, consumer=consumer)
        return new

    async def replay(self, **wish: Any) -> Report:
        return await replay(self.kafka, self.topic, self.codec, Wish(**wish))

    async def letters(self) -> list[tuple[Letter, Fate | None]]:
        return [(letter, fate) async for _, letter, fate in letters(self.kafka, self.topic)]

    async def sent_back(self) -> list[ConsumerRecord]:
        """Return what replays wrote, per partition in order."""
        return [r for r in await self.records() if any(name == "dlq_replays" for name, _ in r.headers)]


async def make_post(kafka: str, subject: str = "policies", *, compacted: bool = False) -> Post:
    return await post_of(kafka, topic_of(unique("dlq"), subject, compacted=compacted))


async def post_of(kafka: str, topic: Topic) -> Post:
    released = Released(REPOSITORY / "schemas")
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    await apply(
        kafka,
        [
            PhysicalTopic(
                name=topic.name,
                partitions=topic.partitions,
                compacted=topic.compacted,
                retention_days=topic.retention_days,
            ),
            PhysicalTopic(name=dlq_of(topic.name), partitions=1, retention_days=28),
        ],
    )
    return Post(KafkaSettings(kafka=kafka), topic, codec)


def headers_of(record: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


def place(record: ConsumerRecord) -> tuple[TopicPartition, int]:
    return TopicPartition(record.topic, record.partition), record.offset


async def settled(post: Post, count: int, seconds: float = 40) -> list[tuple[Letter, Fate | None]]:
    """Return the letters once there are `count`."""
    async with asyncio.timeout(seconds):
        while len(found := await post.letters()) < count:
            await asyncio.sleep(0.1)
    return found
