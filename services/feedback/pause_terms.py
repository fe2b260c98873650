"""Pauses by the clock: who did not confirm in time, and what is forgotten."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction

KEPT = timedelta(days=365)
"""After its end; of a picked-up signal 12 months are published (domain.md 1.10, M1)."""

_LATE = text("""
    UPDATE feedback.pause_changes AS c SET late = true
    WHERE NOT c.late AND c.change <> 'ENDED' AND c.ends_at > :now AND c.changed_at < :before
      AND NOT EXISTS (SELECT FROM feedback.pause_changes n
        WHERE n.pause_id = c.pause_id AND n.sequence > c.sequence)
      AND NOT EXISTS (SELECT FROM feedback.pause_acknowledgements a
        WHERE a.pause_id = c.pause_id AND a.sequence >= c.sequence)
    RETURNING c.creditor
""")
_FORGET = (
    text("""
        DELETE FROM feedback.pause_changes c WHERE c.ends_at < :before AND NOT EXISTS (
            SELECT FROM feedback.pause_changes n WHERE n.pause_id = c.pause_id AND n.ends_at >= :before)
    """),
    text("""
        DELETE FROM feedback.pause_acknowledgements a WHERE a.acknowledged_at < :before AND NOT EXISTS (
            SELECT FROM feedback.pause_changes c WHERE c.pause_id = a.pause_id)
    """),
)


class PauseTerms:
    """Looks at the pauses of all creditors."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def late(self, before: datetime) -> Mapping[str, int]:
        """Return for each creditor how many changes of running pauses from before then it did not confirm.

        Each change is counted once, by whichever process comes first.
        """
        found: dict[str, int] = {}
        async with transaction(self._engine) as connection:
            rows = await connection.execute(_LATE, {"now": self._clock.now(), "before": before})
            for creditor in rows.scalars():
                found[creditor] = found.get(creditor, 0) + 1
        return found

    async def forget(self) -> None:
        """Delete what ended longer than `KEPT` ago."""
        async with transaction(self._engine) as connection:
            for statement in _FORGET:
                await connection.execute(statement, {"before": self._clock.now() - KEPT})
