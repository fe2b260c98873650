"""HTTP or file -> Kafka: `publish` returns when the broker has every record; only then 202 is answered."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from mode import Service
from msgspec import Struct

from services.common import cloudevents
from services.common.errors import PermanentError, TransientError
from services.common.partitioning import partition_of
from services.common.processor.poison import Headers, size_of
from services.common.producers import MAX_RECORD_BYTES, discard, new_producer
from services.common.records import Meta, Outgoing
from services.common.runtime import Runtime
from services.common.tracing import TRACEPARENT, Attributes, Kind, working

ACK_SECONDS = 10.0
"""How long one call waits for the broker: shorter than what a client of the API waits for its answer."""
SLOW_SECONDS = 5.0
"""Waiting for the broker this long without any answer is what health calls trouble."""
_START_SECONDS = 30.0
"""Longer than the client's own time-outs together: `start` broken off before them leaves a socket behind."""
_RETRY_SECONDS = 1.0
_TOPIC_SECONDS = 2.0
"""How long a topic that was just made may take to become known."""
_TOPIC_POLL = 0.1
_FAILURES = _LATE, _REFUSED, _ABSENT = "timeout", "refused", "no_topic"
_NOT_IN_TIME = "the broker did not take all records in time; what was sent may still arrive"

log = structlog.get_logger()


class Encoded(Struct, frozen=True):
    """A record as bytes; `place` decides its partition, `headers` are CloudEvents in binary mode."""

    topic: str
    place: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def encode(outgoing: Outgoing, runtime: Runtime, now: datetime, traceparent: str | None = None) -> Encoded:
    """Return a record as it goes on the wire; one over the size limit is a `PermanentError`."""
    return Encoder(runtime, now, traceparent).encode(outgoing)


class Encoder:
    """Encodes what is written together: all but the id in the headers is the same for many of its records."""

    def __init__(self, runtime: Runtime, now: datetime, traceparent: str | None = None) -> None:
        self._runtime = runtime
        self._now = now
        self._traceparent = traceparent
        self._shared: dict[tuple[str, str, str | None], Headers] = {}

    def encode(self, outgoing: Outgoing) -> Encoded:
        """Return a record as it goes on the wire; one over the size limit is a `PermanentError`."""
        headers = [cloudevents.id_header(outgoing.id), *self._headers(outgoing)]
        value = None if outgoing.event is None else self._runtime.codec.encode(outgoing.event)
        key = outgoing.key.encode()
        if size_of(key, value, headers) > MAX_RECORD_BYTES:
            raise PermanentError(
                f"record {outgoing.id} for {outgoing.topic} is over {MAX_RECORD_BYTES} bytes"
            )
        return Encoded(outgoing.topic, outgoing.key, key, value, headers)

    def _headers(self, outgoing: Outgoing) -> Headers:
        sort = outgoing.topic, outgoing.what, outgoing.traceparent
        found = self._shared.get(sort)
        if found is None:
            type_ = cloudevents.type_of(self._runtime.catalogue.subject_of(outgoing.topic), outgoing.what)
            trace = outgoing.traceparent or self._traceparent
            meta = Meta("", self._runtime.source, type_, self._now, trace)
            found = self._shared[sort] = cloudevents.headers(meta)[1:]
        return found


class Publisher(Service):
    """One idempotent producer for the whole process; after trouble it is replaced by a new one, by itself."""

    def __init__(self, runtime: Runtime, name: str = "publisher") -> None:
        """`name` is that of health; only a second one in a process needs its own."""
        super().__init__()
        self._runtime = runtime
        self._producer: AIOKafkaProducer | None = None
        self._ready = asyncio.Event()
        """Set while there is a producer."""
        self._topics: set[str] = set()
        self._waiting: dict[object, float] = {}
        self._last_ack = 0.0
        self._trouble: str | None = "not connected to the broker yet"
        self._recoveries = runtime.metrics.recoveries.labels(name)
        self._failures = {
            reason: runtime.metrics.publish_failures.labels(name, reason) for reason in _FAILURES
        }
        runtime.health.add(name, self._check)

    async def on_start(self) -> None:
        self.add_future(self._connect())

    async def on_stop(self) -> None:
        if self._producer is not None:
            await discard(self._producer)

    async def publish(
        self, outgoings: Sequence[Outgoing], now: datetime, traceparent: str | None = None
    ) -> None:
        """Write these records, in order per key, and return when the broker acknowledged every one.

        `now` becomes their ce_time. Any failure, or no answer within `ACK_SECONDS`, is a `TransientError`:
        some may be there or come later, so the caller sends all again (same ids). A record that is too large
        is a `PermanentError`, and then none is written.
        """
        trace = traceparent or TRACEPARENT.get()
        about: Attributes = {"messaging.system": "kafka", "messaging.batch.message_count": len(outgoings)}
        with working(self._runtime.tracing.child("publish", Kind.PRODUCER, trace, about)) as span:
            encoder = Encoder(self._runtime, now, span.traceparent)
            await self.write([encoder.encode(each) for each in outgoings])

    async def write(self, encoded: Sequence[Encoded]) -> None:
        """Write records as they are, as `publish` does."""
        call, begin = object(), time.monotonic()
        self._waiting[call] = begin
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(ACK_SECONDS):
                producer = await self._connected()
                await self._write(producer, encoded)
        except TimeoutError as error:
            if self._last_ack < begin:  # not just one slow partition: nothing came through
                self._give_up(producer, _NOT_IN_TIME)
            self._failures[_LATE].inc()
            raise TransientError(_NOT_IN_TIME) from error
        finally:
            del self._waiting[call]

    async def _connected(self) -> AIOKafkaProducer:
        while self._producer is None:
            await self._ready.wait()
        return self._producer

    async def _write(self, producer: AIOKafkaProducer, encoded: Sequence[Encoded]) -> None:
        futures: list[asyncio.Future[object]] = []
        try:
            await self._find(producer, {each.topic for each in encoded})
            for each in encoded:
                futures.append(await _send(producer, each))  # noqa: PERF401 -- kept when one of them raises
            results = await asyncio.gather(*futures, return_exceptions=True)
            for error in results:
                if isinstance(error, BaseException):
                    raise error
        except KafkaError as error:
            reason = f"the broker did not take a record: {type(error).__name__}"
            self._give_up(producer, reason)
            self._failures[_REFUSED].inc()
            raise TransientError(reason) from error
        finally:
            _let_go(futures)
        self._last_ack = time.monotonic()

    async def _find(self, producer: AIOKafkaProducer, topics: set[str]) -> None:
        """Make the producer know all these topics by one question; by itself it asks about all for each."""
        cluster = producer.client.cluster
        if all(cluster.partitions_for_topic(topic) for topic in topics):
            return
        self._topics |= topics
        await producer.client.set_topics(self._topics)
        end = time.monotonic() + _TOPIC_SECONDS
        while missing := [topic for topic in topics if not cluster.partitions_for_topic(topic)]:
            if time.monotonic() > end:
                self._topics -= set(missing)
                self._failures[_ABSENT].inc()
                raise TransientError(f"topic {missing[0]} is not there; `signaalhub topics apply` makes it")
            await asyncio.sleep(_TOPIC_POLL)
            await producer.client.force_metadata_update()

    def _give_up(self, producer: AIOKafkaProducer | None, reason: str) -> None:
        """Replace a producer: after a lost record its sequence numbers have a gap that the broker refuses."""
        if producer is None or producer is not self._producer:
            return
        log.warning("producer_replaced", reason=reason)
        self._recoveries.inc()
        self._producer = None
        self._ready.clear()
        self._trouble = reason
        self.add_future(discard(producer))
        self.add_future(self._connect())

    async def _connect(self) -> None:
        while not self.should_stop:
            producer = new_producer(self._runtime.settings)
            try:
                await asyncio.wait_for(producer.start(), _START_SECONDS)
            except (KafkaError, OSError, TimeoutError) as error:
                self._trouble = f"cannot reach the broker: {type(error).__name__}"
                await discard(producer)
                await self.sleep(_RETRY_SECONDS)
            except asyncio.CancelledError:
                await discard(producer)
                raise
            else:
                self._producer, self._trouble = producer, None
                self._ready.set()
                return

    def _check(self) -> str | None:
        if self._trouble:
            return self._trouble
        silent = time.monotonic() - max(min(self._waiting.values(), default=time.monotonic()), self._last_ack)
        return None if silent < SLOW_SECONDS else f"the broker has acknowledged nothing for {silent:.0f} s"


async def _send(producer: AIOKafkaProducer, each: Encoded) -> asyncio.Future[object]:
    """Hand one record over; batches of our own making cost as much CPU (38 and 37 us a record)."""
    partitions = len(producer.client.cluster.partitions_for_topic(each.topic))
    partition = partition_of(each.place, partitions)
    future: asyncio.Future[object] = await producer.send(
        each.topic, each.value, each.key, partition, headers=each.headers
    )
    return future


def _let_go(futures: Iterable[asyncio.Future[object]]) -> None:
    for future in futures:
        if not future.done():
            future.cancel()
        elif not future.cancelled():
            future.exception()  # it was raised by `gather`, or the call is over already
