"""Events to bytes and back: Confluent wire format (0, 4-byte schema id, Avro). Nothing else knows Avro."""

import io
import struct
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import fastavro
import msgspec

from services.common.errors import ContractError
from services.common.events import SUBJECTS, Event
from services.common.registry import Registry, Released, SchemaVersion

PREFIX = struct.Struct(">bI")
"""Magic byte 0 and the schema id."""
_AS_THEY_ARE = (bytes, date, datetime)


class Codec:
    """Encodes with the newest released schemas, decodes with any schema that it has learnt."""

    def __init__(self, released: Released, registry: Registry) -> None:
        self._released = released
        self._registry = registry
        self._writers: dict[type[Event], tuple[bytes, Any]] = {}
        self._readers: dict[int, tuple[str, Any, Any]] = {}

    async def start(self) -> None:
        """Learn the ids of all that this code writes."""
        for subject, record in SUBJECTS.items():
            version = self._released.latest(subject)
            schema_id = await self._registry.id_of(version)
            self._writers[record] = (PREFIX.pack(0, schema_id), fastavro.parse_schema(version.schema))
            self._remember(schema_id, version)

    async def learn(self, values: Iterable[bytes | None]) -> None:
        """Look up the schema ids of these values; an id that nobody knows stays unknown, see `decode`."""
        for schema_id in {schema_id_of(value) for value in values if value} - self._readers.keys() - {None}:
            if schema_id is not None:
                await self._look_up(schema_id)

    def encode(self, event: Event) -> bytes:
        """Return the value of a record."""
        prefix, schema = self._writers[type(event)]
        buffer = io.BytesIO()
        buffer.write(prefix)
        fastavro.schemaless_writer(buffer, schema, msgspec.to_builtins(event, builtin_types=_AS_THEY_ARE))
        return buffer.getvalue()

    def decode(self, value: bytes, subject: str) -> Event:
        """Return the event of a value; anything but a known record of `subject` is a `ContractError`."""
        schema_id = schema_id_of(value)
        if schema_id is None:
            raise ContractError("value does not start with 0 and a schema id (Confluent wire format)")
        known = self._readers.get(schema_id)
        if known is None:
            raise ContractError(f"schema id {schema_id} is unknown to the registry")
        if known[0] != subject:
            raise ContractError(f"record of subject {known[0]} on a topic of {subject}")
        return _read(value, known)

    async def _look_up(self, schema_id: int) -> None:
        try:
            version = await self._registry.resolve(schema_id)
        except ContractError:
            return  # not remembered: the registry may learn it later, and decode says so of each record
        self._remember(schema_id, version)

    def _remember(self, schema_id: int, version: SchemaVersion) -> None:
        if version.subject not in SUBJECTS:
            return
        newest = self._released.latest(version.subject).schema
        reader = None if version.schema == newest else fastavro.parse_schema(newest)
        self._readers[schema_id] = (version.subject, fastavro.parse_schema(version.schema), reader)


def _read(value: bytes, known: tuple[str, Any, Any]) -> Event:
    subject, writer, reader = known
    buffer = io.BytesIO(value)
    buffer.seek(PREFIX.size)
    try:
        content = fastavro.schemaless_reader(buffer, writer, reader)
        event: Event = msgspec.convert(content, SUBJECTS[subject], builtin_types=_AS_THEY_ARE)
    except Exception as error:  # fastavro raises what the bytes happen to break, from EOFError to MemoryError
        raise ContractError(f"value is not a {subject} record: {type(error).__name__}") from error
    if buffer.tell() != len(value):
        raise ContractError(f"value has {len(value) - buffer.tell()} bytes after the {subject} record")
    return event


def schema_id_of(value: bytes) -> int | None:
    """Return the id that stands before a value, None when it is not in the wire format."""
    if len(value) < PREFIX.size:
        return None
    magic, schema_id = PREFIX.unpack_from(value)
    return schema_id if magic == 0 else None
