"""SQL of registrations one by one: what is remembered of each, and the locks that put requests in an order.

Two locks: a registrar's own, which single requests share and a snapshot has alone; a registration's own.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.freshness import Source

LOCK_SECONDS = 5
"""How long a single request waits for a snapshot of the same registrar before it answers 503."""

# in this order: a lock that does not come in time is an error, and so a 503
_LOCK = text("""
    SELECT set_config('lock_timeout', :wait, true),
        pg_advisory_xact_lock_shared(hashtextextended('registrar ' || :registrar, 0)),
        pg_advisory_xact_lock(hashtextextended(:id, 0))
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


async def lock(connection: AsyncConnection, id: str, registrar: str) -> None:
    """Let one transaction at a time work on a registration, and none while a snapshot is applied."""
    await connection.execute(_LOCK, {"id": id, "registrar": registrar, "wait": f"{LOCK_SECONDS}s"})


async def try_lock(connection: AsyncConnection, id: str) -> bool:
    """Do as `lock`, but when somebody else has it return False at once."""
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
