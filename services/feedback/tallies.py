"""Counting how carefully creditors signal: topics -> PostgreSQL, a row per signal and per refusal.

Rows and not counters: the same record again finds its row, and a status that changes changes what is counted.
A signal that is erased leaves its row under an id of nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mode import Service
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.clock import AMSTERDAM, Clock
from services.common.database import transaction
from services.common.errors import TransientError
from services.common.events import Erasure, Refusal, SignalState
from services.common.records import Message
from services.feedback.erasing import remember_erased
from services.feedback.quality import KEPT_MONTHS, Tally, month_before

QUALITY = "feedback-quality"
TOPICS = ("signal-statuses.v1", "refusals.v1", "erasures.v1")
_DAY_SECONDS = 24 * 3600.0

# the first status is told when the signal is taken in, so its month is that of the signal
_SIGNAL = text("""
    INSERT INTO feedback.tallied_signals AS old (signal_id, month, creditor, municipality, status, revision)
    SELECT :signal_id, :month, :creditor, :municipality, :status, :revision
    WHERE NOT EXISTS (SELECT FROM feedback.erased WHERE signal_id = :signal_id)
    ON CONFLICT (signal_id) DO UPDATE SET status = EXCLUDED.status, municipality = EXCLUDED.municipality,
        revision = EXCLUDED.revision WHERE old.revision <= EXCLUDED.revision
""")
_REFUSAL = text("""
    INSERT INTO feedback.tallied_refusals (refusal_id, month, creditor, municipality, reasons)
    VALUES (:refusal_id, :month, :creditor, :municipality, :reasons) ON CONFLICT DO NOTHING
""")
_ERASE = text("""
    UPDATE feedback.tallied_signals SET signal_id = gen_random_uuid()::text
    WHERE signal_id = ANY(CAST(:ids AS text[]))
""")
_OWN = """
    WHERE month BETWEEN :since AND :until
      AND (CAST(:municipality AS text) IS NULL OR municipality = :municipality)
      AND (CAST(:creditors AS text[]) IS NULL OR creditor = ANY(:creditors))
"""
_SIGNALS = text(f"""
    SELECT month, creditor, municipality, count(*) AS accepted,
        count(*) FILTER (WHERE status = 'UNJUSTIFIED') AS contested,
        count(*) FILTER (WHERE status = 'REPEATED') AS repeated
    FROM feedback.tallied_signals {_OWN} GROUP BY month, creditor, municipality
""")  # noqa: S608 -- our own text
_REFUSALS = text(f"""
    SELECT month, creditor, municipality, reasons, count(*) AS refused
    FROM feedback.tallied_refusals {_OWN} GROUP BY month, creditor, municipality, reasons
""")  # noqa: S608
_OLD = tuple(
    text(f"DELETE FROM feedback.{table} WHERE month < :month")  # noqa: S608
    for table in ("tallied_signals", "tallied_refusals")
)


async def tally(connection: AsyncConnection, messages: Sequence[Message]) -> None:
    """Count signals and refusals (the apply of a projection)."""
    signals, refusals, erased = list[dict[str, Any]](), list[dict[str, Any]](), list[str]()
    for message in messages:
        match message.event:
            case SignalState(end=None) as state:
                signals.append(_signal(state, _month(message.meta.time)))
            case Refusal() as refusal:
                refusals.append(_refusal(refusal, _month(message.meta.time)))
            case Erasure(erased_id=id_):
                erased.append(id_)
            case _:
                pass  # withdrawn, or moved to another address: delivered it was
    if signals:
        await connection.execute(_SIGNAL, signals)
    if refusals:
        await connection.execute(_REFUSAL, refusals)
    if erased:
        await connection.execute(_ERASE, {"ids": erased})
        await remember_erased(connection, erased)


class Tallies(Service):
    """Reads what was counted, and deletes it when its time is over."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        super().__init__()
        self._engine = engine
        self._clock = clock

    async def find(
        self,
        since: str,
        until: str,
        *,
        municipality: str | None = None,
        creditors: Sequence[str] | None = None,
    ) -> list[Tally]:
        """Return the counts of these months of a municipality, or of some creditors."""
        own = {"municipality": municipality, "creditors": None if creditors is None else list(creditors)}
        values = {"since": since, "until": until} | own
        found: dict[tuple[str, str, str | None], Tally] = {}

        def of(row: Any) -> Tally:
            key = (row.month, row.creditor, row.municipality)
            return found.setdefault(
                key, Tally(month=row.month, creditor=row.creditor, municipality=row.municipality)
            )

        async with transaction(self._engine) as connection:
            for row in await connection.execute(_SIGNALS, values):
                each = of(row)
                each.accepted, each.contested, each.repeated = row.accepted, row.contested, row.repeated
            for row in await connection.execute(_REFUSALS, values):
                of(row).refused += row.refused
                of(row).reasons.update(dict.fromkeys(row.reasons, row.refused))
        return list(found.values())

    async def forget(self) -> None:
        """Delete what is older than `KEPT_MONTHS`."""
        month = month_before(_month(self._clock.now()), KEPT_MONTHS)
        async with transaction(self._engine) as connection:
            for statement in _OLD:
                await connection.execute(statement, {"month": month})

    @Service.timer(_DAY_SECONDS, exec_first=True)
    async def _forget(self) -> None:
        try:
            await self.forget()
        except TransientError:
            return  # tomorrow again


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%Y-%m}"


def _signal(state: SignalState, month: str) -> dict[str, Any]:
    return {
        "signal_id": state.signal_id,
        "month": month,
        "creditor": state.creditor,
        "municipality": state.municipality,
        "status": state.status.value,
        "revision": state.revision,
    }


def _refusal(refusal: Refusal, month: str) -> dict[str, Any]:
    return {
        "refusal_id": refusal.refusal_id,
        "month": month,
        "creditor": refusal.creditor,
        "municipality": refusal.municipality,
        "reasons": sorted(set(refusal.reasons)),
    }
