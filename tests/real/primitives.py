"""What the tests of the primitives share: a runtime with topics of its own, and plain Kafka clients."""

import asyncio
import base64
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from services.common.catalogue import Topic, dlq_of, load_catalogue
from services.common.clock import SystemClock
from services.common.codec import Codec
from services.common.events import Policy
from services.common.health import Health
from services.common.records import Outgoing
from services.common.registry import Released, RepositoryRegistry
from services.common.runtime import Runtime
from services.common.settings import REPOSITORY, Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMAS = REPOSITORY / "schemas"
NO_DATABASE = "postgresql+psycopg://nowhere"


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def settings_for(bootstrap: str, database_url: str = NO_DATABASE, replica: str = "0") -> Settings:
    key = base64.b64encode(bytes(32)).decode()
    return Settings.model_validate(
        {
            "kafka": bootstrap,
            "database_url": database_url,
            "issuer": "test",
            "jwks": "none",
            "pseudonym_key": key,
            "vault_key": key,
            "replica": replica,
        }
    )


def topic_of(name: str, partitions: int = 3) -> Topic:
    return Topic(
        name=name,
        subject="policies",
        description="of a test",
        key="municipality",
        partitions=partitions,
        owner="test",
        producers=(),
        consumers=(),
        dlq=True,
        personal_data=False,
        compacted=True,
    )


async def make_runtime(
    bootstrap: str, *topics: str, database_url: str = NO_DATABASE, replica: str = "0"
) -> Runtime:
    """A runtime whose catalogue also has these topics of policies."""
    catalogue = load_catalogue(SCHEMAS)
    released = Released(SCHEMAS)
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    return Runtime(
        service="test",
        settings=settings_for(bootstrap, database_url, replica),
        clock=SystemClock(),
        catalogue=replace(catalogue, topics=(*catalogue.topics, *map(topic_of, topics))),
        codec=codec,
        health=Health(),
    )


async def make_topics(bootstrap: str, *topics: str, partitions: int = 3) -> None:
    """Make these topics, compacted, and their DLQs."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    compact = {"cleanup.policy": "compact"}
    plain = [NewTopic(topic, partitions, 1, topic_configs=compact) for topic in topics]
    await admin.create_topics([*plain, *(NewTopic(dlq_of(topic), 1, 1) for topic in topics)])
    await admin.close()


def policy(topic: str, key: str, days: int = 30) -> Outgoing:
    event = Policy(municipality=key, pause_days=days)
    return Outgoing(topic, key, event, "changed", f"{key}-{days}")


def tombstone(topic: str, key: str) -> Outgoing:
    return Outgoing(topic, key, None, "removed", f"{key}-removed")


async def read_until(bootstrap: str, topic: str, keys: set[bytes], seconds: float = 20) -> None:
    """Read committed records of a topic from its start until all these keys were seen."""
    async with asyncio.timeout(seconds), reader(bootstrap, topic) as consumer:
        while keys:
            keys = keys - {(await consumer.getone()).key}


def reader(bootstrap: str, *topics: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest", isolation_level="read_committed"
    )


async def read_all(bootstrap: str, topic: str, count: int, seconds: float = 20) -> list[ConsumerRecord]:
    """Read committed records of a topic from its start until there are `count`."""
    async with asyncio.timeout(seconds), reader(bootstrap, topic) as consumer:
        return [await consumer.getone() for _ in range(count)]


async def until(condition: Callable[[], bool], seconds: float = 20, what: str = "the condition") -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        await asyncio.sleep(0.02)


async def freeze(pid: int) -> None:
    """Stop a process, and return when each of its threads stands still: SIGSTOP alone takes a moment."""
    os.kill(pid, signal.SIGSTOP)
    await until(lambda: _stands_still(pid), what="all threads stopped")


def _stands_still(pid: int) -> bool:
    try:
        threads = [each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/stat")]
    except FileNotFoundError:  # a thread that has just ended
        return False
    return all(each.rpartition(")")[2].split()[0] == "T" for each in threads)


@asynccontextmanager
async def running(*services: object) -> AsyncIterator[None]:
    """Start mode services, and stop them at the end."""
    started = []
    try:
        for service in services:
            await service.start()  # type: ignore[attr-defined]
            started.append(service)
        yield
    finally:
        for service in reversed(started):
            await service.stop()  # type: ignore[attr-defined]
