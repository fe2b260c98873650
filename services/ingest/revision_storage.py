"""SQL of signals that their creditor corrects or withdraws: where each one is, and was before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a signal is, or was: all that is needed to take it away again."""

    household: str
    municipality: str
    unit: str
    signal_date: date
    person: str | None
    last: int = field(default=0, compare=False)
    """Of a spot that was left: the last revision that was there; 0 when that was not remembered yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A signal that was accepted, as it stands; `earlier`: every other spot it ever had, the latest last."""

    signal_id: str
    creditor: str
    content_hash: str
    revision: int
    withdrawn: bool
    spot: Spot
    earlier: tuple[Spot, ...]


# a signal from before this was remembered has no more than its household, and what the vault says
_FIND = text("""
    SELECT signal_id, creditor, content_hash, revision, withdrawn, household, person, earlier,
        coalesce(municipality, (SELECT municipality FROM common.vault WHERE id = signal_id), '')
            AS municipality,
        coalesce(unit, '') AS unit,
        coalesce(signal_date, CAST(accepted_at AT TIME ZONE 'Europe/Amsterdam' AS date)) AS signal_date
    FROM ingest.signals WHERE signal_id = :signal_id AND household <> '' FOR UPDATE
""")
_CHANGE = text("""
    UPDATE ingest.signals SET content_hash = :content_hash, revision = :revision, withdrawn = :withdrawn,
        household = :household, municipality = :municipality, unit = :unit, signal_date = :signal_date,
        person = :person, earlier = CAST(:earlier AS jsonb)
    WHERE signal_id = :signal_id
""")


async def find(connection: AsyncConnection, signal_id: str) -> Known | None:
    """Return a signal, and let nobody else change it in the meantime; one that was erased is not there."""
    row = (await connection.execute(_FIND, {"signal_id": signal_id})).one_or_none()
    if row is None:
        return None
    return Known(
        signal_id=row.signal_id,
        creditor=row.creditor,
        content_hash=row.content_hash,
        revision=row.revision,
        withdrawn=row.withdrawn,
        spot=Spot(row.household, row.municipality, row.unit, row.signal_date, row.person),
        earlier=msgspec.convert(row.earlier, tuple[Spot, ...]),
    )


async def change(connection: AsyncConnection, known: Known) -> None:
    """Remember how a signal stands now."""
    await connection.execute(
        _CHANGE,
        {
            "signal_id": known.signal_id,
            "content_hash": known.content_hash,
            "revision": known.revision,
            "withdrawn": known.withdrawn,
            "household": known.spot.household,
            "municipality": known.spot.municipality,
            "unit": known.spot.unit,
            "signal_date": known.spot.signal_date,
            "person": known.spot.person,
            "earlier": _json(known.earlier),
        },
    )


def _json(spots: Sequence[Spot]) -> str:
    return msgspec.json.encode(spots).decode()
