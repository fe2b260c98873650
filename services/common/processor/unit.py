"""One partition of a processor: producer -> load -> seek -> turns, and one recovery for whatever goes wrong.

The transactional id `<processor>-<partition>` is what fences: from `InitProducerId` on nobody else can commit
for this partition, so state and offsets that are read after it stay true until somebody fences us.
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Generic

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import TopicPartition

from services.common.catalogue import changelog_of
from services.common.errors import SignaalhubError, TransientError
from services.common.hops import Hops
from services.common.processor import internals
from services.common.processor.batch import Batch
from services.common.processor.destinations import Destinations
from services.common.processor.loading import load, seek
from services.common.processor.poison import HaltError, Window
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
"""How often a partition without records looks at its timers."""
_COLLECT_SECONDS = 0.02
_BATCH_RECORDS = 2_000
_LONGEST_BACKOFF = 10.0

Found = dict[TopicPartition, list[ConsumerRecord]]


class Unit(Generic[S]):
    """The task of one partition, from its assignment to its revocation."""

    def __init__(self, shared: Shared[S], partition: int) -> None:
        self.partition = partition
        self._shared = shared
        self._rules = shared.rules
        self._consumer = shared.consumer
        self._inputs = [TopicPartition(topic, partition) for topic in shared.rules.subjects]
        self._log = log.bind(processor=shared.rules.name, partition=partition)
        self._producer: AIOKafkaProducer = None
        self._dropped: set[asyncio.Task[None]] = set()
        self._window = Window()
        self._table: Table[S] = Table(shared.rules.state_type)
        self._horizon: datetime | None = None
        self._goal: dict[TopicPartition, int] = {}
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._state: str | None = "loading"
        self._halted: str | None = None
        self._busy_since: float | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._failures = 0
        self._company_until = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Called while the group waits for us: no more than this."""
        self._consumer.pause(*self._inputs)
        self._task = asyncio.create_task(self._run(), name=f"{self._rules.name}-{self.partition}")

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
    def trouble(self) -> str | None:
        """What keeps this partition from its work, for health."""
        if self._halted is not None:
            return f"halted: {self._halted}"
        if self._busy_since is not None and monotonic() - self._busy_since > STALLED_SECONDS:
            return (
                f"stalled: records wait, no commit for {STALLED_SECONDS:.0f} s ({self._state or 'running'})"
            )
        if self._state is None and self._table.failed:
            return f"{len(self._table.failed)} wake-ups failed ({min(self._table.failed.values())})"
        return self._state

    @property
    def standing(self) -> str:
        """What this partition does, in a word, for metrics."""
        return "halted" if self._halted is not None else "waiting" if self.trouble else "running"

    def lag(self) -> dict[TopicPartition, int]:
        """Return how many offsets of each input are not committed; what is idle has read marks only."""
        idle = self._busy_since is None and self._state is None and self._halted is None
        found = {tp: internals.place(self._consumer, tp) for tp in self._committed}
        return {
            tp: max(0, place[1] - (place[0] if idle else self._committed[tp]))
            for tp, place in found.items()
            if place is not None
        }

    async def _run(self) -> None:
        while not self._closing:
            try:
                await self._prepare()
                await self._work()
            except HaltError as halt:
                await self._halt(str(halt))
                return
            except Exception as error:  # noqa: BLE001 -- one recovery for every error
                await self._recover(error)

    async def _prepare(self) -> None:
        """Become the only writer, then read what the last one left, then ask for records."""
        rules, settings = self._rules, self._shared.runtime.settings
        self._state = self._state or "loading"
        own = f"{rules.name}-{self.partition}"
        self._producer = new_producer(settings, transactional_id=own, transaction_timeout_ms=_TRANSACTION_MS)
        await asyncio.wait_for(self._producer.start(), _START_SECONDS)
        self._destinations = Destinations(self._shared.outputs, self._producer)
        await self._destinations.start()
        self._horizon = None
        self._table = Table(rules.state_type)
        if rules.state_type is not None:
            changelog = TopicPartition(changelog_of(rules.name), self.partition)
            await load(self._table, settings, changelog, partial(self._tell, self._state))
        self._window.restore(await seek(self._consumer, self._inputs, self._rules.name))
        self._committed = await self._positions()
        self._consumer.resume(*self._inputs)
        self._state = None
        self._log.info("partition_started", keys=len(self._table))

    def _tell(self, doing: str, how_far: str) -> None:
        self._state = f"{doing}: {how_far}"

    async def _work(self) -> None:
        while not self._closing:
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
        first, now = self._table.next_due, self._shared.runtime.clock.now()
        if first is None or first > now:
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
            turn = Turn(
                rules, runtime, self.partition, self._table, self._window, self._destinations, batch, hops
            )
            async with self._shared.cpu:
                count, halt = await self._handle(turn, found, until, offsets)
                turn.changes()
            if count:
                await self._commit(turn, batch, offsets, hops)
        if halt is not None:
            raise halt
        return count

    async def _commit(
        self, turn: Turn[S], batch: Batch, offsets: dict[TopicPartition, int], hops: Hops
    ) -> None:
        begin = monotonic()
        with hops.commit():
            await batch.commit(self._rules.name, offsets, self._window.text)
        self._table.committed()
        self._committed = offsets
        self._shared.tally.committed(monotonic() - begin, turn.handled, turn.dead)

    async def _handle(
        self, turn: Turn[S], found: Found, until: datetime | None, offsets: dict[TopicPartition, int]
    ) -> tuple[int, HaltError | None]:
        """Let the turn do its work; when it has to halt, lower `offsets` to what was handled before."""
        if until is not None:
            return await turn.wake_ups(until, _BATCH_RECORDS), None
        count, halt = 0, None
        for tp, records in found.items():
            done = 0
            if halt is None:
                done, halt = await turn.records(records)
            count += done
            turn.handled[tp.topic] += done
            if done < len(records):
                offsets[tp] = records[done].offset
        return count, halt

    async def _halt(self, reason: str) -> None:
        self._halted = reason
        self._log.error("partition_halted", reason=reason)
        with suppress(Exception):  # not ours any more: nothing to pause
            self._consumer.pause(*self._inputs)
        self._table = Table(self._rules.state_type)
        await self._drop_producer()

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
