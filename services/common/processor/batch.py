"""What one transaction holds, as bytes: records per topic and partition, and the offsets."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.common.processor.poison import Headers

_TRANSACTION_SECONDS = 20.0
"""More than transaction_timeout_ms: what takes longer was aborted by the broker and has to be done again."""


class Batch:
    """Collects records into Kafka record batches; nothing is sent before `commit`."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._open: dict[tuple[str, int], Any] = {}
        self._all: list[tuple[str, int, Any]] = []

    def add(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        """Append a record; its size was checked before."""
        builder = self._open.get((topic, partition))
        if builder is None or builder.append(timestamp=None, key=key, value=value, headers=headers) is None:
            builder = self._producer.create_batch()
            builder.append(timestamp=None, key=key, value=value, headers=headers)
            self._open[topic, partition] = builder
            self._all.append((topic, partition, builder))

    async def commit(self, group: str, offsets: Mapping[TopicPartition, int], metadata: str) -> None:
        """Do the transaction; any exception means: done or not done, the changelog and the offsets tell."""
        positions = {tp: OffsetAndMetadata(offset, metadata) for tp, offset in offsets.items()}
        async with asyncio.timeout(_TRANSACTION_SECONDS):
            await self._producer.begin_transaction()
            futures: list[asyncio.Future[Any]] = []
            try:
                for topic, partition, builder in self._all:
                    futures.append(await self._producer.send_batch(builder, topic, partition=partition))
                # Each future is awaited: aiokafka's commit waits for the records but swallows their errors.
                await asyncio.gather(*futures, self._producer.send_offsets_to_transaction(positions, group))
            finally:
                for future in futures:
                    future.add_done_callback(_seen)
            await self._producer.commit_transaction()


def _seen(future: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining about the failures that came after the first one."""
    if not future.cancelled():
        future.exception()
