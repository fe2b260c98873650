"""What stands on the topics (read_committed, as a partner reads it) and in the database."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import psycopg
from confluent_kafka import Consumer, TopicPartition
from psycopg.rows import dict_row

from services.common.catalogue import load_catalogue
from services.common.codec import Codec
from services.common.events import Event
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
DEAD_LETTERS = tuple(topic.name for topic in CATALOGUE.hub_topics() if topic.name.endswith(".dlq"))
_SECONDS = 600.0
"""Far more than millions of records take."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """One record; most of the millions are looked at by their id alone, so it is decoded when asked for."""

    key: str
    id: str
    source: str
    time: str
    read: Callable[[], Event | None]

    @property
    def at(self) -> datetime:
        """When it happened, as the event says."""
        return datetime.fromisoformat(self.time)

    @property
    def event(self) -> Event | None:
        return self.read()


Topics = dict[str, list[Seen]]


async def make_codec() -> Codec:
    released = Released(REPOSITORY / "schemas")
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    return codec


class Library(Protocol):
    """Where topics are read."""

    def whole(self, topics: Sequence[str]) -> Topics:
        """Return all records of these topics: per key in the order in which they were written."""


class Reader:
    """Reads topics whole, and follows some of them."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self._kafka = kafka
        self._codec = codec

    def whole(self, topics: Sequence[str]) -> Topics:
        """Return all records of these topics: per key in the order in which they were written."""
        found: Topics = {topic: [] for topic in topics}
        consumer = self._consumer()
        try:
            described = consumer.list_topics(timeout=_SECONDS).topics
            parts = {(topic, number) for topic in topics for number in described[topic].partitions}
            consumer.assign([TopicPartition(topic, number, 0) for topic, number in parts])
            end = time.monotonic() + _SECONDS
            while parts:
                messages: list[Any] = consumer.consume(_AT_ONCE, 0.5)
                assert time.monotonic() < end, f"no end of {parts}"
                for message in messages:
                    if message.error() is not None:
                        parts.discard((message.topic(), message.partition()))
                    else:
                        found[message.topic()].append(self._seen(message))
            return found
        finally:
            consumer.close()

    def follow(self, topics: Sequence[str]) -> "Tail":
        """Return what reads these topics (of one partition) on and on."""
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, 0, 0) for topic in topics])
        return Tail(consumer, self)

    def seen(self, messages: Iterable[Any]) -> list[tuple[str, Seen]]:
        """Return records with their topics, leaving out the news that a topic has no more for now."""
        return [(each.topic(), self._seen(each)) for each in messages if each.error() is None]

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._kafka,
                "group.id": "reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": 0,  # a broker that is away is what the test is about
            }
        )

    def _seen(self, message: Any) -> Seen:
        headers = dict(message.headers() or ())
        key, id_, source = message.key() or b"", headers.get("ce_id", b""), headers.get("ce_source", b"")
        time_ = headers.get("ce_time", b"")
        read = partial(self._read, message.value(), message.topic())
        return Seen(key.decode(), id_.decode(), source.decode(), time_.decode(), read)

    def _read(self, value: bytes | None, topic: str) -> Event | None:
        subject = None if topic.endswith(".dlq") else CATALOGUE.subject_of(topic)
        return self._codec.decode(value, subject) if value and subject else None


class Tail:
    """Follows topics; survives brokers that come and go."""

    def __init__(self, consumer: Consumer, reader: Reader) -> None:
        self._consumer = consumer
        self._reader = reader

    def more(self) -> list[tuple[str, Seen]]:
        """Return what is new, after a moment at most; called in a thread."""
        return self._reader.seen(self._consumer.consume(_AT_ONCE, 0.2))

    def close(self) -> None:
        self._consumer.close()


def rows(database: str, statement: str) -> list[dict[str, Any]]:
    """Return what a statement selects."""
    with psycopg.connect(database.replace("+psycopg", ""), row_factory=dict_row) as connection:
        return connection.execute(statement).fetchall()
