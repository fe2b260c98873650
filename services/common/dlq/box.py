"""Reading a dead-letter topic, and any topic, from here to there, outside any group."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from time import monotonic

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.common.catalogue import dlq_of
from services.common.connection import connection
from services.common.dlq.letters import Fate, Letter, letter_of, marked
from services.common.errors import ConfigurationError, TransientError
from services.common.processor.consumers import stop
from services.common.settings import KafkaSettings

_POLL_MS = 250
_FETCH_MS = 20
"""Short: a partition is read from here to there, and the next one waits while the broker waits for more."""
_METADATA_SECONDS = 0.02
_STOP_SECONDS = 1.0
_STILL_SECONDS = 40.0
"""An open transaction keeps what comes after it from being read; none of ours is open for so long."""


@asynccontextmanager
async def reading(kafka: KafkaSettings) -> AsyncIterator["Reading"]:
    """Give what reads committed records; what Kafka has against it is one of our own errors."""
    address = connection(kafka)["bootstrap_servers"]
    try:
        async with (
            _consumer(kafka, "read_committed") as settled,
            _consumer(kafka, "read_uncommitted") as all_,
        ):
            yield Reading(settled, all_)
    except (KafkaError, TimeoutError, OSError) as error:
        raise TransientError(f"Kafka at {address} did not answer: {type(error).__name__}") from error


@asynccontextmanager
async def _consumer(kafka: KafkaSettings, isolation: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **connection(kafka),
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=15_000,
        fetch_max_wait_ms=_FETCH_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop(consumer, _STOP_SECONDS)


class Reading:
    """`settled` gives committed records only; `all_there` knows where a topic really ends."""

    def __init__(self, settled: AIOKafkaConsumer, all_there: AIOKafkaConsumer) -> None:
        self._settled = settled
        self._all = all_there

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """Return the partitions of a topic that exists."""
        if topic not in await self._settled.topics():
            raise ConfigurationError(f"topic {topic} does not exist; run: signaalhub topics apply")
        self._settled.assign([TopicPartition(topic, 0)])  # by which the client comes to ask about it
        while not (found := self._settled.partitions_for_topic(topic)):
            await asyncio.sleep(_METADATA_SECONDS)
        return [TopicPartition(topic, number) for number in sorted(found)]

    async def start(self, tp: TopicPartition) -> int:
        """Return the offset before which nothing is kept."""
        found: int = (await self._settled.beginning_offsets([tp]))[tp]
        return found

    async def end(self, tp: TopicPartition) -> int:
        """Return the offset after the last record, also one of a transaction that is still open."""
        found: int = (await self._all.end_offsets([tp]))[tp]
        return found

    async def records(
        self, tp: TopicPartition, start: int, end: int, *, committed: bool = True
    ) -> AsyncGenerator[ConsumerRecord, None]:
        """Give the records from `start` up to `end`, waiting for transactions that are still open."""
        consumer = self._settled if committed else self._all
        consumer.assign([tp])
        consumer.seek(tp, max(start, await self.start(tp)))
        position, since = -1, monotonic()
        while (now := await consumer.position(tp)) < end:
            if now != position:
                position, since = now, monotonic()
            elif monotonic() - since > _STILL_SECONDS:
                raise TransientError(f"{tp.topic} {tp.partition} cannot be read to its end, try again")
            for found in (await consumer.getmany(tp, timeout_ms=_POLL_MS)).values():
                for record in found:
                    if record.offset < end:
                        yield record

    async def fates(self, tp: TopicPartition, end: int) -> dict[int, Fate]:
        """Return what became of the letters of a dead-letter partition."""
        found: dict[int, Fate] = {}
        async for record in self.records(tp, 0, end):
            found |= marked(record) or {}
        return found

    async def letters(self, tp: TopicPartition, start: int, end: int) -> AsyncGenerator[Letter, None]:
        """Give the letters of a dead-letter partition in their order."""
        async with aclosing(self.records(tp, start, end)) as found:
            async for record in found:
                if marked(record) is None:
                    yield letter_of(record)

    async def boxes(self, topic: str) -> list[TopicPartition]:
        """Return the dead-letter partitions of a topic."""
        return await self.partitions(dlq_of(topic))
