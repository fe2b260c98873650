"""The process of an open-loop load: see load.py."""

import asyncio
import gc
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import monotonic, process_time
from urllib.parse import urlsplit

import uvloop

_MOST_CONNECTIONS = 256
_TICK_SECONDS = 0.001
_DRAIN_SECONDS = 30.0
_LATE_SECONDS = 0.005
FAILED = 0
"""The status of a request that got no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Requests (whole, as bytes) for one server, `rate` a second; after the last one again the first."""

    url: str
    requests: Sequence[bytes]
    rate: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What came of the requests that were sent, in their order."""

    due: list[float]
    """When each was to be sent (monotonic seconds)."""
    answered: list[float]
    status: list[int]
    sent_late: float
    """Part of them that this process itself sent more than 5 ms late."""
    cpu: float
    """Seconds of CPU of the process that sent them."""

    def latencies(self) -> list[float]:
        """Milliseconds from when each was to be sent to its answer."""
        return [1e3 * (end - begin) for begin, end in zip(self.due, self.answered, strict=True)]

    def failed(self, good: int) -> int:
        """Return how many were not answered with this status."""
        return sum(status != good for status in self.status)


def run(plan: Plan, connection: Connection) -> None:
    """Say that we are up, wait for the start, send until the end or a stop, and tell the result."""
    gc.disable()
    connection.send(None)
    connection.recv()
    connection.send(uvloop.run(_Load(plan, connection).run()))


@dataclass
class _Load:
    plan: Plan
    connection: Connection
    idle: deque["_Http"] = field(default_factory=deque)
    opened: int = 0
    waiting: deque[int] = field(default_factory=deque)
    due: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    late: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> Fired:
        cpu, begin = process_time(), monotonic() + 0.05
        while len(self.due) < self.plan.count and not self.connection.poll():
            now = monotonic()
            while len(self.due) < self.plan.count and (at := begin + len(self.due) / self.plan.rate) <= now:
                self._send(at, now)
            await asyncio.sleep(_TICK_SECONDS)
        await self._drain()
        return Fired(
            due=self.due,
            answered=self.answered,
            status=self.status,
            sent_late=self.late / max(1, len(self.due)),
            cpu=process_time() - cpu,
        )

    def _send(self, at: float, now: float) -> None:
        number = len(self.due)
        self.late += now - at > _LATE_SECONDS
        self.due.append(at)
        self.answered.append(0.0)
        self.status.append(FAILED)
        self.waiting.append(number)
        self._next()

    def _next(self) -> None:
        """Give the oldest request that waits to a free connection, or to a new one."""
        while self.waiting and self.idle:
            self.idle.pop().ask(self.waiting.popleft())
        if self.waiting and self.opened < _MOST_CONNECTIONS:
            self.opened += 1
            task = asyncio.create_task(self._open())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _open(self) -> None:
        address = urlsplit(self.plan.url)
        host, port = address.hostname or "", address.port or 80
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Http(self), host, port)
        except OSError:
            self.opened -= 1
            if self.waiting:
                self.done(self.waiting.popleft(), FAILED)

    def free(self, connection: "_Http") -> None:
        self.idle.append(connection)
        self._next()

    def lost(self, connection: "_Http", number: int | None) -> None:
        self.opened -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        if number is not None:
            self.done(number, FAILED)

    def bytes_of(self, number: int) -> bytes:
        return self.plan.requests[number % len(self.plan.requests)]

    def done(self, number: int, status: int) -> None:
        self.answered[number], self.status[number] = monotonic(), status

    async def _drain(self) -> None:
        end = monotonic() + _DRAIN_SECONDS
        while not all(self.answered) and monotonic() < end:
            await asyncio.sleep(0.01)
        now = monotonic()
        self.answered = [at or now for at in self.answered]


class _Http(asyncio.Protocol):
    """One connection, one request at a time; answers have a Content-Length."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._number: int | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._load.free(self)

    def ask(self, number: int) -> None:
        self._number = number
        self._transport.write(self._load.bytes_of(number))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head) or self._number is None:
            return
        number, self._number, self._buffer = self._number, None, b""
        self._load.done(number, int(head[9:12]))
        self._load.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._load.lost(self, self._number)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
