"""What one transaction holds, as bytes: records per topic and partition, and the offsets."""

import asyncio
from collections.abc import Mapping
from itertools import zip_longest
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
        self._builders: dict[tuple[str, int], list[Any]] = {}

    def add(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        """Append a record; its size was checked before."""
        builders = self._builders.setdefault((topic, partition), [])
        if not builders or builders[-1].append(timestamp=None, key=key, value=value, headers=headers) is None:
            builders.append(self._producer.create_batch())
            builders[-1].append(timestamp=None, key=key, value=value, headers=headers)

    async def commit(self, group: str, positions: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Do the transaction; any exception means: done or not done, the changelog and the offsets tell."""
        async with asyncio.timeout(_TRANSACTION_SECONDS):
            await self._producer.begin_transaction()
            await self.send()
            # Not side by side: while a transaction is extended the broker refuses its records for a moment.
            await self._producer.send_offsets_to_transaction(positions, group)
            await self._producer.commit_transaction()

    async def send(self) -> None:
        """Send all and await each future: aiokafka's commit waits for records but swallows their errors."""
        futures: list[asyncio.Future[Any]] = []
        try:
            for nth in zip_longest(*self._builders.values()):  # all partitions first, in one request
                for (topic, partition), builder in zip(self._builders, nth, strict=True):
                    if builder is not None:
                        futures.append(await self._producer.send_batch(builder, topic, partition=partition))
            await asyncio.gather(*futures)
        finally:
            for future in futures:
                future.add_done_callback(_seen)


def _seen(future: asyncio.Future[Any]) -> None:
    """Keep asyncio from complaining about the failures that came after the first one."""
    if not future.cancelled():
        future.exception()
