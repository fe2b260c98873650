"""SQL of debt reports: which registrations a person has now, and what each of them was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Helped:
    """A running registration of a person, as far as a debt report needs it."""

    registration_id: str
    household: str
    municipality: str
    registrar: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a registration is told, as it is remembered; `message_id` is of all that one message told."""

    report_id: str
    message_id: str
    registration_id: str
    content_hash: str


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:message_id, 0))")
# a registration that ends meanwhile waits, and then takes the keys of these reports with it
_HELPED = text("""
    SELECT registration_id, household, municipality, registrar FROM ingest.helped
    WHERE person = :person ORDER BY registration_id FOR SHARE
""")
_TOLD = text("""
    SELECT report_id, message_id, registration_id, content_hash FROM ingest.debt_reports
    WHERE message_id = :message_id
""")
_TELL = text("""
    INSERT INTO ingest.debt_reports (report_id, message_id, registration_id, content_hash, reported_at)
    SELECT new.*, :now FROM json_to_recordset(CAST(:reports AS json))
         AS new (report_id text, message_id text, registration_id text, content_hash text)
""")


async def helped(connection: AsyncConnection, person: str) -> list[Helped]:
    """Return the running registrations of a person; none of them ends before this transaction."""
    rows = await connection.execute(_HELPED, {"person": person})
    return [Helped(*row) for row in rows]


async def lock(connection: AsyncConnection, message_id: str) -> None:
    """Let one transaction at a time work on a message, also on a new one."""
    await connection.execute(_LOCK, {"message_id": message_id})


async def told(connection: AsyncConnection, message_id: str) -> list[Told]:
    """Return what a message told before; of what was erased since the content is no longer known ('')."""
    rows = await connection.execute(_TOLD, {"message_id": message_id})
    return [Told(*row) for row in rows]


async def tell(connection: AsyncConnection, reports: Sequence[Told], now: datetime) -> None:
    """Remember what is told."""
    await connection.execute(_TELL, {"reports": msgspec.json.encode(reports).decode(), "now": now})
