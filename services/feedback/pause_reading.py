"""Collection pauses as their creditor or municipality may read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.events import Pause, PauseChange, PauseEnd, PauseGround
from services.feedback.domain import Owner

_COLUMNS = """
    SELECT c.*, CASE WHEN a.sequence >= c.sequence THEN a.acknowledged_at END AS acknowledged_at,
        n.change <> 'ENDED' AND n.ends_at > :now AS runs, n.ground AS ground_now
    FROM feedback.pause_changes c
    JOIN LATERAL (SELECT sequence, change, ends_at, ground FROM feedback.pause_changes
        WHERE pause_id = c.pause_id ORDER BY sequence DESC LIMIT 1) n ON true
    LEFT JOIN feedback.pause_acknowledgements a USING (pause_id)
"""
_UNCONFIRMED = "(a.sequence IS NULL OR a.sequence < c.sequence)"
_OWN = """
    c.creditor = :creditor AND (CAST(:of AS text[]) IS NULL
        OR (c.municipality = ANY(CAST(:of AS text[])) AND c.signal_ids <> '{}'))
"""
_OF_TOWN = """
    c.municipality = :municipality AND EXISTS (SELECT FROM feedback.signals s
        WHERE s.signal_id = ANY(c.signal_ids) AND s.municipality = :municipality)
"""
_CLOCKS = "interval '5 seconds'"
"""How much the clocks of the processes that write `changed_at` may differ."""
_FILTERS = f"""
    AND n.sequence = c.sequence AND c.position > :position
    AND (CAST(:moment AS timestamptz) IS NULL OR c.changed_at + {_CLOCKS} >= :moment)
    AND (CAST(:running AS boolean) IS NULL OR :running = (c.change <> 'ENDED' AND c.ends_at > :now))
    AND (CAST(:confirmed AS boolean) IS NULL OR :confirmed = NOT {_UNCONFIRMED})
    AND (CAST(:before AS timestamptz) IS NULL OR c.changed_at < :before)
    ORDER BY c.position LIMIT :limit
"""
_LIST = {
    whose: text(f"{_COLUMNS} WHERE {own} {_FILTERS}")
    for whose, own in (("creditor", _OWN), ("municipality", _OF_TOWN))
}
_ONE = text(f"{_COLUMNS} WHERE {_OWN} AND c.pause_id = :pause_id AND n.sequence = c.sequence")
_DAY = text(f"""
    {_COLUMNS} WHERE {_OWN} AND c.changed_at >= :since AND c.changed_at < :until AND c.position > :position
    ORDER BY c.position LIMIT :limit
""")
_RUNNING = text("""
    SELECT c.pause_id, c.starts_at FROM feedback.pause_changes c WHERE c.municipality = :municipality
        AND c.signal_ids && CAST(:signal_ids AS text[]) AND c.change <> 'ENDED' AND c.ends_at > :now
        AND NOT EXISTS (SELECT FROM feedback.pause_changes n
            WHERE n.pause_id = c.pause_id AND n.sequence > c.sequence)
    ORDER BY c.pause_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRow:
    """A change of a pause; `runs`: the pause, as it is by now, runs."""

    pause: Pause
    changed_at: datetime
    position: int
    acknowledged_at: datetime | None
    runs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which pauses of a list are asked for: None = whatever it is."""

    running: bool | None = None
    confirmed: bool | None = None
    moment: datetime | None = None
    position: int = 0
    before: datetime | None = None
    """Changed before this moment only."""


class Pauses:
    """Pauses as they are read: with what may be known now, whatever a row holds."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def of_creditor(self, whose: Owner, asked: Asked, limit: int) -> list[PauseRow]:
        """Return its pauses in the order of their last change."""
        return await self._rows(_LIST["creditor"], whose.values | _asked(asked, limit))

    async def of_municipality(self, municipality: str, asked: Asked, limit: int) -> list[PauseRow]:
        """Return the pauses for signals about its residents."""
        return await self._rows(_LIST["municipality"], {"municipality": municipality} | _asked(asked, limit))

    async def one(self, whose: Owner, pause_id: str) -> PauseRow | None:
        rows = await self._rows(_ONE, whose.values | {"pause_id": pause_id})
        return rows[0] if rows else None

    async def changed(
        self, whose: Owner, since: datetime, until: datetime, position: int, limit: int
    ) -> list[PauseRow]:
        """Return what changed from `since` and before `until`, in order, after `position`."""
        place = {"since": since, "until": until, "position": position, "limit": limit}
        return await self._rows(_DAY, whose.values | place)

    async def running(self, municipality: str, signal_ids: Sequence[str]) -> list[str]:
        """Return which pauses for these signals run, and since when."""
        values = {"municipality": municipality, "signal_ids": list(signal_ids), "now": self._clock.now()}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_RUNNING, values)
            return [f"{row.pause_id} {row.starts_at.isoformat()}" for row in found]

    async def _rows(self, statement: Any, values: Mapping[str, Any]) -> list[PauseRow]:
        async with transaction(self._engine) as connection:
            found = await connection.execute(statement, {**values, "now": self._clock.now()})
            return [_read(row) for row in found.mappings()]


def _asked(asked: Asked, limit: int) -> dict[str, Any]:
    values = {"running": asked.running, "confirmed": asked.confirmed, "limit": limit}
    return values | {"moment": asked.moment, "position": asked.position, "before": asked.before}


def _read(row: RowMapping) -> PauseRow:
    """A ground is told while it holds: that somebody was in debt help is told to nobody (domain.md 1.9)."""
    runs: bool = row["runs"]
    pause = Pause(
        pause_id=row["pause_id"],
        creditor=row["creditor"],
        municipality=row["municipality"],
        change=PauseChange(row["change"]),
        signal_ids=tuple(row["signal_ids"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        end_reason=PauseEnd(row["end_reason"]) if row["end_reason"] else None,
        ground=_ground(row["ground"]) if runs and row["ground"] == row["ground_now"] else None,
        sequence=row["sequence"],
        covered_by=row["covered_by"],
        check_id=row["check_id"],
        dossier=row["dossier"],
    )
    return PauseRow(
        pause=pause,
        changed_at=row["changed_at"],
        position=row["position"],
        acknowledged_at=row["acknowledged_at"],
        runs=runs,
    )


def _ground(name: str | None) -> PauseGround | None:
    return PauseGround(name) if name else None
