"""What the last writer of a share left, state and place in the inputs: read after `InitProducerId`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.common.processor import internals
from services.common.processor.consumers import free_consumer
from services.common.processor.part import Parts
from services.common.records import S
from services.common.settings import Settings

log = structlog.get_logger()

_POLL_MS = 250
_MOST_RECORDS = 5_000
"""Some 25 ms of decoding: the same process answers HTTP."""


async def load(parts: Parts[S], settings: Settings, changelog: str, tell: Callable[[str], None]) -> None:
    """Read these partitions of a changelog to their ends; our transactional id has settled what was open.

    `tell` hears how far it is, for health.
    """
    partitions = [TopicPartition(changelog, partition) for partition in parts]
    async with free_consumer(settings, "read_committed") as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        while left := await _left(consumer, ends):
            tell(f"{left} offsets of its state to read")
            found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
            for tp, records in found.items():
                for record in records:
                    parts[tp.partition].table.load(record.key, record.value)
            await asyncio.sleep(0)
    for part in parts.values():
        part.table.loaded()


async def _left(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> int:
    return sum([max(0, end - await consumer.position(tp)) for tp, end in ends.items()])


async def seek(
    consumer: AIOKafkaConsumer, inputs: Sequence[TopicPartition], processor: str
) -> Mapping[int, str]:
    """Go to what is committed, or to the beginning; returns partition -> metadata of the commit."""
    starts = await consumer.beginning_offsets(inputs)
    committed = await internals.committed(consumer, inputs)
    for tp in inputs:
        offset = committed[tp].offset if tp in committed else starts[tp]
        if offset < starts[tp]:
            log.error(
                "records_lost_to_retention",
                processor=processor,
                topic=tp.topic,
                partition=tp.partition,
                count=starts[tp] - offset,
            )
        consumer.seek(tp, max(offset, starts[tp]))
    return {tp.partition: found.metadata for tp, found in committed.items() if found.metadata}
