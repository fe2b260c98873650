"""An open-loop load of HTTP requests from a process of its own: sent by schedule, whatever the answers do.

A request that has to wait for a connection, or for this process, is late, and that counts: its time runs from
the moment it was to be sent. Requests are bytes made beforehand and connections stay open, because this
process shares the processors with what it measures.
"""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from services.common.errors import TransientError
from services.local.bench.sending import Fired, Plan, run


def request(path: str, token: str, body: bytes) -> bytes:
    """Return a POST of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Firing:
    """A load that is going on."""

    def __init__(self, connection: Connection, process: multiprocessing.process.BaseProcess) -> None:
        self._connection, self._process = connection, process

    def stop(self) -> None:
        """Let it send no more; `result` waits for the answers that are due."""
        self._connection.send(None)

    def result(self) -> Fired:
        """Wait for its end."""
        try:
            found: Fired = self._connection.recv()
        except EOFError:
            raise TransientError("the process that sends requests ended") from None
        return found


@contextmanager
def firing(plan: Plan) -> Iterator[Firing]:
    """Start a load; it ends with its last request, when it is told to, or with this block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run, args=(plan, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()  # it is up: what it costs to start is not in anybody's way now
        ours.send(None)
        yield Firing(ours, process)
    finally:
        process.terminate()
        process.join()
        ours.close()


def fire(plan: Plan) -> Fired:
    """Send all of it, and wait for the answers."""
    with firing(plan) as load:
        return load.result()
