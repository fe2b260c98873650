"""How long a body may take: whoever is read from has a place and a connection that others wait for."""

import asyncio
from time import monotonic

from starlette.types import Message, Receive

SILENT_SECONDS = 30.0
SLOWEST = 20_000
"""Bytes a second: the largest body, 256 MiB, then takes less than four hours."""


class Patience:
    """With one body: waiting costs it, what comes gives it back; so neither silence nor a trickle lasts.

    What its reader does in between costs nothing.
    """

    def __init__(self) -> None:
        self._left = SILENT_SECONDS
        self._over = False

    async def wait(self, receive: Receive) -> Message:
        """Return what comes next; `TimeoutError` when that takes too long; no limit behind the body."""
        if self._over:  # nothing comes but that the caller left
            return await receive()
        begin = monotonic()
        async with asyncio.timeout(self._left):
            message = await receive()
        self._over = not message.get("more_body", False)
        given = len(message.get("body", b"")) / SLOWEST
        self._left = min(SILENT_SECONDS, self._left - (monotonic() - begin) + given)
        return message
