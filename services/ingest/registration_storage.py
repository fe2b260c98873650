"""SQL of registrations one by one: what is remembered of each, and the locks that put requests in an order.

Two locks: a registrar's own, which single requests share and a snapshot has alone; a registration's own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from time import monotonic

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.database import transaction
from services.common.errors import TransientError
from services.ingest.freshness import Source

LOCK_SECONDS = 5
"""How long a single request waits for a snapshot of the same registrar before it answers 503."""

_AGAIN_SECONDS = 0.2

# in this order: a lock that does not come in time is an error, and so a 503
_LOCK = text("""
    SELECT set_config('lock_timeout', :wait, true), CASE
        WHEN pg_try_advisory_xact_lock_shared(hashtextextended('registrar ' || :registrar, 0))
        THEN CAST(pg_advisory_xact_lock(hashtextextended(:id, 0)) AS text) END IS NOT NULL AS locked
""")
_TRY_LOCK = text("""
    SELECT pg_try_advisory_xact_lock(hashtextextended(:id, 0)) AND coalesce((
        SELECT pg_try_advisory_xact_lock_shared(hashtextextended('registrar ' || registrar, 0))
        FROM ingest.registrations WHERE registration_id = :id AND registrar IS NOT NULL), true)
""")
_REGISTER = text("""
    INSERT INTO ingest.registrations AS old
        (registration_id, content_hash, change, touched, registrar, municipality)
    SELECT :id, :content_hash, number, number, :registrar, :municipality
    FROM nextval('ingest.registration_changes') AS number
    ON CONFLICT (registration_id) DO UPDATE SET
        content_hash = excluded.content_hash,
        change = CASE WHEN old.content_hash = excluded.content_hash THEN old.change ELSE excluded.change END,
        touched = excluded.touched,
        source_hash = NULL,
        registrar = excluded.registrar,
        municipality = excluded.municipality
    RETURNING change
""")
_UNREGISTER = text("DELETE FROM ingest.registrations WHERE registration_id = :id")
_NEXT_CHANGE = text("SELECT nextval('ingest.registration_changes')")
# only of who sends snapshots: nothing of it is kept for others
_ENDED = text("""
    INSERT INTO ingest.registration_ends (registration_id, touched, ended_at)
    SELECT :id, :change, :now WHERE EXISTS (SELECT FROM ingest.snapshots WHERE registrar = :registrar)
    ON CONFLICT (registration_id) DO UPDATE SET touched = excluded.touched, ended_at = excluded.ended_at
""")


@asynccontextmanager
async def locked(engine: AsyncEngine, id: str, registrar: str) -> AsyncIterator[AsyncConnection]:
    """Give one transaction at a time a registration, and none while a snapshot of its registrar is applied.

    Who waits for a snapshot has no connection meanwhile: ten of them would have all that signals need.
    """
    end = monotonic() + LOCK_SECONDS
    while True:
        async with transaction(engine) as connection:
            if await _lock(connection, id, registrar):
                yield connection
                return
        if monotonic() > end:
            raise TransientError("a snapshot of the same registrar is being applied")
        await asyncio.sleep(_AGAIN_SECONDS)


async def _lock(connection: AsyncConnection, id: str, registrar: str) -> bool:
    found = await connection.execute(_LOCK, {"id": id, "registrar": registrar, "wait": f"{LOCK_SECONDS}s"})
    return bool(found.one().locked)


async def try_lock(connection: AsyncConnection, id: str) -> bool:
    """Do as `locked`, but when somebody else has it return False at once."""
    return bool((await connection.execute(_TRY_LOCK, {"id": id})).scalar_one())


async def register(connection: AsyncConnection, id: str, source: Source, content_hash: str) -> int:
    """Remember a registration; return the number of this change, the same for the same content again."""
    of_whom = {"registrar": source.registrar, "municipality": source.municipality}
    answer = await connection.execute(_REGISTER, {"id": id, "content_hash": content_hash, **of_whom})
    change: int = answer.scalar_one()
    return change


async def unregister(connection: AsyncConnection, id: str) -> int:
    """Forget a registration, known or not; return the number of this change."""
    await connection.execute(_UNREGISTER, {"id": id})
    change: int = (await connection.execute(_NEXT_CHANGE)).scalar_one()
    return change


async def note_end(connection: AsyncConnection, id: str, registrar: str, change: int, now: datetime) -> None:
    """Remember that a registrar ended this one by itself: a snapshot from before does not bring it back."""
    await connection.execute(_ENDED, {"id": id, "registrar": registrar, "change": change, "now": now})
