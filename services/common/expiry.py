"""SQL on when the keys of the vault go: by the term of their class, by the life of their case, on request.

Only moments and ids: who is here cannot open anything, so feedback, which knows the cases, may be here too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_KEPT_UNTIL = text("""
    UPDATE common.vault AS kept SET expires_at = asked.expires_at
    FROM json_to_recordset(CAST(:ends AS json)) AS asked (id text, expires_at timestamptz)
    WHERE kept.id = asked.id AND NOT kept.requested AND kept.expires_at <> asked.expires_at
""")
_REQUEST = text("""
    UPDATE common.vault SET requested = true, expires_at = created_at
    WHERE id = :id OR household = :household RETURNING id
""")
# its key went when it was withdrawn, and with it the row by which ingest finds what is due: one without a key
_REQUEST_WITHDRAWN = text("""
    INSERT INTO common.vault
        (id, household, municipality, class, wrapped_key, requested, expires_at, created_at)
    SELECT signal_id, household, municipality, 'signal', '', true, accepted_at, accepted_at
    FROM ingest.signals
    WHERE (signal_id = :id OR household = :household) AND withdrawn AND household <> ''
    ON CONFLICT DO NOTHING RETURNING id
""")
_LEFT = text("SELECT count(*) FROM common.vault WHERE id = ANY(CAST(:ids AS text[]))")


async def keep_until(connection: AsyncConnection, ends: Mapping[str, datetime]) -> None:
    """Keep the keys of these signals until another moment; what is to be erased on request stays so."""
    rows = [{"id": id_, "expires_at": at} for id_, at in sorted(ends.items())]
    await connection.execute(_KEPT_UNTIL, {"ends": msgspec.json.encode(rows).decode()})


async def request(connection: AsyncConnection, *, signal: str | None, household: str | None) -> list[str]:
    """Ask for the erasure of a signal, or of all of a household, withdrawn or not; return their ids.

    The moment at which a key was made is past on every clock, also on a simulated one.
    """
    asked = {"id": signal, "household": household}
    kept = await connection.execute(_REQUEST, asked)
    withdrawn = await connection.execute(_REQUEST_WITHDRAWN, asked)
    return sorted([*kept.scalars(), *withdrawn.scalars()])


async def left(connection: AsyncConnection, ids: Sequence[str]) -> int:
    """Return how many of these have their key yet."""
    count: int = (await connection.execute(_LEFT, {"ids": list(ids)})).scalar_one()
    return count
