"""A share of a processor's partitions: producer -> load -> seek -> turns; one recovery for all that fails.

The transactional id `<processor>-<share>` is what fences: from `InitProducerId` on nobody else can commit
for this share, so state and offsets that are read after it stay true until somebody fences us.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Generic

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.common.catalogue import changelog_of
from services.common.errors import SignaalhubError, TransientError
from services.common.hops import Hops
from services.common.processor import internals
from services.common.processor.batch import Batch
from services.common.processor.destinations import Destinations
from services.common.processor.loading import load, seek
from services.common.processor.part import Part, Parts
from services.common.processor.poison import HaltError
from services.common.processor.shared import Shared
from services.common.processor.state import Table
from services.common.processor.turn import Turn
from services.common.producers import discard, new_producer
from services.common.records import S

log = structlog.get_logger()

REVOKE_SECONDS = 10.0
"""How long a rebalance waits for the running batch."""
STALLED_SECONDS = 30.0
_TRANSACTION_MS = 15_000
_START_SECONDS = 30.0
_POLL_MS = 250
"""How often a share without records looks at its timers."""
_COLLECT_SECONDS = 0.02
_BATCH_RECORDS = 2_000
_LONGEST_BACKOFF = 10.0

Found = dict[TopicPartition, list[ConsumerRecord]]


class Unit(Generic[S]):
    """The task of one share, from its assignment to its revocation."""

    def __init__(self, shared: Shared[S], share: int, partitions: Sequence[int]) -> None:
        self._share = share
        self.partitions = partitions
        self._shared = shared
        self._rules = shared.rules
        self._consumer = shared.consumer
        topics = shared.rules.subjects
        self._inputs = [TopicPartition(topic, number) for topic in topics for number in partitions]
        self._log = log.bind(processor=shared.rules.name, share=share)
        self._producer: AIOKafkaProducer = None
        self._dropped: set[asyncio.Task[None]] = set()
        self._horizon: datetime | None = None
        self._goal: dict[TopicPartition, int] = {}
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._state: str | None = "loading"
        self._halted: dict[int, str] = {}
        self._parts = self._new_parts()
        self._busy_since: float | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._failures = 0
        self._company_until = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Called while the group waits for us: no more than this."""
        self._consumer.pause(*self._inputs)
        self._task = asyncio.create_task(self._run(), name=f"{self._rules.name}-{self._share}")

    async def close(self) -> None:
        """End after the running batch, or in the middle of it when it takes too long."""
        self._closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), REVOKE_SECONDS)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._drop_producer()
        if self._dropped:
            await asyncio.wait(self._dropped)

    @property
    def troubles(self) -> list[str]:
        """What keeps partitions from their work, for health."""
        found = [f"partition {partition} halted: {why}" for partition, why in sorted(self._halted.items())]
        trouble = self._trouble
        if trouble and len(found) < len(self.partitions):
            first, last = self.partitions[0], self.partitions[-1]
            where = f"partition {first}" if first == last else f"partitions {first} to {last}"
            found.append(f"{where} {trouble}")
        return found

    @property
    def _trouble(self) -> str | None:
        if self._busy_since is not None and monotonic() - self._busy_since > STALLED_SECONDS:
            return (
                f"stalled: records wait, no commit for {STALLED_SECONDS:.0f} s ({self._state or 'running'})"
            )
        failed = [error for part in self._parts.values() for error in part.table.failed.values()]
        if self._state is None and failed:
            return f"{len(failed)} wake-ups failed ({min(failed)})"
        return self._state

    @property
    def standing(self) -> Counter[str]:
        """How many of these partitions do what, for metrics."""
        going = "waiting" if self._trouble else "running"
        return Counter({"halted": len(self._halted), going: len(self.partitions) - len(self._halted)})

    def lag(self) -> dict[TopicPartition, int]:
        """Return how many offsets of each input are not committed; what is idle has read marks only."""
        idle = self._busy_since is None and self._state is None
        found = {tp: internals.place(self._consumer, tp) for tp in self._committed}
        return {
            tp: max(0, place[1] - (place[0] if idle and tp in self._inputs else self._committed[tp]))
            for tp, place in found.items()
            if place is not None
        }

    async def _run(self) -> None:
        while self._inputs and not self._closing:
            try:
                await self._prepare()
                await self._work()
            except HaltError as halt:
                self._halt(dict.fromkeys(self._parts, str(halt)))
            except Exception as error:  # noqa: BLE001 -- one recovery for every error
                await self._recover(error)
        await self._drop_producer()

    async def _prepare(self) -> None:
        """Become the only writer, then read what the last one left, then ask for records."""
        rules, settings = self._rules, self._shared.runtime.settings
        self._state = self._state or "loading"
        own = f"{rules.name}-{self._share}"
        self._producer = new_producer(settings, transactional_id=own, transaction_timeout_ms=_TRANSACTION_MS)
        await asyncio.wait_for(self._producer.start(), _START_SECONDS)
        self._destinations = Destinations(self._shared.outputs, self._producer)
        await self._destinations.start()
        self._horizon = None
        self._parts = self._new_parts()
        if rules.state_type is not None:
            await load(self._parts, settings, changelog_of(rules.name), partial(self._tell, self._state))
        for partition, text in (await seek(self._consumer, self._inputs, rules.name)).items():
            self._parts[partition].window.restore(text)
        self._committed |= await self._positions()
        self._consumer.resume(*self._inputs)
        self._state = None
        self._log.info(
            "partition_started",
            partitions=self.partitions,
            keys=sum(len(part.table) for part in self._parts.values()),
        )

    def _new_parts(self) -> Parts[S]:
        going = [partition for partition in self.partitions if partition not in self._halted]
        return {partition: Part(Table(self._rules.state_type)) for partition in going}

    def _tell(self, doing: str, how_far: str) -> None:
        self._state = f"{doing}: {how_far}"

    async def _work(self) -> None:
        while self._inputs and not self._closing:
            found: Found = {}
            until = await self._due()
            if until is None:
                found = await self._collect()
                if not found:
                    continue
            self._busy_since = self._busy_since or monotonic()
            await self._learn(found)
            self._idle.clear()
            begin = monotonic()
            try:
                count = await self._turn(found, until)
            finally:
                self._idle.set()
            self._busy_since, self._failures = None, 0
            end = monotonic()
            self._company_until = end + self._shared.pace.pause(count, end - begin)

    async def _collect(self) -> Found:
        """Wait for records; shortly after a transaction also for company, so that the next one is worth it.

        Collecting, not sleeping: while one partition's records lie in its buffer (at most 0.1 s) aiokafka
        fetches for no partition of that broker.
        """
        ask = partial(self._consumer.getmany, *self._inputs)
        found: Found = await ask(timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
        room = _BATCH_RECORDS - sum(map(len, found.values()))
        while found and room > 0 and (left := self._company_until - monotonic()) > 0:
            await asyncio.sleep(min(left, _COLLECT_SECONDS))
            for tp, records in (await ask(max_records=room)).items():
                found.setdefault(tp, []).extend(records)
                room -= len(records)
        return found

    async def _due(self) -> datetime | None:
        """Return up to when timers may go off: all that was in the inputs when they fell due is handled."""
        now = self._shared.runtime.clock.now()
        dues = (part.table.next_due for part in self._parts.values())
        first = min((due for due in dues if due is not None and due <= now), default=None)
        if first is None:
            return None
        if self._horizon is None or first > self._horizon:
            self._goal = await self._shared.marks.end_offsets(self._inputs)
            self._horizon = now
        positions = await self._positions()
        return self._horizon if all(positions[tp] >= self._goal[tp] for tp in self._inputs) else None

    async def _positions(self) -> dict[TopicPartition, int]:
        return {tp: await self._consumer.position(tp) for tp in self._inputs}

    async def _learn(self, found: Found) -> None:
        """A schema registry that does not answer is waited for; what it does not know shows at decoding."""
        values = [record.value for records in found.values() for record in records]
        wait = 0.25
        while True:
            try:
                await self._shared.runtime.codec.learn(values)
                self._state = None
                return
            except TransientError as error:
                self._state = str(error)
                self._log.warning("schema_registry_awaited", text=str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_BACKOFF)

    async def _turn(self, found: Found, until: datetime | None) -> int:
        """Handle and commit; returns how many records or wake-ups it were."""
        offsets = await self._positions()
        rules, runtime, batch = self._rules, self._shared.runtime, Batch(self._producer)
        with Hops(runtime.tracing, rules.name) as hops:
            turn = Turn(rules, runtime, self._parts, self._destinations, batch, hops)
            async with self._shared.cpu:
                count, halted = await self._handle(turn, found, until, offsets)
                turn.changes()
            if count:
                await self._commit(turn, batch, offsets, hops)
        self._halt(halted)
        return count

    async def _commit(
        self, turn: Turn[S], batch: Batch, offsets: dict[TopicPartition, int], hops: Hops
    ) -> None:
        begin = monotonic()
        with hops.commit():
            await batch.commit(self._rules.name, self._marked(offsets))
        for part in self._parts.values():
            part.table.committed()
        self._committed |= offsets
        self._shared.tally.committed(monotonic() - begin, turn.handled, turn.dead)

    def _marked(self, offsets: dict[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        return {
            tp: OffsetAndMetadata(offset, self._parts[tp.partition].window.text)
            for tp, offset in offsets.items()
        }

    async def _handle(
        self, turn: Turn[S], found: Found, until: datetime | None, offsets: dict[TopicPartition, int]
    ) -> tuple[int, dict[int, str]]:
        """Let the turn do its work; of a partition that has to halt lower `offsets` to what was handled."""
        if until is not None:
            return await turn.wake_ups(until, _BATCH_RECORDS), {}
        count, halted = 0, dict[int, str]()
        for tp, records in found.items():
            done = 0
            if tp.partition not in halted:
                done, halt = await turn.records(records)
                halted |= {} if halt is None else {tp.partition: str(halt)}
            count += done
            turn.handled[tp.topic] += done
            if done < len(records):
                offsets[tp] = records[done].offset
        return count, halted

    def _halt(self, reasons: Mapping[int, str]) -> None:
        """Leave these partitions; the others of the share go on."""
        for partition, reason in reasons.items():
            self._halted[partition] = reason
            self._log.error("partition_halted", partition=partition, reason=reason)
            with suppress(Exception):  # not ours any more: nothing to pause
                self._consumer.pause(*(tp for tp in self._inputs if tp.partition == partition))
        self._inputs = [tp for tp in self._inputs if tp.partition not in reasons]
        self._parts = {number: part for number, part in self._parts.items() if number not in reasons}

    async def _recover(self, error: Exception) -> None:
        """Start again from what is committed, once the group has shown that it still counts us in.

        When it does not, the rebalance that follows closes this unit while it waits here.
        """
        failed = monotonic()
        name = type(error).__name__
        text = str(error) if isinstance(error, SignaalhubError) else ""
        self._state = f"recovering: {name} {text}".strip()
        self._log.warning("partition_interrupted", error=name, text=text, failures=self._failures)
        self._shared.tally.recovered()
        await self._drop_producer()
        await self._shared.heartbeats.accepted_after(failed)
        await asyncio.sleep(min(0.1 * 2**self._failures, _LONGEST_BACKOFF))
        self._failures = min(self._failures + 1, 10)

    async def _drop_producer(self) -> None:
        """Get rid of the producer; goes on to its end when whoever waits for it is cancelled."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        task = asyncio.create_task(_discard(producer))
        self._dropped.add(task)
        task.add_done_callback(self._dropped.discard)
        await asyncio.shield(task)


async def _discard(producer: AIOKafkaProducer) -> None:
    await discard(producer)
    internals.settle(producer)
