"""Searches everything that a hub wrote for the personal data that was sent in.

    python -m tests.real.hub.leaks .signaalhub-demo

searches what `signaalhub demo --once` left behind: every record of every topic (also internal ones, and those
of transactions that were given up), every column of every table, every file but the storage of Kafka and of
PostgreSQL, which are asked instead. Exit code 1 and a line per place where something was found; also when
nothing was found where it has to be, because then it did not see.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, assert_never

import fastavro
import msgspec
import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from services.common.codec import PREFIX
from services.common.registry import Released
from services.common.settings import REPOSITORY
from services.local.demo.actions import (
    Action,
    AnswerQuestions,
    Ask,
    Attempt,
    Conclude,
    Correct,
    DailyFile,
    Deliver,
    EndHelp,
    Register,
    SendSignal,
    Withdraw,
)
from services.local.demo.examples import load_examples
from services.local.demo.scenario import make_steps
from services.local.folder import opened
from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres
from tests.real.hub.personal import GZIP, Finder, Kind

RELEASED = Released(REPOSITORY / "schemas")
STORAGE = ("kafka/data", "postgres/data")
MEANT_FOR_IT = {"table ingest.areas, postcode": frozenset({Kind.POSTCODE})}
"""CBS's table of all addresses of the country says nothing of anybody."""
SORTS = {"topic", "table", "file"}
_SECONDS = 60

_Found = tuple[str, bytes]
"""Place, and what stands there."""


def search(finder: Finder, places: Iterable[_Found]) -> Counter[str]:
    """Look everywhere; return how many pieces each place had."""
    looked: Counter[str] = Counter()
    gathered: defaultdict[str, list[bytes]] = defaultdict(list)
    for place, data in places:
        looked[place] += 1
        gathered[place].append(gzip.decompress(data) if data.startswith(GZIP) else data)
    for place, parts in gathered.items():
        finder.look(place, b"\n".join(parts), allowed=MEANT_FOR_IT.get(place, frozenset()))
    return looked


def everything(folder: Path, bootstrap: str, database: str) -> Iterator[_Found]:
    """Yield all that a running hub wrote."""
    yield from records(bootstrap)
    yield from cells(database)
    yield from files(folder)


def records(bootstrap: str) -> Iterator[_Found]:
    """Yield key, headers and value of every record, the value also in clear when it is Avro or msgpack."""
    for topic, key, headers, value in _read(bootstrap):
        yield f"topic {topic}, key", key or b""
        yield (
            f"topic {topic}, headers",
            b"\n".join(name.encode() + b" " + (text or b"") for name, text in headers),
        )
        yield f"topic {topic}, value", value or b""
        yield f"topic {topic}, content", unpacked(value or b"")


def _read(bootstrap: str) -> Iterator[tuple[str, bytes | None, list[tuple[str, bytes | None]], bytes | None]]:
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
    except (ValueError, EOFError, LookupError, OverflowError, msgspec.DecodeError):  # neither of the two
        return b""
    return json.dumps(content, default=_text, ensure_ascii=False).encode()


@cache
def _schema(schema_id: int) -> Any:
    return fastavro.parse_schema(RELEASED.ids[schema_id].schema)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def cells(database: str) -> Iterator[_Found]:
    """Yield every value of every column of every table."""
    with psycopg.connect(database.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            with connection.cursor("cells") as cursor:
                cursor.execute(
                    psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(schema, table))
                )
                for row in cursor:
                    for column, value in zip(cursor.description or (), row, strict=True):
                        yield f"table {schema}.{table}, {column.name}", cell(value)


def cell(value: object) -> bytes:
    """Return what a column holds; bytes that are no text in hex, where no short name is found by chance."""
    if isinstance(value, bytes):
        return value if _is_text(value) else value.hex().encode()
    return json.dumps(value, default=str, ensure_ascii=False).encode()


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def files(folder: Path) -> Iterator[_Found]:
    """Yield every file of a data folder and the log beside it, but for what Kafka and PostgreSQL store."""
    storage = [folder / each for each in STORAGE]
    beside = [path for path in [folder.with_suffix(".log")] if path.exists()]
    for path in [*folder.rglob("*"), *beside]:
        if path.is_file() and not any(path.is_relative_to(each) for each in storage):
            yield f"file {path.relative_to(folder.parent)}", path.read_bytes()


def of_the_demo() -> list[object]:
    """Return all that the parties of the demo send in."""
    steps = make_steps(load_examples())
    return [content for step in steps for action in step.actions for content in sent_by(action)]


def sent_by(action: Action) -> Sequence[object]:
    """Return what an action says of residents; mypy sees to it that no kind is forgotten."""
    match action:
        case SendSignal(content=content) | Correct(content=content) | Register(content=content):
            return [content]
        case Deliver(rows=rows):
            return rows
        case DailyFile(rows=registered):
            return [content for _, content in registered]
        case Ask(bsn=bsn):
            return [{Kind.BSN.value: bsn}]
        case Withdraw() | EndHelp() | AnswerQuestions() | Attempt() | Conclude():
            return []
        case _:
            assert_never(action)


def main(path: Path) -> int:
    """Search what the demo left in its folder."""
    finder = Finder.of(of_the_demo())
    with (
        opened(path) as folder,
        EmbeddedKafka(folder.path / "kafka", log=folder.log("kafka")) as broker,
        EmbeddedPostgres(folder.path / "postgres", log=folder.log("postgres")) as server,
    ):
        looked = search(finder, everything(folder.path, broker.bootstrap, server.url))
    for hit in sorted(finder.hits):
        sys.stdout.write(f"personal data: {hit.kind} in {hit.place} ({hit.dress})\n")
    sorts = Counter(place.partition(" ")[0] for place in looked)
    where = ", ".join(f"{count} of a {sort}" for sort, count in sorts.items())
    sys.stdout.write(
        f"{len(finder.forms):,} values searched for in {looked.total():,} pieces ({where}): "
        f"{len(finder.hits)} leaks\n"
    )
    unseen = SORTS - sorts.keys() | MEANT_FOR_IT.keys() - {hit.place for hit in finder.meant}
    if unseen:
        sys.stdout.write(f"nothing was found in {', '.join(sorted(unseen))}, where it has to be\n")
    return 1 if unseen or finder.hits else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
