"""The state of one partition: in memory per key, and on a compacted changelog.

A changelog value is msgpack of [wake_at, state]; a key whose state is over has a tombstone. What was loaded
or committed stays as these bytes until its key is asked for: less memory, and nothing that the garbage
collector looks through (with it loading took four times as long).
"""

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Generic

import msgspec

from services.common.errors import ContractError
from services.common.processor.poison import HaltError
from services.common.producers import MAX_RECORD_BYTES
from services.common.records import S, WakeUp

_encode = msgspec.msgpack.Encoder().encode
_SPARE_TIMERS = 100


class FullError(ContractError):
    """A key has as much state as a record can hold: the record is one too many, the key goes on as it was."""


class Table(Generic[S]):
    """Key -> (state, wake_at), the timers in order of their due time, and the keys changed in this batch."""

    def __init__(self, state_type: type[S] | None) -> None:
        self._stateful = state_type is not None
        self._decoder = msgspec.msgpack.Decoder(tuple[datetime | None, state_type])  # type: ignore[valid-type]
        self._entries: dict[str, tuple[S | bytes, datetime | None]] = {}
        self._timers: list[tuple[datetime, str]] = []
        self._changed: dict[str, bytes | None] = {}
        """Key -> what is to be written of it."""
        self.failed: dict[str, str] = {}
        """Key -> error of the timers whose handler raised: until a record changes the key, or a restart."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> S | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        state, wake_at = entry
        if isinstance(state, bytes):
            state = self._decoder.decode(state)[1]
            self._entries[key] = (state, wake_at)
        return state

    def put(self, key: str, state: S | None, wake_at: datetime | None) -> None:
        """Take over a handler's result; the very same state and wake_at are no change. No state, no timer.

        What cannot be kept is a `ContractError`, and changes nothing.
        """
        self._check(state, wake_at)
        old = self._entries.get(key)
        if state is None:
            if old is not None:
                del self._entries[key]
                self._touch(key, None)
        elif old is None or old[0] is not state or old[1] != wake_at:
            value = _encode((wake_at, state))
            if len(value) > MAX_RECORD_BYTES:
                raise FullError(f"with it the state of its key is over {MAX_RECORD_BYTES} bytes")
            self._entries[key] = (state, wake_at)
            if wake_at is not None and (old is None or old[1] != wake_at or key in self.failed):
                self._arm(wake_at, key)
            self._touch(key, value)

    def _check(self, state: S | None, wake_at: datetime | None) -> None:
        if state is None:
            if wake_at is not None:
                raise ContractError("wake_at without state: a timer belongs to a key's state")
            return
        if not self._stateful:
            raise ContractError("a processor without state returned state")
        if wake_at is not None and wake_at.tzinfo is None:
            raise ContractError("wake_at has no time zone")

    def _touch(self, key: str, value: bytes | None) -> None:
        self._changed[key] = value
        self.failed.pop(key, None)

    def _arm(self, wake_at: datetime, key: str) -> None:
        """Timers that were moved stay in the heap; when they are the most of it, all are set anew."""
        heapq.heappush(self._timers, (wake_at, key))
        if len(self._timers) > 2 * len(self._entries) + _SPARE_TIMERS:
            self.loaded()

    @property
    def next_due(self) -> datetime | None:
        """When the first timer goes off."""
        timers = self._timers
        while timers and not self._in_force(*timers[0]):
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def pop_due(self, until: datetime) -> WakeUp | None:
        """Return the first timer that is due at `until`, once."""
        due = self.next_due
        if due is None or due > until:
            return None
        return WakeUp(heapq.heappop(self._timers)[1], due)

    def _in_force(self, due: datetime, key: str) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry[1] == due and key not in self.failed

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield the changelog records of this batch, one per changed key."""
        return ((key.encode(), value) for key, value in self._changed.items())

    def committed(self) -> None:
        """Keep what was written as the bytes that were written, as after a start."""
        for key, value in self._changed.items():
            if value is not None:
                self._entries[key] = (value, self._entries[key][1])
        self._changed.clear()

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take over one changelog record; the last one of a key counts."""
        if value is None:
            self._entries.pop(key.decode(), None)
            return
        try:
            wake_at, _ = self._decoder.decode(value)  # all of it: who cannot read it must not begin
        except msgspec.MsgspecError as error:
            raise HaltError("the changelog holds state that this release cannot read") from error
        self._entries[key.decode()] = (value, wake_at)

    def loaded(self) -> None:
        """Arm the timers of all that was loaded."""
        self._timers = [(wake_at, key) for key, (_, wake_at) in self._entries.items() if wake_at is not None]
        heapq.heapify(self._timers)
