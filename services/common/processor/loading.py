"""What the last writer of a partition left, state and place in the inputs: read after `InitProducerId`."""

from collections.abc import Callable, Sequence

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.common.processor import internals
from services.common.processor.consumers import free_consumer
from services.common.processor.state import Table
from services.common.records import S
from services.common.settings import Settings

log = structlog.get_logger()

_POLL_MS = 250


async def load(
    table: Table[S], settings: Settings, changelog: TopicPartition, tell: Callable[[str], None]
) -> None:
    """Read a changelog partition to its end; our transactional id has settled what was open in it.

    `tell` hears how far it is, for health.
    """
    async with free_consumer(settings, "read_committed") as consumer:
        consumer.assign([changelog])
        end = (await consumer.end_offsets([changelog]))[changelog]
        while (at := await consumer.position(changelog)) < end:
            tell(f"{at} of {end} offsets of its state")
            for records in (await consumer.getmany(changelog, timeout_ms=_POLL_MS)).values():
                for record in records:
                    table.load(record.key, record.value)
    table.loaded()


async def seek(consumer: AIOKafkaConsumer, inputs: Sequence[TopicPartition], processor: str) -> str:
    """Go to what is committed, or to the beginning; returns the metadata of the commit."""
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
    return max((found.metadata or "" for found in committed.values()), key=len, default="")
