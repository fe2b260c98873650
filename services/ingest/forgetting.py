"""Forgetting what has had its term: data keys, the memory of signals, deliveries with their rows.

Without its data key the hub itself can read no copy of what it sealed. The tenant is not told: it has its
own key, and its own duty to forget.
"""

from datetime import datetime, timedelta

import structlog
from mode import Service
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.errors import TransientError
from services.common.vault import KEPT, DataClass

INTERVAL_SECONDS = 3600.0
"""Real time; what has had its term is judged by the clock."""
STEP = 500
"""Rows of one transaction: nobody waits for them for long."""
DELIVERIES_KEPT = timedelta(days=35)

_KEYS = text("""
    DELETE FROM common.vault WHERE id IN (
        SELECT id FROM common.vault WHERE expires_at <= :before LIMIT :step FOR UPDATE SKIP LOCKED)
""")
_SIGNALS = text("""
    DELETE FROM ingest.signals WHERE (creditor, reference) IN (
        SELECT creditor, reference FROM ingest.signals WHERE accepted_at <= :before
        LIMIT :step FOR UPDATE SKIP LOCKED)
""")
_ROWS = text("""
    DELETE FROM ingest.delivery_rows WHERE (delivery_id, row) IN (
        SELECT delivery_id, row FROM ingest.delivery_rows JOIN ingest.deliveries USING (delivery_id)
        WHERE started_at <= :before LIMIT :step FOR UPDATE OF delivery_rows SKIP LOCKED)
""")
_DELIVERIES = text("""
    DELETE FROM ingest.deliveries WHERE delivery_id IN (
        SELECT delivery_id FROM ingest.deliveries WHERE started_at <= :before
        LIMIT :step FOR UPDATE SKIP LOCKED)
""")
_TERMS: tuple[tuple[str, TextClause, timedelta], ...] = (
    ("data keys", _KEYS, timedelta()),
    ("signals", _SIGNALS, KEPT[DataClass.SIGNAL]),
    ("delivery rows", _ROWS, DELIVERIES_KEPT),
    ("deliveries", _DELIVERIES, DELIVERIES_KEPT),
)

log = structlog.get_logger()


class Forgetting(Service):
    """Every hour, in every process of ingest: side by side they share the work."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        super().__init__()
        self._engine = engine
        self._clock = clock

    @Service.timer(INTERVAL_SECONDS, exec_first=True)
    async def _work(self) -> None:
        try:
            for what, count in (await forget(self._engine, self._clock.now())).items():
                log.info("data_forgotten", what=what, count=count)
        except TransientError as error:
            log.warning("forgetting_interrupted", text=str(error))


async def forget(engine: AsyncEngine, now: datetime) -> dict[str, int]:
    """Delete what has had its term by `now`; return how much of what, if any."""
    done = {what: await _all(engine, statement, now - kept) for what, statement, kept in _TERMS}
    return {what: count for what, count in done.items() if count}


async def _all(engine: AsyncEngine, statement: TextClause, before: datetime) -> int:
    count = 0
    while True:
        async with transaction(engine) as connection:
            found = (await connection.execute(statement, {"before": before, "step": STEP})).rowcount
        count += found
        if found < STEP:
            return count
