"""SQL of deliveries: how far each came, and a result per row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.common.errors import PermanentError
from services.ingest.judging import Judged, Outcome

PAGE = 1000
MOST_LISTED = 100
_WHOLE_ROW = "-"


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


class OvertakenError(PermanentError):
    """The delivery was begun again while this attempt was at it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The right to note rows of a delivery, until somebody begins it again; what attempts before it noted."""

    id: str
    number: int = 1
    counts: Counts = field(default_factory=Counts)
    digest: str = ""
    """Of the rows that are noted, in hexadecimal; empty when there are none."""
    done: bool = False
    trial: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What became of one row; `fields` has one for each of `reasons`, None for the row as a whole."""

    row: int
    reference: str | None
    signal_id: str | None
    outcome: str
    reasons: tuple[str, ...]
    fields: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """A delivery as its sender may see it."""

    id: str
    key: str | None
    started_at: datetime
    status: Status
    counts: Counts
    trial: bool


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """A delivery with one page of its rows."""

    summary: DeliverySummary
    rows: tuple[DeliveryRow, ...]
    next_row: int | None
    """First row of the next page, when there is one."""


_START = text("""
    INSERT INTO ingest.deliveries AS old (delivery_id, sender, replica, started_at, key, trial)
    VALUES (:id, :sender, :replica, :now, :key, :trial)
    ON CONFLICT (delivery_id) DO UPDATE SET
        attempt = old.attempt + 1,
        replica = excluded.replica,
        status = CASE old.status WHEN 'klaar' THEN old.status ELSE 'bezig' END
    RETURNING attempt, status, accepted, refused, conflict, digest
""")
_ROWS = text("""
    INSERT INTO ingest.delivery_rows
        (delivery_id, row, reference, signal_id, outcome, reasons, fields, content_hash)
    SELECT :id, row, reference, signal_id, outcome,
           string_to_array(reasons, ' '), string_to_array(fields, ' '), content_hash
    FROM json_to_recordset(CAST(:rows AS json))
         AS new (row integer, reference text, signal_id text, outcome text, reasons text, fields text,
            content_hash text)
""")
_COUNT = text("""
    UPDATE ingest.deliveries
    SET accepted = :accepted, refused = :refused, conflict = :conflict, digest = :digest
    WHERE delivery_id = :id AND attempt = :attempt
""")
_END = text("UPDATE ingest.deliveries SET status = :status WHERE delivery_id = :id AND attempt = :attempt")
_LEFT = text("""
    UPDATE ingest.deliveries SET status = 'afgebroken' WHERE replica = :replica AND status = 'bezig'
""")
_SUMMARY = """
    SELECT delivery_id, key, started_at, status, accepted, refused, conflict, trial FROM ingest.deliveries
"""
_STATE = text(f"{_SUMMARY} WHERE delivery_id = :id AND sender = :sender")
_LATEST = text(f"{_SUMMARY} WHERE sender = :sender ORDER BY started_at DESC, delivery_id LIMIT :limit")
_PAGE = text("""
    SELECT row, reference, signal_id, outcome, reasons, fields FROM ingest.delivery_rows
    WHERE delivery_id = :id AND row >= :first ORDER BY row LIMIT :limit
""")


class DeliveryStorage:
    """Each call is a transaction of its own."""

    def __init__(self, engine: AsyncEngine, replica: str) -> None:
        self._engine = engine
        self._replica = replica

    async def start(
        self, id: str, key: str | None, sender: str, now: datetime, *, trial: bool = False
    ) -> Attempt:
        """Begin a delivery, or begin it again: whoever was at it may note nothing any more."""
        who = {"id": id, "key": key, "sender": sender, "replica": self._replica}
        parameters = {**who, "now": now, "trial": trial}
        async with transaction(self._engine) as connection:
            found = (await connection.execute(_START, parameters)).one()
        counts = Counts(found.accepted, found.refused, found.conflict)
        return Attempt(id, found.attempt, counts, found.digest, found.status == Status.DONE, trial)

    async def add(self, attempt: Attempt, judged: Sequence[Judged], counts: Counts, digest: str) -> None:
        """Note what became of these rows; `counts` and `digest` are those of the delivery with them."""
        rows = msgspec.json.encode([_row(each, attempt) for each in judged]).decode()
        where = {"id": attempt.id, "attempt": attempt.number}
        async with transaction(self._engine) as connection:
            noted = await connection.execute(_COUNT, {**asdict(counts), "digest": digest, **where})
            if not noted.rowcount:
                raise OvertakenError("the delivery was begun again")
            await connection.execute(_ROWS, {"id": attempt.id, "rows": rows})

    async def end(self, attempt: Attempt, status: Status) -> None:
        """Note how an attempt ended, unless the delivery was begun again."""
        where = {"id": attempt.id, "attempt": attempt.number}
        async with transaction(self._engine) as connection:
            await connection.execute(_END, {"status": status.value, **where})

    async def end_left(self) -> None:
        """Break off what this replica was busy with when it was killed."""
        async with transaction(self._engine) as connection:
            await connection.execute(_LEFT, {"replica": self._replica})

    async def latest(self, sender: str) -> list[DeliverySummary]:
        """Return the deliveries of a sender, the last one first."""
        async with transaction(self._engine) as connection:
            found = await connection.execute(_LATEST, {"sender": sender, "limit": MOST_LISTED})
            return [_summary(row) for row in found]

    async def find(self, id: str, sender: str, first_row: int) -> DeliveryState | None:
        """Return a delivery of this sender with the page of rows from `first_row` on."""
        async with transaction(self._engine) as connection:
            found = (await connection.execute(_STATE, {"id": id, "sender": sender})).one_or_none()
            if found is None:
                return None
            page = {"id": id, "first": first_row, "limit": PAGE + 1}
            rows = (await connection.execute(_PAGE, page)).all()
        next_row = rows[PAGE].row if len(rows) > PAGE else None
        return DeliveryState(_summary(found), tuple(_seen(row) for row in rows[:PAGE]), next_row)


def _summary(row: Any) -> DeliverySummary:
    counts = Counts(row.accepted, row.refused, row.conflict)
    return DeliverySummary(row.delivery_id, row.key, row.started_at, Status(row.status), counts, row.trial)


def _seen(row: Any) -> DeliveryRow:
    fields = tuple(None if each == _WHOLE_ROW else each for each in row.fields)
    return DeliveryRow(row.row, row.reference, row.signal_id, row.outcome, tuple(row.reasons), fields)


def _row(judged: Judged, attempt: Attempt) -> dict[str, object]:
    passed = judged.accepted if judged.outcome is Outcome.ACCEPTED else None
    problems = sorted({(problem.reason.value, problem.field or _WHOLE_ROW) for problem in judged.problems})
    return {
        "row": judged.row.number,
        "reference": judged.claim.reference if judged.claim else None,
        "signal_id": judged.signal_id if passed else None,
        "outcome": judged.outcome,
        "reasons": " ".join(reason for reason, _ in problems),
        "fields": " ".join(name for _, name in problems),
        "content_hash": passed.memory.content_hash if passed and attempt.trial else None,
    }
