"""Kafka -> database: which persons are in debt help now, so that ingest knows whom a debt report is for.

From the topic and not from what ingest remembers of registrations itself: the topic holds all that run,
however and whenever they came.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.clock import Clock
from services.common.events import Registration
from services.common.records import Message

PROJECTION = "ingest-helped"
TOPICS = ("registrations.v1",)
Apply = Callable[[AsyncConnection, Sequence[Message]], Awaitable[None]]

_RUNNING = text("""
    INSERT INTO ingest.helped (registration_id, person, household, municipality, registrar)
    SELECT * FROM json_to_recordset(CAST(:rows AS json))
         AS new (registration_id text, person text, household text, municipality text, registrar text)
    ON CONFLICT (registration_id) DO UPDATE SET person = excluded.person, household = excluded.household,
        municipality = excluded.municipality, registrar = excluded.registrar
""")
# whoever asks for an erasure names a household: that of the registration as it is now
_MOVED = text("""
    UPDATE common.vault AS kept SET household = helped.household
    FROM ingest.debt_reports JOIN ingest.helped USING (registration_id)
    WHERE registration_id = ANY(CAST(:ids AS text[])) AND kept.id = report_id
      AND kept.household <> helped.household
""")
_ENDED = text("DELETE FROM ingest.helped WHERE registration_id = ANY(CAST(:ids AS text[]))")
_KEYS = text("""
    UPDATE common.vault SET expires_at = :now
    WHERE expires_at > :now AND id IN (
        SELECT report_id FROM ingest.debt_reports WHERE registration_id = ANY(CAST(:ids AS text[])))
""")


def helped(clock: Clock) -> Apply:
    """Return what writes who is in debt help; with its registration a debt report has had its term."""

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        last = {message.key: message.event for message in messages}
        running = [_row(event) for event in last.values() if isinstance(event, Registration)]
        ended = [key for key, event in last.items() if event is None]
        if running:
            await connection.execute(_RUNNING, {"rows": msgspec.json.encode(running).decode()})
            await connection.execute(_MOVED, {"ids": [row["registration_id"] for row in running]})
        if ended:
            await connection.execute(_ENDED, {"ids": ended})
            await connection.execute(_KEYS, {"ids": ended, "now": clock.now()})

    return apply


def _row(registration: Registration) -> dict[str, str]:
    return {
        "registration_id": registration.registration_id,
        "person": registration.person,
        "household": registration.household,
        "municipality": registration.municipality,
        "registrar": registration.registrar,
    }
