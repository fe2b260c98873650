"""What a user tries on a broker, and what came of it: asked of the broker itself, not of a careful client.

Fetch and Produce go as bare requests for all topics at once, because a client asks for metadata first and
would never try to read what it may not see.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.admin import DeleteRecordsRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from confluent_kafka import Consumer, KafkaError
from confluent_kafka.admin import AdminClient

from services.common.connection import connection, librdkafka
from services.common.settings import KafkaSettings

REFUSED = TopicAuthorizationFailedError.errno
_UNCOMMITTED, _ALL_BYTES = 0, 1_000_000
_GROUP, _TRANSACTION = 0, 1
_SECONDS = 60


async def refused_reading(user: KafkaSettings, topics: Iterable[str]) -> set[str]:
    """Return the topics of which the broker refuses the records."""
    asked = [(topic, [(0, 0, _ALL_BYTES)]) for topic in topics]
    async with _client(user) as (client, node):
        answer = await client.send(node, FetchRequest(0, 0, _ALL_BYTES, _UNCOMMITTED, asked))
    return {topic for topic, partitions in answer.topics if partitions[0][1] == REFUSED}


async def refused_writing(user: KafkaSettings, topics: Iterable[str]) -> set[str]:
    """Return the topics to which the broker lets this user write nothing."""
    asked = [(topic, [(0, _one_record())]) for topic in topics]
    async with _client(user) as (client, node):
        answer = await client.send(node, ProduceRequest(None, -1, 10_000, asked))
    return {topic for topic, partitions in answer.topics if partitions[0][1] == REFUSED}


async def refused_emptying(user: KafkaSettings, topics: Iterable[str]) -> set[str]:
    """Return the topics of which this user may delete no records; it asks for those before the first one."""
    asked = [(topic, [(0, 0)]) for topic in topics]
    async with _client(user) as (client, node):
        answer = await client.send(node, DeleteRecordsRequest(asked, 10_000))
    return {name for name, partitions, *_ in answer.topics if partitions[0][2] == REFUSED}


def seen_by(user: KafkaSettings) -> set[str]:
    """Return every topic that this user is told of."""
    return set(AdminClient({**librdkafka(user), "log_level": 0}).list_topics(timeout=_SECONDS).topics)


def refused_subscribing(user: KafkaSettings, group: str, topics: set[str]) -> set[str]:
    """Return the topics of which a usual consumer hears that it may not read them."""
    consumer = Consumer({**librdkafka(user), "group.id": group, "log_level": 0})
    refused: set[str] = set()
    try:
        consumer.subscribe(sorted(topics))
        end = time.monotonic() + _SECONDS
        while refused != topics and time.monotonic() < end:
            message = consumer.poll(1)
            if message is None or (error := message.error()) is None:
                continue
            if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                refused.add(str(message.topic()))
        return refused
    finally:
        consumer.close()


async def refused_groups(user: KafkaSettings, groups: Iterable[str]) -> set[str]:
    """Return the groups that the broker does not even show this user; who may read in one is shown it."""
    return await _refused_coordinators(user, groups, _GROUP, GroupAuthorizationFailedError.errno)


async def refused_transactions(user: KafkaSettings, ids: Iterable[str]) -> set[str]:
    """Return the transactional ids that this user may not use: with one it would fence whose it is."""
    refused = TransactionalIdAuthorizationFailed.errno
    return await _refused_coordinators(user, ids, _TRANSACTION, refused)


async def refused_members(user: KafkaSettings, topic: str, groups: Iterable[str]) -> set[str]:
    """Return the groups in which a usual consumer hears that it may not read `topic`, which is its own."""
    chosen = list(groups)
    heard = await asyncio.gather(*(_is_no_member(user, topic, group) for group in chosen))
    return {group for group, refused in zip(chosen, heard, strict=True) if refused}


async def _refused_coordinators(
    user: KafkaSettings, names: Iterable[str], kind: int, refused: int
) -> set[str]:
    async with _client(user) as (client, node):
        answers = {name: await client.send(node, FindCoordinatorRequest(name, kind)) for name in names}
    return {name for name, answer in answers.items() if answer.error_code == refused}


async def _is_no_member(user: KafkaSettings, topic: str, group: str) -> bool:
    consumer = AIOKafkaConsumer(topic, **connection(user), group_id=group)
    try:
        await consumer.start()
    except GroupAuthorizationFailedError:
        return True
    finally:
        await consumer.stop()
    return False


@asynccontextmanager
async def _client(user: KafkaSettings) -> AsyncIterator[tuple[AIOKafkaClient, int]]:
    client = AIOKafkaClient(**connection(user))
    try:
        await client.bootstrap()
        (broker,) = client.cluster.brokers()
        yield client, broker.nodeId
    finally:
        await client.close()


def _one_record() -> bytes:
    builder: Any = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=0,
        batch_size=1_000,
    )
    builder.append(0, timestamp=0, key=b"intruder", value=b"not wanted", headers=[])
    return bytes(builder.build())
