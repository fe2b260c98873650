"""A broker of one benchmark's own, a runtime for it, and quick filling and counting of topics."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from pydantic import SecretStr

from services.common.errors import PermanentError, TransientError
from services.common.host import make_runtime
from services.common.runtime import Runtime
from services.common.settings import Settings

_QUEUE_FULL_SECONDS = 0.05
_FLUSH_SECONDS = 60.0
_READ_SECONDS = 60.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Record:
    """A record as bytes; Kafka's own partitioner places it, so a key with a slash needs `partition`."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    partition: int = -1


@asynccontextmanager
async def bench_runtime(kafka: str) -> AsyncIterator[Runtime]:
    """Yield the surroundings of a service for this process."""
    nothing = {"database_url": SecretStr("postgresql+psycopg://"), "issuer": "bench", "jwks": "bench"}
    settings = Settings(kafka=kafka, shares=12, pseudonym_key=b"AAAA", vault_key=b"AAAA", **nothing)  # type: ignore[arg-type]
    async with make_runtime("bench", settings) as runtime:
        yield runtime


def fill(kafka: str, records: Iterable[Record]) -> int:
    """Write records and return how many, once the broker has them all."""
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "partitioner": "murmur2",
            "linger.ms": 20,
            "enable.idempotence": True,
            "log_level": 0,
        }
    )
    count = 0
    for each in records:
        _produce(producer, each)
        count += 1
    if producer.flush(_FLUSH_SECONDS):
        raise TransientError("the broker did not take all records in time")
    return count


def _produce(producer: Producer, each: Record) -> None:
    while True:
        try:
            producer.produce(
                each.topic, each.value, each.key, partition=each.partition, headers=list(each.headers)
            )
            return
        except BufferError:
            producer.poll(_QUEUE_FULL_SECONDS)


def count_records(kafka: str, topic: str, partitions: int, expected: int) -> None:
    """Read a topic under `read_committed`; not exactly `expected` records is a `PermanentError`."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "bench-count",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
    try:
        found = sum(1 for _ in _until_ends(consumer, partitions))
    finally:
        consumer.close()
    if found != expected:
        raise PermanentError(f"{topic} has {found} records and should have {expected}")


def _until_ends(consumer: Consumer, partitions: int) -> Iterator[None]:
    ended: set[int | None] = set()
    end = monotonic() + _READ_SECONDS
    while len(ended) < partitions:
        if monotonic() > end:
            raise TransientError("the broker does not give all records in time")
        for message in consumer.consume(1_000, timeout=0.1):
            if message.error():
                ended.add(message.partition())
            else:
                yield


@asynccontextmanager
async def admin_of(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield a started admin client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[str, int]:
    """Return how far a group has come: the sum of its committed offsets per topic."""
    found: dict[str, int] = {}
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    except KafkaError as error:
        if not error.retriable:
            raise
        return found  # the broker has had no group yet
    for at, offset in offsets.items():
        found[at.topic] = found.get(at.topic, 0) + max(0, offset.offset)
    return found


async def until_committed(admin: AIOKafkaAdminClient, group: str, topic: str, offset: int) -> None:
    """Return when the committed offsets of a topic add up to this."""
    while (await committed(admin, group)).get(topic, 0) < offset:
        await asyncio.sleep(_POLL_SECONDS)
