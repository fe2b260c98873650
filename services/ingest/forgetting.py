"""Forgetting what has had its term and nobody is told of: memory of signals and debt reports, deliveries.

Memory holds pseudonyms only. A result of a delivery has the `kenmerk`, by which its sender finds its own row
and which may say who somebody is. Data keys: erasing.py.
"""

from datetime import datetime, timedelta

import structlog
from mode import Service
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.errors import TransientError
from services.common.terms import Terms, began_before

INTERVAL_SECONDS = 3600.0
"""Real time; what has had its term is judged by the clock."""
STEP = 500
"""Rows of one transaction: nobody waits for them for long."""
DELIVERIES_KEPT = timedelta(days=35)

_SIGNALS = text("""
    DELETE FROM ingest.signals WHERE (creditor, reference) IN (
        SELECT creditor, reference FROM ingest.signals WHERE accepted_at < :before
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
_REPORTS = text("""
    DELETE FROM ingest.debt_reports WHERE report_id IN (
        SELECT report_id FROM ingest.debt_reports WHERE reported_at < :before
        LIMIT :step FOR UPDATE SKIP LOCKED)
""")
_ENDS = text("""
    DELETE FROM ingest.registration_ends WHERE registration_id IN (
        SELECT registration_id FROM ingest.registration_ends WHERE ended_at <= :before
        LIMIT :step FOR UPDATE SKIP LOCKED)
""")
log = structlog.get_logger()


class Forgetting(Service):
    """Every hour, in every process of ingest: side by side they share the work."""

    def __init__(self, engine: AsyncEngine, clock: Clock, terms: Terms) -> None:
        super().__init__()
        self._engine = engine
        self._clock = clock
        self._terms = terms

    @Service.timer(INTERVAL_SECONDS, exec_first=True)
    async def _work(self) -> None:
        try:
            for what, count in (await forget(self._engine, self._clock.now(), self._terms)).items():
                log.info("data_forgotten", what=what, count=count)
        except TransientError as error:
            log.warning("forgetting_interrupted", text=str(error))


async def forget(engine: AsyncEngine, now: datetime, terms: Terms) -> dict[str, int]:
    """Delete what has had its term by `now`; return how much of what, if any."""
    found = (
        ("signals", _SIGNALS, began_before(now, terms.case)),  # as long as the services after this one
        ("debt reports", _REPORTS, began_before(now, terms.case)),
        ("delivery rows", _ROWS, now - DELIVERIES_KEPT),
        ("deliveries", _DELIVERIES, now - DELIVERIES_KEPT),
        ("ends of registrations", _ENDS, now - DELIVERIES_KEPT),
    )
    done = {what: await _all(engine, statement, before) for what, statement, before in found}
    return {what: count for what, count in done.items() if count}


async def _all(engine: AsyncEngine, statement: TextClause, before: datetime) -> int:
    count = 0
    while True:
        async with transaction(engine) as connection:
            found = (await connection.execute(statement, {"before": before, "step": STEP})).rowcount
        count += found
        if found < STEP:
            return count
