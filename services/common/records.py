"""What the primitives and the handlers say to each other.

Structs of msgspec, not dataclasses: several are made for every record, and a frozen dataclass takes 0.1 us a
field to make (5 us a record in all, where the whole of a Processor has some 30).
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from msgspec import Struct

from services.common.events import Event

S = TypeVar("S")


class Meta(Struct, frozen=True):
    """The CloudEvents attributes of a record; `time` is the event's own time, aware, in UTC."""

    id: str
    source: str
    type: str
    time: datetime
    traceparent: str | None = None


Unread = partial[Event]
"""An event that is decoded when somebody asks for it."""


class Message(Struct):
    """A record as it was read; its event is decoded at most once."""

    topic: str
    key: str
    content: Event | Unread | None
    meta: Meta
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int
    offset: int

    @property
    def event(self) -> Event | None:
        """What the record says, None for a tombstone; a value that cannot be read is a `ContractError`."""
        content = self.content
        if isinstance(content, partial):
            content = self.content = content()
        return content


class WakeUp(Struct, frozen=True):
    """A key's timer went off; `due` is the moment it was set to."""

    key: str
    due: datetime


class Outgoing(Struct, frozen=True):
    """A record to write; `what` completes ce_type, `id` is deterministic, `event` None is a tombstone.

    `traceparent`: its own, when it is not that of whoever writes it together with others.
    """

    topic: str
    key: str
    event: Event | None
    what: str
    id: str
    traceparent: str | None = None


class Forward(Struct, frozen=True):
    """A record to be written to another topic with key, value and headers untouched."""

    topic: str
    message: Message


class Effects(Struct, Generic[S], frozen=True):
    """What handling one record comes to: the key's new state (None = over), outputs, and its one timer."""

    state: S | None
    outputs: tuple[Outgoing | Forward, ...] = ()
    wake_at: datetime | None = None


Handler = Callable[[S | None, Message | WakeUp, datetime], Effects[S]]
"""A pure rule: (state of the key, what happened, the event's own time) -> effects. Raising means: DLQ."""


def partition_key(key: str) -> str:
    """Return the part of a record key that decides its partition: all up to the first slash."""
    return key.partition("/")[0]
