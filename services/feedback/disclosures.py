"""Reading what was disclosed to creditors. PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.common.events import Contact, Feedback, FeedbackStatus
from services.feedback.domain import Owner

_SHOWN = "creditor = :creditor AND (CAST(:of AS text[]) IS NULL OR municipality = ANY(:of))"
_SIGNAL = text(
    f"SELECT * FROM feedback.disclosed WHERE signal_id = :signal_id AND {_SHOWN}"  # noqa: S608
)
_SINCE = text(f"""
    SELECT * FROM feedback.disclosed WHERE {_SHOWN} AND position > :position
      AND (CAST(:moment AS timestamptz) IS NULL OR changed_at >= :moment)
    ORDER BY position LIMIT :limit
""")  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosedRow:
    """Feedback with the moment it became visible, and its place in the order of changes."""

    feedback: Feedback
    changed_at: datetime
    position: int


class Disclosures:
    """Feedback as creditors, and those who send for them, may read it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def signal(self, whose: Owner, signal_id: str) -> DisclosedRow | None:
        values = whose.values | {"signal_id": signal_id}
        async with transaction(self._engine) as connection:
            row = (await connection.execute(_SIGNAL, values)).mappings().first()
            return _disclosed(row) if row else None

    async def since(
        self, whose: Owner, moment: datetime | None, position: int, limit: int
    ) -> list[DisclosedRow]:
        """Return the changes from `moment` on and after `position`, in the order in which they came."""
        place = {"moment": moment, "position": position, "limit": limit}
        async with transaction(self._engine) as connection:
            found = await connection.execute(_SINCE, whose.values | place)
            return [_disclosed(row) for row in found.mappings()]


def _disclosed(row: RowMapping) -> DisclosedRow:
    feedback = Feedback(
        signal_id=row["signal_id"],
        creditor=row["creditor"],
        municipality=row["municipality"],
        status=FeedbackStatus(row["status"]),
        help_accepted=row["help_accepted"],
        contacts=msgspec.convert(row["contacts"], tuple[Contact, ...]),
        revision=row["revision"],
        withdrawn=row["withdrawn"],
    )
    return DisclosedRow(feedback=feedback, changed_at=row["changed_at"], position=row["position"])
