"""What is on a dead-letter topic: letters, and marks that say what became of them. Pure.

A letter is the record as it was plus the headers of `Error`. A mark is written in the transaction that deals
with letters of its partition, so it is younger than they are and is kept at least as long.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aiokafka.structs import ConsumerRecord


class Error(StrEnum):
    """The headers that tell what went wrong; appended to those of the record."""

    NAME = "dlq_error_name"
    MESSAGE = "dlq_error_message"
    TOPIC = "dlq_source_topic"
    PARTITION = "dlq_source_partition"
    OFFSET = "dlq_source_offset"
    FAILED_AT = "dlq_failed_at"
    CONSUMER = "dlq_processor"
    VALUE_LEFT = "dlq_value_left_at_source"


REPLAYS = "dlq_replays"
"""How often a record was sent back; it stays on the record, so also on its next letter."""
ADDRESS = "dlq_replay_for"
"""The consumers that a replayed record is for, comma separated; absent = all. Always the last header."""
MARK = "dlq_mark"
_OURS = frozenset({*Error, REPLAYS, ADDRESS})

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka knows headers without a value."""


class Fate(StrEnum):
    """What became of a letter; without a mark it is open."""

    REPLAYED = "replayed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where the record was that made the letter, on the topic that the DLQ belongs to."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter; `key`, `value` and `headers` are those of the record before it failed.

    `origin` None: somebody else wrote this, it did not come out of a topic. `value_left`: the value was too
    large to be set aside and stayed at the origin.
    """

    offset: int
    origin: Origin | None
    consumer: str
    error: str
    message: str
    failed_at: str
    replays: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value_left: bool = False


def letter_of(record: ConsumerRecord) -> Letter:
    """Read a record of a dead-letter topic that is no mark."""
    found = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    return Letter(
        offset=record.offset,
        origin=_origin(found),
        consumer=found.get(Error.CONSUMER, ""),
        error=found.get(Error.NAME, ""),
        message=found.get(Error.MESSAGE, ""),
        failed_at=found.get(Error.FAILED_AT, ""),
        replays=_number(found.get(REPLAYS)) or 0,
        key=record.key,
        value=record.value,
        headers=tuple((name, value) for name, value in record.headers if name not in _OURS),
        value_left=Error.VALUE_LEFT in found,
    )


def replay_headers(letter: Letter, consumers: Iterable[str] | None) -> list[tuple[str, bytes]]:
    """Return the headers of the record that goes back; `consumers` None = it is for everybody."""
    headers = [*letter.headers, (REPLAYS, str(letter.replays + 1).encode())]
    if consumers is not None:
        headers.append((ADDRESS, ",".join(sorted(consumers)).encode()))
    return headers


def is_for(headers: Headers, consumer: str) -> bool:
    """Tell whether a record is for this consumer: a replayed one may be for others, who failed on it."""
    name, addressed = headers[-1] if headers else ("", None)  # no more: this is asked of every record
    return name != ADDRESS or addressed is None or consumer.encode() in addressed.split(b",")


def is_replay(headers: Headers) -> bool:
    """Tell whether a record was sent back from a DLQ."""
    return any(name == REPLAYS for name, _ in headers[-2:])


def without_replay(headers: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, bytes], ...]:
    """Return the headers as they were before a replay: what is passed on does not tell of our troubles."""
    while headers and headers[-1][0] in (REPLAYS, ADDRESS):
        headers = headers[:-1]
    return headers


def mark(fates: Mapping[int, Fate]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return key, value and headers of a mark about letters of its partition, by their offsets."""
    content = {fate: sorted(at for at, each in fates.items() if each is fate) for fate in Fate}
    return b"mark", json.dumps(content).encode(), [(MARK, b"1")]


def marked(record: ConsumerRecord) -> dict[int, Fate] | None:
    """Return what a mark says, None for a letter. A letter of a stranger's mark has error headers too."""
    names = {name for name, _ in record.headers}
    if MARK not in names or Error.NAME in names:
        return None
    content = json.loads(record.value)
    return {at: fate for fate in Fate for at in content[fate]}


def _origin(found: Mapping[str, str]) -> Origin | None:
    partition, offset = _number(found.get(Error.PARTITION)), _number(found.get(Error.OFFSET))
    return None if partition is None or offset is None else Origin(partition, offset)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
