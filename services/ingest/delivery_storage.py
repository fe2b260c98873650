"""SQL of deliveries: how far each came, and a result per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.ingest.judging import Judged, Outcome

PAGE = 1000


class Status(StrEnum):
    """Where a delivery stands, in the words of the interface."""

    BUSY = "bezig"
    DONE = "klaar"
    BROKEN_OFF = "afgebroken"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there were of each outcome."""

    accepted: int = 0
    refused: int = 0
    conflict: int = 0

    @property
    def received(self) -> int:
        return self.accepted + self.refused + self.conflict

    def plus(self, judged: Sequence[Judged]) -> "Counts":
        """Return the counts with these rows added."""
        found = [each.outcome for each in judged]
        return Counts(
            self.accepted + found.count(Outcome.ACCEPTED),
            self.refused + found.count(Outcome.REFUSED),
            self.conflict + found.count(Outcome.CONFLICT),
        )


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What became of one row."""

    row: int
    reference: str | None
    signal_id: str | None
    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery as its sender may see it, with one page of its rows."""

    status: Status
    counts: Counts
    rows: tuple[DeliveryRow, ...]
    next_row: int | None
    """First row of the next page, when there is one."""


_START = text("""
    INSERT INTO ingest.deliveries (delivery_id, sender, replica, started_at)
    VALUES (:id, :sender, :replica, :now)
""")
_ROWS = text("""
    INSERT INTO ingest.delivery_rows (delivery_id, row, reference, signal_id, outcome, reasons)
    SELECT :id, row, reference, signal_id, outcome, string_to_array(reasons, ' ')
    FROM json_to_recordset(CAST(:rows AS json))
         AS new (row integer, reference text, signal_id text, outcome text, reasons text)
""")
_COUNT = text("""
    UPDATE ingest.deliveries SET accepted = :accepted, refused = :refused, conflict = :conflict
    WHERE delivery_id = :id
""")
_END = text("UPDATE ingest.deliveries SET status = :status WHERE delivery_id = :id")
_LEFT = text("""
    UPDATE ingest.deliveries SET status = 'afgebroken' WHERE replica = :replica AND status = 'bezig'
""")
_STATE = text("""
    SELECT status, accepted, refused, conflict FROM ingest.deliveries
    WHERE delivery_id = :id AND sender = :sender
""")
_PAGE = text("""
    SELECT row, reference, signal_id, outcome, reasons FROM ingest.delivery_rows
    WHERE delivery_id = :id AND row >= :first ORDER BY row LIMIT :limit
""")


class DeliveryStorage:
    """Each call is a transaction of its own."""

    def __init__(self, engine: AsyncEngine, replica: str) -> None:
        self._engine = engine
        self._replica = replica

    async def start(self, id: str, sender: str, now: datetime) -> None:
        async with transaction(self._engine) as connection:
            parameters = {"id": id, "sender": sender, "replica": self._replica, "now": now}
            await connection.execute(_START, parameters)

    async def add(self, id: str, judged: Sequence[Judged], counts: Counts) -> None:
        """Note what became of these rows; `counts` are those of the delivery with them."""
        rows = msgspec.json.encode([_row(each) for each in judged]).decode()
        async with transaction(self._engine) as connection:
            await connection.execute(_ROWS, {"id": id, "rows": rows})
            await connection.execute(
                _COUNT,
                {
                    "id": id,
                    "accepted": counts.accepted,
                    "refused": counts.refused,
                    "conflict": counts.conflict,
                },
            )

    async def end(self, id: str, status: Status) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(_END, {"id": id, "status": status.value})

    async def end_left(self) -> None:
        """Break off what this replica was busy with when it was killed."""
        async with transaction(self._engine) as connection:
            await connection.execute(_LEFT, {"replica": self._replica})

    async def find(self, id: str, sender: str, first_row: int) -> DeliveryState | None:
        """Return a delivery of this sender with the page of rows from `first_row` on."""
        async with transaction(self._engine) as connection:
            found = (await connection.execute(_STATE, {"id": id, "sender": sender})).one_or_none()
            if found is None:
                return None
            page = {"id": id, "first": first_row, "limit": PAGE + 1}
            rows = (await connection.execute(_PAGE, page)).all()
        return DeliveryState(
            Status(found.status),
            Counts(found.accepted, found.refused, found.conflict),
            tuple(
                DeliveryRow(r.row, r.reference, r.signal_id, r.outcome, tuple(r.reasons)) for r in rows[:PAGE]
            ),
            rows[PAGE].row if len(rows) > PAGE else None,
        )


def _row(judged: Judged) -> dict[str, object]:
    return {
        "row": judged.row.number,
        "reference": judged.claim.reference if judged.claim else None,
        "signal_id": judged.signal_id if judged.outcome is Outcome.ACCEPTED else None,
        "outcome": judged.outcome,
        "reasons": " ".join(sorted({problem.reason for problem in judged.problems})),
    }
