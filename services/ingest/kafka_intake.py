"""Signals that creditors write to their own topic: the same gate as over HTTP, exactly once.

Who sends is whose topic it is (rights on the broker see to that), never what the record says. A batch is
remembered in PostgreSQL first, as over HTTP, which may be done twice; then what it comes to and the place
behind it are one Kafka transaction. What is taken in is deleted: it is personal data in clear text.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.common.catalogue import INTAKE_PREFIX, IntakeTopic
from services.common.connection import connection
from services.common.errors import SignaalhubError, TransientError
from services.common.member import STALLED_SECONDS, Member
from services.common.processor.consumers import GroupConsumer, stop
from services.common.runtime import Runtime
from services.ingest.intake import Intake
from services.ingest.judging import Delivery, Row
from services.ingest.lines import LONGEST_LINE
from services.ingest.rows import parsed
from services.ingest.transactions import Transactions

BATCH_RECORDS = 400
DELETE_SECONDS = 60.0
_POLL_MS = 250
_METADATA_MS = 10_000
"""How soon the topic of a new party is noticed."""

log = structlog.get_logger()


class KafkaIntake(Member):
    """A member of the group; partitions of one process are worked off one after the other."""

    def __init__(self, runtime: Runtime, topic: IntakeTopic, intake: Intake) -> None:
        super().__init__(topic.group)
        self._runtime = runtime
        self._topic = topic
        self._pattern = f"^{topic.name.replace('.', '[.]').format(oin='[0-9]{20}')}$"
        self._intake = intake
        self._writers: dict[TopicPartition, Transactions] = {}
        self._taken: dict[TopicPartition, int] = {}
        """Where each partition is that this process has committed for."""
        self._deleted: dict[TopicPartition, int] = {}
        self._delete_at = 0.0
        self._halted: dict[TopicPartition, str] = {}
        self._dropped: set[asyncio.Task[None]] = set()
        self._consumer: AIOKafkaConsumer | None = None
        self._trouble: str | None = "not connected yet"
        self._busy_since: float | None = None
        runtime.health.add(self._group, self._check)
        runtime.metrics.watch(self._group, self._lag)
        self._records = runtime.metrics.records.labels(self._group, topic.name)
        self._recoveries = runtime.metrics.recoveries.labels(self._group)

    async def _serve(self) -> None:
        self._intake.directories.current()  # without these nobody can be judged
        consumer = self._consumer = self._new_consumer()
        try:
            await consumer.start()
            consumer.subscribe(pattern=self._pattern, listener=_Listener(self._left))
            self._trouble = None
            while not self.should_stop:
                await self._turn(consumer)
        finally:
            self._consumer = self._busy_since = None
            self._left(tuple(self._writers))
            self._halted = {}
            await stop(consumer)
            if self._dropped:
                await asyncio.wait(self._dropped)

    def _new_consumer(self) -> GroupConsumer:
        return GroupConsumer(
            **connection(self._runtime.settings),
            group_id=self._group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=_METADATA_MS,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
        )

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=BATCH_RECORDS)
        for tp, records in found.items():
            self._busy_since = self._busy_since or monotonic()
            try:
                await self._take(consumer, tp, records)
            except (TransientError, KafkaError, TimeoutError, OSError):
                raise
            except Exception as error:  # noqa: BLE001 -- a defect: one party waits for its mending, not all
                self._halt(consumer, tp, error)
        self._busy_since = None
        if monotonic() > self._delete_at:
            self._delete_at = monotonic() + DELETE_SECONDS
            await self._delete(consumer)

    async def _take(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, records: list[ConsumerRecord]
    ) -> None:
        writer = self._writers.get(tp)
        if writer is None:
            if tp in consumer.assignment():
                await self._open(consumer, tp)
            return
        sender = tp.topic.removeprefix(INTAKE_PREFIX).partition(".")[0]
        next_offset = records[-1].offset + 1
        writer.up_to(next_offset)
        delivery = Delivery(sender, f"{tp.topic}/{tp.partition}", answered=False)
        await replace(self._intake, publisher=writer).take([_row(record) for record in records], delivery)
        self._taken[tp] = next_offset
        self._records.inc(len(records))

    async def _open(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
        """Become the only writer, then begin where the last one ended; what was fetched before is dropped."""
        writer = Transactions(self._runtime, self._group, tp)
        try:
            await writer.start()
            place = await consumer.committed(tp)
        except BaseException:
            await writer.stop()
            raise
        if tp not in consumer.assignment():
            await writer.stop()
            return
        begin = (await consumer.beginning_offsets([tp]))[tp]
        if place is not None and place < begin:
            log.error(
                "records_lost_to_retention", count=begin - place, topic=tp.topic, partition=tp.partition
            )
        consumer.seek(tp, max(place or 0, begin))
        self._writers[tp] = writer

    def _left(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions: whoever has them next fences what we may still be writing.

        One that had halted and comes back is tried again, as by any other member, and halts by itself.
        """
        for tp in partitions:
            self._taken.pop(tp, None)
            self._halted.pop(tp, None)
            if writer := self._writers.pop(tp, None):
                task = asyncio.create_task(writer.stop())
                self._dropped.add(task)
                task.add_done_callback(self._dropped.discard)

    def _halt(self, consumer: AIOKafkaConsumer, tp: TopicPartition, error: Exception) -> None:
        self._halted[tp] = reason = type(error).__name__
        consumer.pause(tp)
        log.error(
            "partition_halted", projection=self._group, topic=tp.topic, partition=tp.partition, reason=reason
        )

    async def _delete(self, consumer: AIOKafkaConsumer) -> None:
        """Delete what was taken in, also by who had a partition before: it may have been killed."""
        for tp in consumer.assignment() - self._taken.keys():
            self._taken[tp] = await consumer.committed(tp) or 0
        wanted = {tp: at for tp, at in self._taken.items() if self._deleted.get(tp, 0) < at}
        if wanted:
            try:
                await delete_records(self._runtime, wanted)
                self._deleted |= wanted
            except TransientError as error:
                log.warning("intake_not_deleted", text=str(error))

    def _lag(self) -> Mapping[TopicPartition, int]:
        """Return how many offsets of the open partitions wait, all together: a metric names no party."""
        consumer, waiting = self._consumer, 0
        for tp, at in self._taken.items():
            with suppress(Exception):  # not ours any more
                waiting += max(0, (consumer.highwater(tp) or at) - at) if consumer else 0
        return {TopicPartition(self._topic.name, 0): waiting}

    def _interrupted(self, error: Exception) -> None:
        text = str(error) if isinstance(error, SignaalhubError) else ""
        self._trouble = f"interrupted: {type(error).__name__} {text}".strip()
        log.warning("intake_interrupted", error=type(error).__name__, text=text)
        self._recoveries.inc()

    def _check(self) -> str | None:
        if self._halted:
            tp, reason = min(self._halted.items())
            return f"{len(self._halted)} partitions halted: {tp.topic}: {reason}"
        if self._trouble is None and self._busy_since and monotonic() - self._busy_since > STALLED_SECONDS:
            return f"stalled: records wait, no commit for {STALLED_SECONDS:.0f} s"
        return self._trouble


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """aiokafka calls these while the group waits."""

    def __init__(self, left: Callable[[Iterable[TopicPartition]], None]) -> None:
        self._left = left

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._left(revoked)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing: a partition is opened when it has records."""


async def delete_records(runtime: Runtime, before: Mapping[TopicPartition, int]) -> None:
    """Delete all records before these offsets."""
    admin = AIOKafkaAdminClient(**connection(runtime.settings))
    try:
        await admin.start()
        await admin.delete_records({tp: RecordsToDelete(before_offset=at) for tp, at in before.items()})
    except (KafkaError, OSError, TimeoutError) as error:
        raise TransientError(f"records were not deleted: {type(error).__name__}") from error
    finally:
        await admin.close()


def _row(record: ConsumerRecord) -> Row:
    value = record.value or b""
    return Row(record.offset, parsed(value) if len(value) <= LONGEST_LINE else None, value)
