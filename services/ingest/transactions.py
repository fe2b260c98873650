"""A partition's outputs and its place in the input as one Kafka transaction (design.md 3).

The transactional id `<group>-<topic>-<partition>` is what fences: from `start` on nobody else can commit for
this partition, and what somebody left open is settled, so that the place that is read after it stays true.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.common.errors import TransientError
from services.common.partitioning import partition_of
from services.common.producers import discard, new_producer
from services.common.publish import Encoder
from services.common.records import Outgoing
from services.common.runtime import Runtime

_TRANSACTION_MS = 15_000
_SECONDS = 30.0


class Transactions:
    """One for each partition that has records; after any error it is discarded, never aborted."""

    def __init__(self, runtime: Runtime, group: str, source: TopicPartition) -> None:
        self._runtime = runtime
        self._group = group
        self._source = source
        self._next_offset = 0
        self._producer = new_producer(
            runtime.settings,
            transactional_id=f"{group}-{source.topic}-{source.partition}",
            transaction_timeout_ms=_TRANSACTION_MS,
        )

    async def start(self) -> None:
        await asyncio.wait_for(self._producer.start(), _SECONDS)

    async def stop(self) -> None:
        await discard(self._producer)

    def up_to(self, next_offset: int) -> None:
        """Say which place the next transaction commits."""
        self._next_offset = next_offset

    async def publish(self, outgoings: Sequence[Outgoing], now: datetime) -> None:
        """Commit these records with the place up to which they are the answer."""
        encoder = Encoder(self._runtime, now)
        encoded = [encoder.encode(each) for each in outgoings]
        try:
            async with asyncio.timeout(_SECONDS):
                await self._producer.begin_transaction()
                futures = []
                for each in encoded:
                    partitions = len(await self._producer.partitions_for(each.topic))
                    where = partition_of(each.place, partitions)
                    futures.append(
                        await self._producer.send(
                            each.topic, each.value, each.key, where, headers=each.headers
                        )
                    )
                await asyncio.gather(*futures)
                place = {self._source: self._next_offset}
                await self._producer.send_offsets_to_transaction(place, self._group)
                await self._producer.commit_transaction()
        except (KafkaError, TimeoutError) as error:
            raise TransientError(
                f"the broker did not take the transaction: {type(error).__name__}"
            ) from error
