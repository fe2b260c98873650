"""Erasing what has had its term, or what somebody asked for: its municipality is told, then the key goes.

One transaction holds the rows while their events are published, and commits after the broker's answer. A
process that is killed in between has told of it and erased nothing: the next one tells it again under the
same ids, and erases. Any number of processes share the work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from mode import Service
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.errors import TransientError
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.vault import DataClass
from services.ingest.erasures import Due, erased_debt_report, erased_registration, erased_signal
from services.ingest.registration_storage import try_lock, unregister
from services.ingest.revision_storage import find

INTERVAL_SECONDS = 5.0
"""Real time, who asks for an erasure waits for it; what has had its term is judged by the clock."""
STEP = 200
"""Keys of one transaction: told well within the time that a call to the broker may take."""

_DUE = text("""
    SELECT id, household, municipality, class AS class_, requested, created_at FROM common.vault
    WHERE expires_at <= :now LIMIT :step FOR UPDATE SKIP LOCKED
""")
_ERASE = text("DELETE FROM common.vault WHERE id = ANY(CAST(:ids AS text[]))")
# the row itself stays for its own term: the same signal sent again is a conflict and does not come back
_FORGET = text("""
    UPDATE ingest.signals SET content_hash = '', household = '', municipality = NULL, unit = NULL,
        signal_date = NULL, person = NULL, earlier = '[]' WHERE signal_id = ANY(CAST(:ids AS text[]))
""")
_FORGET_REPORTS = text("""
    UPDATE ingest.debt_reports SET content_hash = '' WHERE report_id = ANY(CAST(:ids AS text[]))
""")
# of what has had its term these have had theirs before
_TRACES = (
    text("UPDATE ingest.delivery_rows SET reference = NULL WHERE signal_id = ANY(CAST(:ids AS text[]))"),
    text("""
        DELETE FROM common.deliveries USING unnest(CAST(:ids AS text[])) AS gone (id)
        WHERE state = 'dead' AND position(convert_to(gone.id, 'UTF8') IN body) > 0
    """),
)

log = structlog.get_logger()


class Erasing(Service):
    """Looks every few seconds."""

    def __init__(self, engine: AsyncEngine, publisher: Publisher, clock: Clock) -> None:
        super().__init__()
        self._engine = engine
        self._publisher = publisher
        self._clock = clock

    @Service.timer(INTERVAL_SECONDS, exec_first=True)
    async def _work(self) -> None:
        try:
            if count := await erase(self._engine, self._publisher, self._clock.now()):
                log.info("personal_data_erased", count=count)
        except TransientError as error:
            log.warning("erasing_interrupted", text=str(error))


async def erase(engine: AsyncEngine, publisher: Publisher, now: datetime) -> int:
    """Erase all that is due; return how much. A `TransientError` means: some of it, told and erased alike."""
    count = 0
    while done := await _step(engine, publisher, now):
        count += done
    return count


async def _step(engine: AsyncEngine, publisher: Publisher, now: datetime) -> int:
    async with transaction(engine) as connection:
        found = [each for each in await _due(connection, now) if await _is_ours(connection, each)]
        if found:
            records = [record for each in found for record in await _records(connection, each)]
            await publisher.publish(records, now)
            await _remove(connection, found)
    return len(found)


async def _due(connection: AsyncConnection, now: datetime) -> list[Due]:
    rows = (await connection.execute(_DUE, {"now": now, "step": STEP})).all()
    return [
        Due(row.id, row.household, row.municipality, DataClass(row.class_), row.requested, row.created_at)
        for row in rows
    ]


async def _is_ours(connection: AsyncConnection, due: Due) -> bool:
    """Of a registration nobody else may publish meanwhile; one that is being put or ended waits its turn."""
    return due.class_ is not DataClass.REGISTRATION or await try_lock(connection, due.id)


async def _records(connection: AsyncConnection, due: Due) -> Sequence[Outgoing]:
    if due.class_ is DataClass.REGISTRATION:
        return erased_registration(due, await unregister(connection, due.id))
    if due.class_ is DataClass.DEBT_REPORT:
        return erased_debt_report(due)
    return erased_signal(due, await find(connection, due.id))


async def _remove(connection: AsyncConnection, found: Sequence[Due]) -> None:
    signals = [each for each in found if each.class_ is DataClass.SIGNAL]
    ids: Mapping[str, list[str]] = {"ids": [each.id for each in signals]}
    await connection.execute(_FORGET, ids)
    asked = {"ids": [each.id for each in signals if each.requested]}
    for statement in _TRACES if asked["ids"] else ():
        await connection.execute(statement, asked)
    every = {"ids": [each.id for each in found]}
    await connection.execute(_FORGET_REPORTS, every)
    await connection.execute(_ERASE, every)
