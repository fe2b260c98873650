"""What many say at about the same time, as one request: deliveries, lists and bulk checks of real size."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

GATHER_SECONDS = 2.0
"""How long a request waits for company. At about one street a second it then has hundreds of rows of several
streets, and a street's own steps still follow each other within seconds."""
MOST = 1000
"""Rows of one request: as many as a bulk check may have."""


class Gathering(Generic[T]):
    """Sends one request at a time, with all that came while the one before was under way."""

    def __init__(self, send: Callable[[list[T]], Awaitable[None]], seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self._next: list[T] = []
        self._one_at_a_time = asyncio.Lock()

    async def add(self, items: Sequence[T]) -> None:
        """Return when all of these were accepted."""
        mine = self._next
        mine += items
        async with self._one_at_a_time:
            if mine is not self._next or not mine:
                return  # they went with those of who was first
            await asyncio.sleep(self._seconds)
            self._next = []
            for begin in range(0, len(mine), MOST):
                await self._send(mine[begin : begin + MOST])
