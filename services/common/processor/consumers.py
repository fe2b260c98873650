"""aiokafka consumers as a processor uses them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from services.common.connection import connection
from services.common.processor import internals
from services.common.processor.shares import assignor
from services.common.settings import KafkaSettings, Settings

_STOP_SECONDS = 5.0
"""With the last batches before it (10 s) no more than host.py allows; a static member has nothing to say."""
_STOP_FREE_SECONDS = 1.0
"""It owes the broker nothing, and a partition waits for the end of its loading."""
_NEVER_MS = 2**31 - 1


class GroupConsumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka has no types
    """A member of a group that never takes a broker's error for "nothing is committed"."""

    async def start(self) -> None:
        """Connect; subscribe after this."""
        await super().start()
        internals.heed_errors(self)


def group_consumer(settings: Settings, group: str, inputs: Sequence[str]) -> GroupConsumer:
    """Return the consumer of a processor's inputs, not started and not subscribed."""
    digest = hashlib.sha256(",".join(sorted(inputs)).encode()).hexdigest()[:8]
    return GroupConsumer(
        **connection(settings),
        group_id=group,
        group_instance_id=f"{settings.replica}-{digest}",  # a restarted replica keeps its partitions
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="none",  # units seek; records that retention took are not skipped in silence
        partition_assignment_strategy=(assignor(settings.shares),),
        session_timeout_ms=6_000,
        heartbeat_interval_ms=2_000,
        rebalance_timeout_ms=60_000,
        max_poll_interval_ms=_NEVER_MS,  # a halted partition stays ours; our own health sees what is stuck
    )


@asynccontextmanager
async def free_consumer(
    kafka: KafkaSettings | str, isolation: str, request_ms: int = 15_000
) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a started consumer outside any group."""
    consumer = AIOKafkaConsumer(
        **connection(kafka),
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=request_ms,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop(consumer, _STOP_FREE_SECONDS)


async def stop(consumer: AIOKafkaConsumer, seconds: float = _STOP_SECONDS) -> None:
    """Stop a consumer; one that waits for a broker that is away is only disconnected."""
    try:
        await asyncio.wait_for(consumer.stop(), seconds)
    except Exception:  # noqa: BLE001 -- whatever it ends with, the connections have to be closed
        internals.close(consumer)
