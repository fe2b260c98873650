"""Records that nobody can read, made for any topic of the catalogue from the example of its subject."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import fastavro
import msgspec

from services.common import cloudevents
from services.common.catalogue import Topic
from services.common.codec import PREFIX, Codec
from services.common.errors import ContractError
from services.common.events import SUBJECTS, Event
from services.common.records import Meta
from services.common.registry import Released, RepositoryRegistry, SchemaVersion
from services.common.settings import REPOSITORY

NOW = datetime(2026, 3, 25, 10, tzinfo=UTC)
EXAMPLES = REPOSITORY / "schemas" / "examples"
RELEASED = Released(REPOSITORY / "schemas")
NEWER, BROKEN, UNKNOWN = 1_000, 2_000, 4_000_000
"""Added to a released id: what a later release may write, and what none may."""


POISONS = ("garbage bytes", "an unknown schema id", "another record type", "a future version that breaks")


@dataclass(frozen=True, slots=True)
class Row:
    """A record to write; `reason` is what its letter has to say, None for one that can be read."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    reason: str | None = None


class LaterRegistry(RepositoryRegistry):
    """Knows the schemas of a release that is not ours yet: a compatible one, and one that is not."""

    async def resolve(self, schema_id: int) -> SchemaVersion:
        for added, make in ((BROKEN, without_a_field), (NEWER, with_a_field)):
            if added < schema_id < added + NEWER:
                known = await super().resolve(schema_id - added)
                return SchemaVersion(known.subject, known.version + 1, make(known.schema))
        if schema_id > UNKNOWN:
            raise ContractError("no such id")
        return await super().resolve(schema_id)


def with_a_field(schema: dict[str, Any]) -> dict[str, Any]:
    later = {"name": "later", "type": ["null", "string"], "default": None}
    return {**schema, "fields": [*schema["fields"], later]}


def without_a_field(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the first one that has no default."""
    gone = next(each for each in schema["fields"] if "default" not in each)
    return {**schema, "fields": [each for each in schema["fields"] if each is not gone]}


def example_of(subject: str) -> Event:
    path = min((EXAMPLES / subject / "v1").glob("*.json"))
    event: Event = msgspec.json.decode(path.read_bytes(), type=SUBJECTS[subject])
    return event


def rows(topic: Topic, codec: Codec) -> Iterator[Row]:
    """Give each kind of poison amid good records, all of one key: in order, in one partition."""
    event, key = example_of(topic.subject), new_key()
    good = codec.encode(event)
    yield Row(key, good, headers(topic))
    for poison in POISONS:
        yield poisoned(topic, codec, poison, key)
        yield Row(key, good, headers(topic))
    yield Row(key, later(event, topic.subject, NEWER), headers(topic))
    yield Row(key, good, headers(topic))


def poisoned(topic: Topic, codec: Codec, poison: str, key: bytes) -> Row:
    """Return a record that nobody can read, one of `POISONS`."""
    event = example_of(topic.subject)
    good = codec.encode(event)
    other = next(each for each in ("policies", "teams") if each != topic.subject)
    value, reason = {
        "garbage bytes": (
            b"\xff no record at all",
            "value does not start with 0 and a schema id (Confluent wire format)",
        ),
        "an unknown schema id": (
            changed(good, UNKNOWN),
            f"schema id {UNKNOWN + id_of(good)} is unknown to the registry",
        ),
        "another record type": (
            codec.encode(example_of(other)),
            f"record of subject {other} on a topic of {topic.subject}",
        ),
        "a future version that breaks": (
            later(event, topic.subject, BROKEN),
            f"value is not a {topic.subject} record: SchemaResolutionError",
        ),
    }[poison]
    return Row(key, value, headers(topic), reason)


def new_key() -> bytes:
    return f"{uuid4().hex}/{uuid4()}".encode()


def headers(topic: Topic) -> tuple[tuple[str, bytes], ...]:
    type_ = cloudevents.type_of(topic.subject, "happened")
    return tuple(cloudevents.headers(Meta(str(uuid4()), "urn:test", type_, NOW)))


def later(event: Event, subject: str, added: int) -> bytes:
    """Return what a later release writes."""
    schema_id = next(each for each, version in RELEASED.ids.items() if version.subject == subject)
    make = with_a_field if added == NEWER else without_a_field
    content = msgspec.to_builtins(event, builtin_types=(bytes, date, datetime)) | {"later": "new"}
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, make(RELEASED.ids[schema_id].schema), content)
    return PREFIX.pack(0, schema_id + added) + buffer.getvalue()


def id_of(value: bytes) -> int:
    _, found = PREFIX.unpack_from(value)
    return int(found)


def changed(value: bytes, added: int) -> bytes:
    return PREFIX.pack(0, id_of(value) + added) + value[PREFIX.size :]
