"""Kafka -> memory: a compacted topic, whole, in every process that needs it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from mode import Service

from services.common.connection import connection
from services.common.errors import ContractError, SignaalhubError, TransientError
from services.common.progress import SILENT_SECONDS, Offsets, Progress
from services.common.reading import read_message
from services.common.runtime import Runtime

V = TypeVar("V")

_STOP_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_REQUEST_MS = 5_000
_POLL_MS = 200
_BATCH_RECORDS = 200
"""Some 8 ms of decoding: the same process answers HTTP in between."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})

log = structlog.get_logger()


def _whole(event: Any) -> Any:
    return event


class Content(Generic[V]):
    """The latest value of each key, as `<first part>/<rest>`, and which keys nobody can read.

    Most first parts have one rest, and a dictionary for it takes three times the memory of a pair.
    """

    def __init__(self) -> None:
        self._one: dict[str, tuple[str, V]] = {}
        self._more: dict[str, dict[str, V]] = {}
        self.unreadable: set[bytes | None] = set()

    def put(self, key: str, value: V | None) -> None:
        """Set or (None) forget a key."""
        first, _, rest = key.partition("/")
        one = self._one.get(first)
        if first in self._more or (one and one[0] != rest):
            self._put_beside(first, rest, value)
        elif value is None:
            self._one.pop(first, None)
        else:
            self._one[first] = rest, value

    def under(self, first: str) -> Mapping[str, V]:
        """Return what is there under a first part, by rest."""
        one = self._one.get(first)
        return {one[0]: one[1]} if one else self._more.get(first, _NOTHING)

    def values(self) -> Iterator[V]:
        """Return every value that is there now."""
        one = [value for _, value in self._one.values()]
        return iter(one + [value for found in self._more.values() for value in found.values()])

    def __len__(self) -> int:
        return len(self._one) + sum(map(len, self._more.values()))

    def _put_beside(self, first: str, rest: str, value: V | None) -> None:
        """Set or forget one of several keys with this first part."""
        found = self._more.setdefault(first, {})
        found |= (self._one.pop(first),) if first in self._one else ()
        if value is None:
            found.pop(rest, None)
        else:
            found[rest] = value
        if len(found) == 1:
            self._one[first] = next(iter(self._more.pop(first).items()))


class View(Service, Generic[V]):
    """The content of one topic of the catalogue; it is complete once `ready`, and follows from then on.

    A record that cannot be decoded makes its key unknown (after the topic's compaction a restart would not
    find the older value either) and the process unhealthy, until a newer record of that key arrives.

    `keep` makes of an event what is kept of it: of a million events the rest is not to stay in memory.
    """

    def __init__(self, topic: str, runtime: Runtime, keep: Callable[[Any], V] = _whole) -> None:
        super().__init__()
        self._kept = keep
        self._topic = runtime.catalogue.topic(topic)
        self._runtime = runtime
        self._partitions = [TopicPartition(topic, number) for number in range(self._topic.partitions)]
        self._content: Content[V] = Content()
        self._caught_up = asyncio.Event()
        self._changed = asyncio.Event()
        self.version = 0  # grows with each change, for who keeps something that is made of the content
        self._progress = Progress()
        self._consumer: AIOKafkaConsumer | None = None
        self._shown: Offsets = {}
        """Up to where the content shown is read."""
        self._lost_at: float | None = None  # since when nothing is followed, and why
        self._lost_by = ""
        name = f"view {topic}"
        runtime.health.add(name, lambda: self.trouble)
        runtime.metrics.watch(name, self._progress.lag)
        self._recoveries = runtime.metrics.recoveries.labels(name)

    def get(self, key: str) -> V | None:
        """Return the latest event of a whole key."""
        first, _, rest = key.partition("/")
        return self.under(first).get(rest)

    def under(self, first_part: str) -> Mapping[str, V]:
        """Return what is there under `<first_part>/<rest>`, by rest; not to be kept, it changes."""
        return self._content.under(first_part)

    def values(self) -> Iterator[V]:
        """Return every event, in no order."""
        return self._content.values()

    @property
    def ready(self) -> bool:
        """Whether all that was in the topic at the start has been read."""
        return self._caught_up.is_set()

    @property
    def trouble(self) -> str | None:
        """Why nobody should answer from the content, also for health; None = all is well."""
        unreadable = len(self._content.unreadable)
        return self.outdated or (
            f"{unreadable} keys have a record that cannot be read" if unreadable else None
        )

    @property
    def outdated(self) -> str | None:
        """Why the content may not be that of now, for who has to go on when one key of it cannot be read."""
        if not self.ready:
            return f"not ready: {self._progress.behind()} offsets to read{self._lost_by}"
        if self._lost_at is not None and (lost := monotonic() - self._lost_at) > SILENT_SECONDS:
            return f"not followed for {lost:.0f} s, being read again{self._lost_by}"
        return self._progress.trouble

    async def wait_ready(self) -> None:
        """Return when `ready`."""
        await self._caught_up.wait()

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Return when the condition on this view holds, for who wrote a record and wants to see it here."""
        try:
            async with asyncio.timeout(seconds):
                await self._until(condition)
        except TimeoutError as error:
            raise TransientError(f"view {self._topic.name} did not show it in {seconds} s") from error

    async def wait_newest(self, seconds: float) -> None:
        """Return when all is shown that was in the topic when this was asked, whoever wrote it.

        A view that is still at its start, or has lost its broker for a moment, is waited for as well.
        """
        try:
            async with asyncio.timeout(seconds):
                ends = await (await self._followed()).end_offsets(self._partitions)
                await self._until(lambda: all(self._shown.get(tp, 0) >= end for tp, end in ends.items()))
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"view {self._topic.name} was not newest in {seconds} s") from error

    async def _followed(self) -> AIOKafkaConsumer:
        """Return the consumer that follows the content shown."""
        while self._consumer is None or not self.ready:
            await self._changed.wait()
        return self._consumer

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed.wait()

    @Service.task
    async def _keep_reading(self) -> None:
        while not self.should_stop:
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001 -- whatever it is, the process has more to do than this
                self._interrupted(error)
                await self.sleep(_RETRY_SECONDS)

    def _interrupted(self, error: Exception) -> None:
        name = type(error).__name__
        text = str(error) if isinstance(error, SignaalhubError) else ""
        self._lost_at, self._lost_by = self._lost_at or monotonic(), f" ({name} {text}".rstrip() + ")"
        log.warning("view_interrupted", topic=self._topic.name, error=name, text=text)
        self._recoveries.inc()

    async def _read(self) -> None:
        """Read the topic from its start; what was complete before stays until this reading is, too."""
        consumer = AIOKafkaConsumer(
            **connection(self._runtime.settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=_REQUEST_MS,
        )
        try:
            await consumer.start()
            consumer.assign(self._partitions)
            self._consumer = consumer
            await self._follow(consumer, Content())
        finally:
            self._consumer = None
            await asyncio.wait_for(consumer.stop(), _STOP_SECONDS)

    async def _follow(self, consumer: AIOKafkaConsumer, content: Content[V]) -> None:
        goal = await consumer.end_offsets(self._partitions)
        self._progress.begin(goal)
        asking = asyncio.create_task(self._progress.ask(consumer, lambda: self._partitions))
        try:
            while not self.should_stop:
                found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
                await self._take([record for batch in found.values() for record in batch], content)
                positions = await self._progress.note(consumer, self._partitions, idle=not found)
                if content is not self._content and all(positions[tp] >= goal[tp] for tp in goal):
                    self._show(content)
                if self._progress.stuck:
                    raise TransientError(f"reading {self._topic.name} does not move")
                moved = content is self._content and positions != self._shown
                if moved:
                    self._shown = positions
                if found:
                    self._tell()
                    await asyncio.sleep(0)
                elif moved:  # over control records only
                    self._wake()
        finally:
            asking.cancel()

    async def _take(self, records: Sequence[ConsumerRecord], content: Content[V]) -> None:
        await self._runtime.codec.learn(record.value for record in records)
        for record in records:
            try:
                message = read_message(record, self._runtime.codec, self._topic.subject)
            except ContractError as error:
                self._refuse(record, content, error)
            else:
                content.unreadable.discard(record.key)
                event = message.event
                content.put(message.key, None if event is None else self._kept(event))

    def _refuse(self, record: ConsumerRecord, content: Content[V], error: ContractError) -> None:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        log.error("view_record_refused", **place, error=type(error).__name__, text=str(error))
        content.unreadable.add(record.key)
        with suppress(UnicodeDecodeError):
            content.put((record.key or b"").decode(), None)

    def _show(self, content: Content[V]) -> None:
        self._content, self._lost_at, self._lost_by = content, None, ""
        self._caught_up.set()
        self._tell()
        log.info("view_caught_up", topic=self._topic.name, keys=len(content))

    def _tell(self) -> None:
        self.version += 1
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
