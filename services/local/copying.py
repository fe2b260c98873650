"""A copy of every compacted topic in a file, and a new Kafka from it: registrations, master data, states.

The file is gzip of JSON lines, a record each, in the order of its partition, with key, value and headers as
they were: personal data in it are as sealed as on the topic. docs/operations.md, Kafka anew: the steps.
"""

import asyncio
import gzip
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy import text

from services.common import topics
from services.common.catalogue import Catalogue, PhysicalTopic
from services.common.cloudevents import headers as headers_of
from services.common.cloudevents import type_of
from services.common.codec import Codec
from services.common.database import make_engine, reading
from services.common.errors import ConfigurationError, TransientError
from services.common.events import Party
from services.common.identifiers import derived_id
from services.common.processor.consumers import free_consumer
from services.common.producers import discard, new_producer
from services.common.records import Meta
from services.common.settings import KafkaSettings

REGISTRATIONS, PARTIES = "registrations.v1", "parties.v1"
_POLL_MS = 250
_SILENT_SECONDS = 60.0
_AT_ONCE = 2_000
_REGISTERED = text("SELECT registration_id FROM ingest.registrations")


class Copied(msgspec.Struct, frozen=True):
    """A record as it is in the file."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was brought back; `ended`: registrations that the database knows no more."""

    records: int
    parties: int
    ended: int


async def save(kafka: KafkaSettings, catalogue: Catalogue, file: Path) -> int:
    """Write what is committed on every compacted topic now; return the number of records.

    The file appears when it is whole, for its owner alone to read. The hub may run meanwhile: what comes in
    after the beginning may be in it or not, topic by topic.
    """
    encoder, count = msgspec.json.Encoder(), 0
    with _replaced(file) as raw, gzip.open(raw, "wb", compresslevel=1) as out:
        async for each in _records(kafka, _compacted(catalogue)):
            out.write(encoder.encode(each) + b"\n")
            count += 1
    return count


@dataclass(slots=True)
class Loading:
    """One run, on a Kafka whose topics were made (`topics apply`) and hold nothing, while no service runs."""

    kafka: KafkaSettings
    catalogue: Catalogue
    codec: Codec
    database: str
    """SQLAlchemy URL: which registrations there still are."""
    replication: int
    _parties: dict[bytes, bytes | None] = field(default_factory=dict)
    _running: dict[bytes, int] = field(default_factory=dict)
    """Registrations that have not ended, and their partitions."""
    _source: str = ""
    """Who wrote them (ce_source)."""

    async def run(self, file: Path) -> Loaded:
        """Write all of the file to where it was, make the parties' own topics, end what is over.

        It is read twice: what turns out not to be whole must not have left a part of it on the topics.
        """
        deque(_lines(file), maxlen=0)
        await _refuse_used(self.kafka, _compacted(self.catalogue))
        producer = new_producer(self.kafka)
        try:
            await producer.start()
            count = await self._write(producer, self._noted(_lines(file)))
            parties = await self._make_topics()
            ended = await self._write(producer, iter(await self._ends()))
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"Kafka did not take all records: {error!r}; begin anew") from error
        finally:
            await discard(producer)
        return Loaded(count, parties, ended)

    def _noted(self, found: Iterator[Copied]) -> Iterator[Copied]:
        for each in found:
            if each.topic == PARTIES:
                self._parties[each.key] = each.value
            elif each.topic == REGISTRATIONS and each.value is None:
                self._running.pop(each.key, None)
            elif each.topic == REGISTRATIONS:
                self._running[each.key] = each.partition
                self._source = dict(each.headers)["ce_source"].decode()
            yield each

    async def _write(self, producer: AIOKafkaProducer, found: Iterator[Copied]) -> int:
        count, waiting = 0, list[asyncio.Future[object]]()
        for each in found:
            place = {"partition": each.partition, "headers": each.headers}
            waiting.append(await producer.send(each.topic, each.value, each.key, **place))
            count += 1
            if len(waiting) == _AT_ONCE:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)
        return count

    async def _make_topics(self) -> int:
        """A party without its topics would be one whose records go to the dead letters."""
        values = [value for value in self._parties.values() if value is not None]
        await self.codec.learn(values)
        wanted = list[PhysicalTopic]()
        for value in values:
            party = self.codec.decode(value, self.catalogue.topic(PARTIES).subject)
            if isinstance(party, Party):
                wanted += self.catalogue.topics_for(party.party_id, party.roles, collects=party.collects)
        await topics.apply(self.kafka, wanted, replication=self.replication)
        return len(values)

    async def _ends(self) -> list[Copied]:
        """Return the tombstones of registrations that ended after the copy: else they would run for ever."""
        engine = make_engine(self.database)
        try:
            async with reading(engine) as connection:
                known = {str(each).encode() for each in (await connection.execute(_REGISTERED)).scalars()}
        finally:
            await engine.dispose()
        now = datetime.now(UTC)
        return [self._end(key, now) for key in self._running if key not in known]

    def _end(self, key: bytes, now: datetime) -> Copied:
        id_ = derived_id(REGISTRATIONS, key.decode(), "over before it was restored")
        told = headers_of(Meta(id_, self._source, type_of("registrations", "ended"), now))
        return Copied(REGISTRATIONS, self._running[key], key, None, told)


@contextmanager
def _replaced(file: Path) -> Iterator[BinaryIO]:
    """Give what takes the place of a file once it is written; nothing is left of what was not."""
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            try:
                yield raw
            except BaseException:
                part.unlink()
                raise
        part.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file} could not be written: {error.strerror}") from error


def _lines(file: Path) -> Iterator[Copied]:
    decoder = msgspec.json.Decoder(Copied)
    try:
        with gzip.open(file, "rb") as lines:
            yield from map(decoder.decode, lines)
    except (OSError, EOFError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"{file} is not a whole copy made by `signaalhub topics save`") from error


def _compacted(catalogue: Catalogue) -> list[TopicPartition]:
    return [
        TopicPartition(topic.name, number)
        for topic in catalogue.hub_topics()
        if topic.compacted
        for number in range(topic.partitions)
    ]


async def _refuse_used(kafka: KafkaSettings, places: Sequence[TopicPartition]) -> None:
    try:
        async with free_consumer(kafka, "read_uncommitted") as consumer:
            ends = await consumer.end_offsets(places)
    except (KafkaError, TimeoutError) as error:
        raise TransientError("Kafka does not answer, or lacks topics: signaalhub topics apply") from error
    if used := sorted({tp.topic for tp, end in ends.items() if end}):
        raise ConfigurationError(
            f"nothing was written: a copy is for a new Kafka, and these hold records: {', '.join(used)}"
        )


async def _records(kafka: KafkaSettings, places: Sequence[TopicPartition]) -> AsyncIterator[Copied]:
    try:
        async with free_consumer(kafka, "read_committed") as consumer:
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            left = {tp for tp in places if await consumer.position(tp) < ends[tp]}
            while left:
                async with asyncio.timeout(_SILENT_SECONDS):
                    found = await consumer.getmany(*left, timeout_ms=_POLL_MS)
                for tp, records in found.items():
                    for each in records:
                        told = [(name, bytes(value)) for name, value in each.headers]
                        yield Copied(tp.topic, tp.partition, each.key, each.value, told)
                left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
    except (KafkaError, TimeoutError) as error:
        raise TransientError(f"the topics could not be read: {error!r}") from error
