"""Collection pauses: topics -> PostgreSQL, and reading them back as their creditor or municipality may.

Every change is a row, so that the file of a day stays what it was; how a pause is now is its last one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.events import Erasure, Pause, PauseAcknowledgement, PauseChange, PauseEnd, PauseGround
from services.common.records import Message
from services.feedback.erasing import erase
from services.feedback.projections import Apply

PAUSES = "feedback-pauses"
PAUSES_TOPICS = ("pauses.v1", "pause-acknowledgements.v1", "erasures.v1")
KEPT = timedelta(days=365)
"""After its end; of a picked-up signal 12 months are published (domain.md 1.10, M1)."""

_CHANGE = text("""
    INSERT INTO feedback.pause_changes (pause_id, sequence, creditor, municipality, change, signal_ids,
        starts_at, ends_at, end_reason, ground, covered_by, check_id, dossier, changed_at, position)
    VALUES (:pause_id, :sequence, :creditor, :municipality, :change, :signal_ids,
        :starts_at, :ends_at, :end_reason, :ground, :covered_by, :check_id, :dossier, :changed_at,
        nextval('feedback.positions'))
    ON CONFLICT (pause_id, sequence) DO UPDATE SET change = EXCLUDED.change, starts_at = EXCLUDED.starts_at,
        ends_at = EXCLUDED.ends_at, end_reason = EXCLUDED.end_reason, position = EXCLUDED.position,
        changed_at = EXCLUDED.changed_at
""")
"""Twice the same number is of records before v2, which had none: what comes last counts."""
_ACKNOWLEDGED = text("""
    INSERT INTO feedback.pause_acknowledgements AS old (pause_id, sequence, acknowledged_at)
    VALUES (:pause_id, :sequence, :acknowledged_at)
    ON CONFLICT (pause_id) DO UPDATE SET sequence = EXCLUDED.sequence,
        acknowledged_at = EXCLUDED.acknowledged_at
    WHERE old.sequence < EXCLUDED.sequence
""")
_COLUMNS = """
    SELECT c.*, CASE WHEN a.sequence >= c.sequence THEN a.acknowledged_at END AS acknowledged_at,
        n.change <> 'ENDED' AND n.ends_at > :now AS runs, n.ground AS ground_now
    FROM feedback.pause_changes c
    JOIN LATERAL (SELECT sequence, change, ends_at, ground FROM feedback.pause_changes
        WHERE pause_id = c.pause_id ORDER BY sequence DESC LIMIT 1) n ON true
    LEFT JOIN feedback.pause_acknowledgements a USING (pause_id)
"""
_UNCONFIRMED = "(a.sequence IS NULL OR a.sequence < c.sequence)"
_OWN = "c.creditor = :creditor"
_OF_TOWN = """
    c.municipality = :municipality AND EXISTS (SELECT FROM feedback.signals s
        WHERE s.signal_id = ANY(c.signal_ids) AND s.municipality = :municipality)
"""
_FILTERS = f"""
    AND n.sequence = c.sequence AND c.position > :position
    AND (CAST(:moment AS timestamptz) IS NULL OR c.changed_at >= :moment)
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
_RUNS = text("""
    SELECT EXISTS (SELECT FROM feedback.pause_changes c WHERE c.municipality = :municipality
        AND c.signal_ids && CAST(:signal_ids AS text[]) AND c.change <> 'ENDED' AND c.ends_at > :now
        AND NOT EXISTS (SELECT FROM feedback.pause_changes n
            WHERE n.pause_id = c.pause_id AND n.sequence > c.sequence))
""")
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


def paused(clock: Clock) -> Apply:
    """Return what writes pauses and acknowledgements; `changed_at` is the moment of writing."""

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        changes, heard, erasures = list[dict[str, Any]](), list[dict[str, Any]](), list[Erasure]()
        for message in messages:
            match message.event:
                case Pause() as pause:
                    changes.append(_row(pause) | {"changed_at": clock.now()})
                case PauseAcknowledgement() as said:
                    place = {"pause_id": said.pause_id, "sequence": said.sequence}
                    heard.append(place | {"acknowledged_at": message.meta.time})
                case Erasure() as erasure:
                    erasures.append(erasure)
                case _:
                    pass
        if changes:
            await connection.execute(_CHANGE, changes)
        if heard:
            await connection.execute(_ACKNOWLEDGED, heard)
        touched = {id_: "" for row in changes for id_ in row["signal_ids"]}
        await erase(connection, erasures, touched)

    return apply


class Pauses:
    """Pauses as they are read: with what may be known now, whatever a row holds."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def of_creditor(self, creditor: str, asked: Asked, limit: int) -> list[PauseRow]:
        """Return its pauses in the order of their last change."""
        return await self._list("creditor", creditor, asked, limit)

    async def of_municipality(self, municipality: str, asked: Asked, limit: int) -> list[PauseRow]:
        """Return the pauses for signals about its residents."""
        return await self._list("municipality", municipality, asked, limit)

    async def one(self, creditor: str, pause_id: str) -> PauseRow | None:
        rows = await self._rows(_ONE, {"creditor": creditor, "pause_id": pause_id})
        return rows[0] if rows else None

    async def changed(
        self, creditor: str, since: datetime, until: datetime, position: int, limit: int
    ) -> list[PauseRow]:
        """Return what changed from `since` and before `until`, in order, after `position`."""
        place = {"since": since, "until": until, "position": position, "limit": limit}
        return await self._rows(_DAY, {"creditor": creditor} | place)

    async def runs(self, municipality: str, signal_ids: Sequence[str]) -> bool:
        """Tell whether a pause for one of these signals runs."""
        values = {"municipality": municipality, "signal_ids": list(signal_ids), "now": self._clock.now()}
        async with transaction(self._engine) as connection:
            return bool((await connection.execute(_RUNS, values)).scalar_one())

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

    async def _list(self, whose: str, party: str, asked: Asked, limit: int) -> list[PauseRow]:
        values = {whose: party, "limit": limit, "running": asked.running, "confirmed": asked.confirmed}
        place = {"moment": asked.moment, "position": asked.position, "before": asked.before}
        return await self._rows(_LIST[whose], values | place)

    async def _rows(self, statement: Any, values: Mapping[str, Any]) -> list[PauseRow]:
        async with transaction(self._engine) as connection:
            found = await connection.execute(statement, {**values, "now": self._clock.now()})
            return [_read(row) for row in found.mappings()]


def _row(pause: Pause) -> dict[str, Any]:
    return {
        "pause_id": pause.pause_id,
        "sequence": pause.sequence,
        "creditor": pause.creditor,
        "municipality": pause.municipality,
        "change": pause.change.value,
        "signal_ids": list(pause.signal_ids),
        "starts_at": pause.starts_at,
        "ends_at": pause.ends_at,
        "end_reason": pause.end_reason and pause.end_reason.value,
        "ground": pause.ground and pause.ground.value,
        "covered_by": pause.covered_by,
        "check_id": pause.check_id,
        "dossier": pause.dossier,
    }


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
