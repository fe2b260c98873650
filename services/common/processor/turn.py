"""One turn of a share: decode -> handle -> encode in memory; nothing of it counts before the commit."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any, Generic

import structlog
from aiokafka import ConsumerRecord

from services.common import cloudevents
from services.common.catalogue import changelog_of, dlq_of
from services.common.dlq.letters import is_for
from services.common.errors import ContractError
from services.common.hops import Hops
from services.common.partitioning import partition_of
from services.common.processor.batch import Batch
from services.common.processor.destinations import Destination, Destinations, NewTopicError, NoTopicError
from services.common.processor.part import Parts
from services.common.processor.poison import HaltError, Headers, dead_letter, redacted, size_of
from services.common.processor.state import FullError
from services.common.producers import MAX_RECORD_BYTES
from services.common.reading import unread_message
from services.common.records import (
    Effects,
    Forward,
    Handler,
    Meta,
    Outgoing,
    S,
    WakeUp,
    partition_key,
)
from services.common.runtime import Runtime
from services.common.tracing import Span, carried, working

log = structlog.get_logger()

_YIELD_SECONDS = 0.005
"""How long handling may keep the event loop: the same process answers HTTP."""
_HEADERS_BYTES = 10_000
"""More than the headers of an event of our own ever take."""

_NOT_POISON = (NoTopicError, FullError)
"""Nothing is wrong with the record or with us, so twenty of them in a row stop nobody else."""

_Encoded = tuple[str, int, bytes, bytes | None, Headers]


@dataclass(frozen=True, slots=True)
class Rules(Generic[S]):
    """What makes a processor this processor."""

    name: str
    handler: Handler[S]
    key_of: Callable[[str], str]
    state_type: type[S] | None
    subjects: dict[str, str]
    """Input topic -> subject."""
    partitions: int
    """Of every input and of the changelog."""


class Turn(Generic[S]):
    """Handles records or wake-ups of one share into a batch and the tables of its partitions."""

    def __init__(
        self,
        rules: Rules[S],
        runtime: Runtime,
        parts: Parts[S],
        destinations: Destinations,
        batch: Batch,
        hops: Hops,
    ) -> None:
        self._rules = rules
        self._runtime = runtime
        self._source = runtime.source
        self._parts = parts
        self._partition, self._part = next(iter(parts.items()))
        """Of the record or timer that is handled."""
        self._destinations = destinations
        self._batch = batch
        self._hops = hops
        self.handled: Counter[str] = Counter()
        """Records by topic, those put aside too."""
        self.dead: Counter[str] = Counter()
        self._breath = perf_counter() + _YIELD_SECONDS

    async def records(self, records: list[ConsumerRecord]) -> tuple[int, HaltError | None]:
        """Handle records in order; returns how many, and why not more when the next is poison too many."""
        for done, record in enumerate(records):
            try:
                try:
                    self._record(record)
                except NewTopicError as new:
                    await self._again(self._record, record, new)
            except HaltError as halt:
                return done, HaltError(f"{halt} (next: {record.topic} offset {record.offset})")
            if perf_counter() > self._breath:
                await self._breathe()
        return len(records), None

    async def wake_ups(self, until: datetime, most: int) -> int:
        """Handle the timers that are due at `until`, in order, also those that are set on the way."""
        done = 0
        for partition, part in self._parts.items():
            self._partition, self._part = partition, part
            while done < most and (wake_up := part.table.pop_due(until)):
                try:
                    self._wake_up(wake_up)
                except NewTopicError as new:
                    await self._again(self._wake_up, wake_up, new)
                done += 1
                if perf_counter() > self._breath:
                    await self._breathe()
        return done

    def changes(self) -> None:
        """Append the changed state to the batch."""
        topic = changelog_of(self._rules.name)
        for partition, part in self._parts.items():
            for key, value in part.table.changes():
                self._batch.add(topic, partition, key, value, [])

    async def _again(self, handle: Callable[[Any], None], cause: object, new: NewTopicError) -> None:
        """Handle once more after looking up a topic, until all of its topics are known: handlers are pure."""
        while True:
            await self._destinations.learn(new.topic)
            try:
                return handle(cause)
            except NewTopicError as another:
                new = another

    async def _breathe(self) -> None:
        await asyncio.sleep(0)
        self._breath = perf_counter() + _YIELD_SECONDS

    def _record(self, record: ConsumerRecord) -> None:
        if not is_for(record.headers, self._rules.name):
            return
        self._partition, self._part = record.partition, self._parts[record.partition]
        try:
            message = unread_message(record, self._runtime.codec, self._rules.subjects[record.topic])
            key = self._rules.key_of(message.key)
            now = message.meta.time
            effects = self._rules.handler(self._part.table.get(key), message, now)
            trace = self._hops.of(message) if self._hops.on else message.meta.traceparent
            self._take(key, effects, message.key, now, trace)
        except NewTopicError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a record breaks, it goes to the DLQ
            if not isinstance(error, _NOT_POISON):
                self._part.window.poison()
            self._bury(record, error)
        else:
            self._part.window.good()

    def _wake_up(self, wake_up: WakeUp) -> None:
        """A timer has no topic and so no DLQ: one that fails is set aside, and health says so."""
        try:
            effects = self._rules.handler(self._part.table.get(wake_up.key), wake_up, wake_up.due)
            if effects.wake_at is not None and effects.wake_at <= wake_up.due:
                raise ContractError("wake_at is not after the wake-up that set it")
            self._take(wake_up.key, effects, None, wake_up.due, None)
        except NewTopicError:
            raise
        except Exception as error:  # noqa: BLE001 -- as with a record, no key may stop the others
            name, message = redacted(error)
            self._part.table.failed[wake_up.key] = name
            log.error(  # noqa: TRY400 -- a traceback of a handler may quote values
                "wake_up_failed", processor=self._rules.name, key=wake_up.key, error=name, text=message
            )

    def _take(
        self, key: str, effects: Effects[S], at: str | None, now: datetime, traceparent: str | None
    ) -> None:
        """Take over a handler's result whole or, by an exception, not at all; `at` is the record's key."""
        encoded = [self._encode(output, at, now, traceparent) for output in effects.outputs]
        self._part.table.put(key, effects.state, effects.wake_at)
        for each in encoded:
            self._batch.add(*each)

    def _encode(
        self, output: Outgoing | Forward, at: str | None, now: datetime, traceparent: str | None
    ) -> _Encoded:
        topic = output.topic
        destination = self._destinations.get(topic)
        if isinstance(output, Forward):
            text, value, headers = output.message.key, output.message.value, list(output.message.headers)
            size = size_of(text.encode(), value, headers)
        else:
            text, value = output.key, self._value(output, destination)
            type_ = cloudevents.type_of(destination.subject, output.what)
            headers = cloudevents.headers(Meta(output.id, self._source, type_, now, traceparent))
            size = len(text) + len(value or b"") + _HEADERS_BYTES
        if size > MAX_RECORD_BYTES:
            raise ContractError(f"a record for {topic} is over {MAX_RECORD_BYTES} bytes")
        return topic, self._partition_of(text, at, destination), text.encode(), value, headers

    def _value(self, output: Outgoing, destination: Destination) -> bytes | None:
        if output.event is None:
            return None
        if type(output.event) is not destination.record:
            raise ContractError(f"{type(output.event).__name__} is not what topic {output.topic} holds")
        return self._runtime.codec.encode(output.event)

    def _partition_of(self, key: str, at: str | None, destination: Destination) -> int:
        """Return where `key` belongs: next to the record that is handled (its key is `at`), or computed."""
        same_count = at is not None and destination.partitions == self._rules.partitions
        if same_count and (key == at or partition_key(key) == partition_key(at or "")):
            return self._partition  # the usual case, and murmur2 is plain Python
        return partition_of(key, destination.partitions)

    def _bury(self, record: ConsumerRecord, error: Exception) -> None:
        topic = dlq_of(record.topic)
        value, headers = dead_letter(record, error, self._rules.name, self._runtime.clock.now())
        key = (record.key or b"").decode(errors="replace")
        partition = partition_of(key, self._destinations.partitions(topic) or 1)
        self._batch.add(topic, partition, record.key, value, headers)
        self.dead[record.topic] += 1
        name, message = redacted(error)
        self._hops.failed(record.topic, record.partition, record.offset, name)
        with working(Span(carried(record.headers))):
            log.warning(
                "record_sent_to_dlq",
                processor=self._rules.name,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                error=name,
                text=message,
            )
