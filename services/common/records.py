"""What the primitives and the handlers say to each other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from services.common.events import Event

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Meta:
    """The CloudEvents attributes of a record; `time` is the event's own time, aware, in UTC."""

    id: str
    source: str
    type: str
    time: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it was read and decoded; `event` None is a tombstone."""

    topic: str
    key: str
    event: Event | None
    meta: Meta
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A key's timer went off; `due` is the moment it was set to."""

    key: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to write; `what` completes ce_type, `id` is deterministic, `event` None is a tombstone."""

    topic: str
    key: str
    event: Event | None
    what: str
    id: str


@dataclass(frozen=True, slots=True)
class Forward:
    """A record to be written to another topic with key, value and headers untouched."""

    topic: str
    message: Message


@dataclass(frozen=True, slots=True)
class Effects(Generic[S]):
    """What handling one record comes to: the key's new state (None = over), outputs, and its one timer."""

    state: S | None
    outputs: tuple[Outgoing | Forward, ...] = ()
    wake_at: datetime | None = None


Handler = Callable[[S | None, Message | WakeUp, datetime], Effects[S]]
"""A pure rule: (state of the key, what happened, the event's own time) -> effects. Raising means: DLQ."""


def partition_key(key: str) -> str:
    """Return the part of a record key that decides its partition: all up to the first slash."""
    return key.partition("/")[0]
