"""Collection pauses: topics -> PostgreSQL.

Every change is a row, so that the file of a day stays what it was; how a pause is now is its last one
(pause_reading.py).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.clock import Clock
from services.common.events import Erasure, Pause, PauseAcknowledgement
from services.common.records import Message
from services.feedback.erasing import erase
from services.feedback.projections import Apply

PAUSES = "feedback-pauses"
PAUSES_TOPICS = ("pauses.v1", "pause-acknowledgements.v1", "erasures.v1")

_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('feedback.pause_changes', 0))")
"""A town's pauses are of several creditors, so of several partitions and processes. Who wrote positions and
did not commit would be overtaken, and a reader that goes on after the higher ones would miss it."""
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


def paused(clock: Clock) -> Apply:
    """Return what writes pauses and acknowledgements; `changed_at` is the moment of writing.

    One transaction at a time writes changes, in all processes together: who reads one has all before it.
    """

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        changes, heard, erasures = list[dict[str, Any]](), list[dict[str, Any]](), list[Erasure]()
        for message in messages:
            match message.event:
                case Pause() as pause:
                    changes.append(_row(pause))
                case PauseAcknowledgement() as said:
                    place = {"pause_id": said.pause_id, "sequence": said.sequence}
                    heard.append(place | {"acknowledged_at": message.meta.time})
                case Erasure() as erasure:
                    erasures.append(erasure)
                case _:
                    pass
        if changes:
            await connection.execute(_IN_TURN)
            await connection.execute(_CHANGE, [row | {"changed_at": clock.now()} for row in changes])
        if heard:
            await connection.execute(_ACKNOWLEDGED, heard)
        touched = {id_: "" for row in changes for id_ in row["signal_ids"]}
        await erase(connection, erasures, touched)

    return apply


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
