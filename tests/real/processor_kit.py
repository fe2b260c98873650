"""A processor of its own for each test: catalogue, topics with unique names, sending and reading back."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition
from pydantic import SecretStr

from services.common import cloudevents
from services.common.catalogue import Catalogue, ProcessorSpec, TenantTopic, Topic, changelog_of, dlq_of
from services.common.codec import Codec
from services.common.events import Event, Policy, Role
from services.common.health import Health
from services.common.partitioning import partition_of
from services.common.processor import Processor
from services.common.producers import discard, new_producer
from services.common.records import Effects, Message, Meta, Outgoing, WakeUp, partition_key
from services.common.registry import Released, RepositoryRegistry
from services.common.runtime import Runtime
from services.common.settings import REPOSITORY, Settings
from services.common.topics import apply

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECT = "policies"


class Hands:
    """A clock that stands still until somebody moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Kit:
    """One processor's surroundings."""

    kafka: str
    inputs: int = 1
    partitions: int = 2
    stateful: bool = True
    tenants: bool = False
    shares: int = 1
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")
    clock: Hands = field(default_factory=Hands)

    @property
    def topics(self) -> list[str]:
        """Input topics."""
        return [f"{self.name}.in{n}.v1" for n in range(self.inputs)]

    @property
    def out(self) -> str:
        return f"{self.name}.out.v1"

    def tenant(self, oin: str) -> str:
        return f"tenant.{oin}.{self.name}.v1"

    @property
    def catalogue(self) -> Catalogue:
        names = [*self.topics, self.out]
        topics = tuple(
            Topic(
                name=name,
                subject=SUBJECT,
                description="test",
                key="key",
                partitions=self.partitions,
                owner="test",
                producers=(),
                consumers=(),
                dlq=True,
                personal_data=False,
                retention_days=1,
            )
            for name in names
        )
        tenant = TenantTopic(
            name=self.tenant("{oin}"), subject=SUBJECT, roles=(Role.CREDITOR,), partitions=1, retention_days=1
        )
        outputs = (self.out, tenant.name) if self.tenants else (self.out,)
        spec = ProcessorSpec(
            name=self.name, service="test", inputs=tuple(self.topics), outputs=outputs, stateful=self.stateful
        )
        tenants = (tenant,) if self.tenants else ()
        return Catalogue(topics=topics, tenant_topics=tenants, processors=(spec,), projections=())

    async def make_topics(self) -> None:
        await apply(self.kafka, self.catalogue.hub_topics())

    async def runtime(self, replica: str = "0", registry: Any = None) -> Runtime:
        settings = Settings(
            kafka=self.kafka,
            database_url=SecretStr("postgresql+psycopg://nowhere"),
            issuer="test",
            jwks="none",
            pseudonym_key=b"AAAA",
            vault_key=SecretStr("AAAA"),
            replica=replica,
            shares=self.shares,
        )
        released = Released(REPOSITORY / "schemas")
        codec = Codec(released, registry or RepositoryRegistry(released))
        await codec.start()
        return Runtime("test", settings, self.clock, self.catalogue, codec, Health())

    @asynccontextmanager
    async def running(
        self, handler: Callable[..., Effects[Any]], state_type: Any = int, **more: Any
    ) -> AsyncIterator[Processor[Any]]:
        """Run a processor; `health(processor)` tells how it is."""
        runtime = await self.runtime(**more)
        processor = Processor(
            self.name, handler, state_type if self.stateful else None, partition_key, runtime
        )
        await processor.start()
        try:
            yield processor
        finally:
            await processor.stop()

    async def send(self, records: Iterable["Sent"], topic: str | None = None) -> None:
        """Write records, each to the partition of its key, and wait until they are there."""
        codec = (await self.runtime()).codec
        producer = new_producer(self.kafka)
        await producer.start()
        try:
            futures = []
            for sent in records:
                name = topic or self.topics[sent.input]
                futures.append(
                    await producer.send(
                        name,
                        key=None if sent.key is None else sent.key.encode(),
                        value=sent.encoded(codec),
                        headers=sent.headers,
                        partition=partition_of(sent.key or "", self.partitions),
                    )
                )
            await asyncio.gather(*futures)
        finally:
            await discard(producer)

    async def read(self, topic: str, isolation: str = "read_committed") -> list[ConsumerRecord]:
        """Return all that is in a topic now, per partition in order."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka, isolation_level=isolation, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            return await _read(consumer, topic)
        finally:
            await consumer.stop()

    async def outputs(self, topic: str | None = None) -> list[tuple[str, int]]:
        """Return key and number of every record of the output topic."""
        codec = (await self.runtime()).codec
        return [
            (record.key.decode(), codec.decode(record.value, SUBJECT).pause_days)  # type: ignore[union-attr]
            for record in await self.read(topic or self.out)
        ]

    async def dead(self, number: int = 0) -> list[ConsumerRecord]:
        return await self.read(dlq_of(self.topics[number]))

    async def changelog(self) -> dict[str, bytes | None]:
        return {record.key.decode(): record.value for record in await self.read(changelog_of(self.name))}

    async def committed(self) -> dict[TopicPartition, int]:
        """Return the committed offsets of the processor's group."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(self.name)
        finally:
            await admin.close()
        return {tp: offset.offset for tp, offset in found.items()}

    async def until_outputs(self, count: int, seconds: float = 30, topic: str | None = None) -> list[Any]:
        """Return the outputs when there are `count` of them."""
        end = monotonic() + seconds
        while len(found := await self.outputs(topic)) < count:
            assert monotonic() < end, f"{len(found)} outputs of {count} after {seconds} s"
            await asyncio.sleep(0.1)
        return found


@dataclass(frozen=True)
class Sent:
    """A record to send: a policy of `number` days, or `raw` bytes as they are."""

    key: str | None
    number: int = 0
    input: int = 0
    time: datetime = START
    raw: bytes | None = None
    meta: bool = True

    def encoded(self, codec: Codec) -> bytes:
        return self.raw or codec.encode(Policy(municipality=self.key or "", pause_days=self.number))

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        if not self.meta:
            return [("other", b"1")]
        return cloudevents.headers(
            Meta(
                f"{self.key}-{self.number}",
                "urn:test",
                "nl.signaalhub.policies.set",
                self.time,
                "00-trace-01",
            )
        )


def count(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
    """Emit how many records this key has had."""
    assert isinstance(cause, Message)
    total = (state or 0) + 1
    return Effects(total, (counted(cause.topic, cause.key, total),))


def counted(source: str, key: str, total: int, topic: str | None = None) -> Outgoing:
    target = topic or f"{source.partition('.')[0]}.out.v1"
    event: Event = Policy(municipality=key, pause_days=total)
    return Outgoing(target, key, event, "counted", f"{key}-{total}")


async def until(condition: Callable[[], Any], seconds: float = 30, what: str = "") -> Any:
    """Return what `condition` gives once it is true."""
    end = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < end, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return found


def partitions_of(processor: Processor[Any]) -> list[int]:
    return sorted(number for unit in processor._units for number in unit.partitions)


def trouble(processor: Processor[Any]) -> str | None:
    return processor._runtime.health.report()[processor._rules.name]


async def healthy(processor: Processor[Any], seconds: float = 30) -> None:
    await until(lambda: trouble(processor) is None, seconds, "healthy")


async def _read(consumer: AIOKafkaConsumer, topic: str) -> list[ConsumerRecord]:
    await consumer.topics()
    consumer.assign([TopicPartition(topic, 0)])
    partitions = [TopicPartition(topic, p) for p in sorted(await _partitions(consumer, topic))]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    found: dict[TopicPartition, list[ConsumerRecord]] = {tp: [] for tp in partitions}
    for tp in partitions:
        while await consumer.position(tp) < ends[tp]:
            for at, records in (await consumer.getmany(timeout_ms=100)).items():
                found[at] += records
    return [record for tp in partitions for record in found[tp] if record.offset < ends[tp]]


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> Sequence[int]:
    while not (found := consumer.partitions_for_topic(topic)):
        await asyncio.sleep(0.02)
    return sorted(found)
