"""Places for what costs much at a time: whoever gets none soon is told to come again, and holds nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.common.errors import TransientError

SECONDS = 30.0
"""How long somebody waits whose body is not read meanwhile: a proxy gives up after 60."""


@asynccontextmanager
async def room(places: asyncio.Semaphore, what: str, seconds: float | None = None) -> AsyncIterator[None]:
    """Have one of the places; `TransientError` when none comes free in time. `what` is for that error."""
    longest = SECONDS if seconds is None else seconds
    try:
        async with asyncio.timeout(longest):
            await places.acquire()
    except TimeoutError:
        raise TransientError(f"no room for one more {what} within {longest:g} s") from None
    try:
        yield
    finally:
        places.release()
