"""One after the other in all replicas: whoever changes what depends on what others wrote has a turn.

A turn is a lock of PostgreSQL, and with it a view that shows what was written before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.database import transaction
from services.common.view import View

SEEN_SECONDS = 30.0
_LIMITS = text("""
    SELECT set_config('lock_timeout', '20s', true),
           set_config('idle_in_transaction_session_timeout', '120s', true)
""")
"""How long somebody waits for a turn, and how long one may last: a replica that is frozen loses it."""
_TAKE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_STILL = text("SELECT 1")


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to write, while it lasts."""

    connection: AsyncConnection

    async def check(self) -> None:
        """Fail when the turn is over, so that whoever was frozen meanwhile writes nothing."""
        await self.connection.execute(_STILL)


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns of one name; one object for the whole process."""

    engine: AsyncEngine
    name: str
    view: View[Any]
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Those who wait in this process take no connection each."""

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Turn]:
        """Give a turn, once the view shows what whoever had it before wrote."""
        async with self._one_at_a_time, transaction(self.engine) as connection:
            await connection.execute(_LIMITS)
            await connection.execute(_TAKE, {"name": self.name})
            await self.view.wait_newest(SEEN_SECONDS)
            yield Turn(connection)
