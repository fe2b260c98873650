"""What aiokafka (read and tried: 0.14.0) knows but does not tell: nothing else here touches private parts.

- Whether the group still accepts us. There is no public sign of a heartbeat, and an accepted one tells a
  process that was frozen from one that is still a member.
- Errors of the group and of fetching. They reach whoever calls `getmany`; a process without partitions calls
  nobody, and a dead task that fetches or keeps the metadata shows nowhere.
- The errors of a transaction that failed before its commit: asyncio complains when nobody takes them.
- The metadata of committed offsets (`committed()` gives the offset only).
- Whether an answer about committed offsets is an error as a whole, as it is for a moment after a broker came
  back. aiokafka reads such an answer as "no offsets": whoever believes it does everything once more.
- Position and end of a partition as they are known now, without waiting for either.
"""

# ruff: noqa: SLF001 -- see above

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import NotCoordinatorForGroupError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.common.connection import disconnect


class Heartbeats:
    """Remembers when the last heartbeat that the group accepted was sent."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        """Put itself between the coordinator's heartbeat routine and its request; before `subscribe`."""
        coordinator = consumer._coordinator
        self._send = coordinator._do_heartbeat
        self._last = 0.0
        self._beat = asyncio.Event()
        coordinator._do_heartbeat = self._observed

    async def _observed(self) -> bool:
        sent = monotonic()
        accepted: bool = await self._send()
        if accepted:
            self._last = sent
            self._beat.set()
            self._beat = asyncio.Event()
        return accepted

    async def accepted_after(self, moment: float) -> None:
        """Wait for an accepted heartbeat that was sent after `moment` (monotonic)."""
        while self._last < moment:
            await self._beat.wait()


def check(consumer: AIOKafkaConsumer) -> None:
    """Raise what a background task ended with: that of the group, of fetching, or of the metadata."""
    consumer._coordinator.check_errors()
    for task in (consumer._fetcher.error_future, consumer._client._sync_task):
        if task.done():
            task.result()
            raise asyncio.InvalidStateError("a task of the consumer ended")


def heed_errors(consumer: AIOKafkaConsumer) -> None:
    """Raise the error of a whole answer about committed offsets, which aiokafka then retries or passes on.

    The group's coordinator still loads (14), or is another broker now (16): OffsetFetch, version 2 and later.
    """
    coordinator = consumer._coordinator
    send = coordinator._send_req

    async def heeding(request: Any) -> Any:
        answer = await send(request)
        if isinstance(request, OffsetFetchRequest) and answer.error_code:
            error = for_code(answer.error_code)
            if error is NotCoordinatorForGroupError:
                coordinator.coordinator_dead()
            raise error()
        return answer

    coordinator._send_req = heeding


async def committed(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return the group's offsets with their metadata; a partition without one is absent."""
    found: dict[TopicPartition, OffsetAndMetadata] = await consumer._coordinator.fetch_committed_offsets(
        list(partitions)
    )
    return found


def place(consumer: AIOKafkaConsumer, tp: TopicPartition) -> tuple[int, int] | None:
    """Return the next offset to read and the end at the last fetch; None while one is not known."""
    subscription = consumer._subscription.subscription
    assignment = subscription and subscription.assignment
    if not assignment or tp not in assignment.tps:
        return None
    state = assignment.state_value(tp)
    known = state.has_valid_position and state.highwater is not None
    return (state.position, state.highwater) if known else None


def settle(producer: AIOKafkaProducer) -> None:
    """Take the errors of a discarded producer's last transaction."""
    waiters = [producer._txn_manager.wait_for_transaction_end()]
    for batches in producer._message_accumulator._batches.values():
        waiters += [waiter for batch in batches for waiter in (batch.future, batch._drain_waiter)]
    for waiter in waiters:
        if waiter is not None and waiter.done() and not waiter.cancelled():
            waiter.exception()


def close(consumer: AIOKafkaConsumer) -> None:
    """Close the connections of a consumer whose `stop` did not end."""
    disconnect(consumer._client)
