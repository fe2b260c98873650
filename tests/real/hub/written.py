"""All that a hub wrote, place by place: records and names of topics, columns and names of tables, files.

Also internal topics and transactions that were given up; Kafka and PostgreSQL are asked for what they store.
"""

import json
import struct
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.common.codec import PREFIX
from services.common.registry import Released
from services.common.settings import REPOSITORY

RELEASED = Released(REPOSITORY / "schemas")
STORAGE = ("kafka/data", "postgres/data")
_SECONDS = 60

Found = tuple[str, bytes]
"""Place, and what stands there."""
_Record = tuple[str, bytes | None, list[tuple[str, bytes | None]], bytes | None]


def everything(folder: Path, bootstrap: str, database: str) -> Iterator[Found]:
    """Yield all that a running hub wrote."""
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=_SECONDS).topics
    yield "topic names", "\n".join(topics).encode()
    yield from records(bootstrap)
    yield from cells(database)
    yield from files(folder)


def records(bootstrap: str) -> Iterator[Found]:
    """Yield key, headers and value of every record, also in clear when they are Avro or msgpack."""
    for topic, key, headers, value in _read(bootstrap):
        yield f"topic {topic}, key", (key or b"") + b"\n" + unpacked(key or b"")
        yield (
            f"topic {topic}, headers",
            b"\n".join(name.encode() + b" " + (text or b"") for name, text in headers),
        )
        yield f"topic {topic}, value", value or b""
        yield f"topic {topic}, content", unpacked(value or b"")


def _read(bootstrap: str) -> Iterator[_Record]:
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": "leaks",
        "isolation.level": "read_uncommitted",  # what was given up stands on the disk all the same
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
    consumer = Consumer(settings)
    try:
        topics = consumer.list_topics(timeout=_SECONDS).topics
        open_ends = {(name, number) for name, topic in topics.items() for number in topic.partitions}
        consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in open_ends])
        while open_ends:
            message: Any = consumer.poll(_SECONDS)
            if message is None:
                raise TimeoutError(f"no end of {sorted(open_ends)}")
            if message.error() is not None:
                open_ends.discard((message.topic(), message.partition()))
            else:
                yield message.topic(), message.key(), message.headers() or [], message.value()
    finally:
        consumer.close()


def unpacked(value: bytes) -> bytes:
    """Return as text what a value says in Avro or msgpack: numbers and dates cannot be read in its bytes."""
    try:
        if value[:1] == b"\0":
            content = fastavro.schemaless_reader(
                BytesIO(value[PREFIX.size :]), _schema(PREFIX.unpack_from(value)[1]), None
            )
        else:
            content = msgspec.msgpack.decode(value)
    except (ValueError, EOFError, LookupError, OverflowError, struct.error, msgspec.DecodeError):  # neither
        return b""
    return json.dumps(content, default=_text, ensure_ascii=False).encode()


@cache
def _schema(schema_id: int) -> Any:
    return fastavro.parse_schema(RELEASED.ids[schema_id].schema)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def cells(database: str) -> Iterator[Found]:
    """Yield every value of every column of every table."""
    with psycopg.connect(database.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
        tables = connection.execute(
            "SELECT relnamespace::regnamespace::text, relname FROM pg_class WHERE relkind IN ('r', 'v', 'm') "
            "AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall()
        for schema, table in tables:
            yield "table names", f"{schema} {table}".encode()
            with connection.cursor("cells") as cursor:
                cursor.execute(
                    psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(schema, table))
                )
                yield "table names", " ".join(each.name for each in cursor.description or ()).encode()
                for row in cursor:
                    for column, value in zip(cursor.description or (), row, strict=True):
                        yield f"table {schema}.{table}, {column.name}", cell(value)


def cell(value: object) -> bytes:
    """Return what a column holds; bytes that are no text in hex, where no short name is found by chance."""
    if isinstance(value, bytes):
        return value if _is_text(value) else value.hex().encode() + b"\n" + unpacked(value)
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def files(folder: Path) -> Iterator[Found]:
    """Yield every file of a data folder and its name, and logs beside it; not what the servers store."""
    storage = [folder / each for each in STORAGE]
    for path in [*folder.rglob("*"), *folder.parent.glob("*.log")]:
        if not any(path.is_relative_to(each) for each in storage):
            name = str(path.relative_to(folder.parent))
            yield "file names", name.encode()
            if path.is_file():
                yield f"file {name}", path.read_bytes()
