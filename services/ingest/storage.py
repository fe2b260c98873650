"""SQL of ingest: what it remembers of signals and registrations, deliveries and their rows, areas."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.events import Area
from services.ingest.domain.gate import Place

AddressKey = tuple[str, int]
"""Postcode as 1234AB and house number."""


@dataclass(frozen=True, slots=True, order=True)
class Remembered:
    """A signal as it is remembered; in the order in which rows are locked."""

    creditor: str
    reference: str
    signal_id: str
    content_hash: str
    household: str


_REMEMBER = text("""
    INSERT INTO ingest.signals (creditor, reference, signal_id, content_hash, household, accepted_at)
    SELECT new.*, :now
    FROM unnest(CAST(:creditors AS text[]), CAST(:references AS text[]), CAST(:ids AS text[]),
                CAST(:hashes AS text[]), CAST(:households AS text[])) AS new
    ON CONFLICT DO NOTHING
    RETURNING signal_id
""")
_HASHES = text("""
    SELECT signal_id, content_hash FROM ingest.signals
    JOIN unnest(CAST(:creditors AS text[]), CAST(:references AS text[])) AS asked (creditor, reference)
    USING (creditor, reference)
""")
_PLACES = text("""
    SELECT postcode, number, neighbourhood, district, municipality_code FROM ingest.areas
    JOIN unnest(CAST(:postcodes AS text[]), CAST(:numbers AS integer[])) AS asked (postcode, number)
    USING (postcode, number)
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))")
_REGISTER = text("""
    INSERT INTO ingest.registrations AS old (registration_id, content_hash, change)
    VALUES (:id, :content_hash, nextval('ingest.registration_changes'))
    ON CONFLICT (registration_id) DO UPDATE SET
        content_hash = excluded.content_hash,
        change = CASE WHEN old.content_hash = excluded.content_hash THEN old.change ELSE excluded.change END
    RETURNING change
""")
_UNREGISTER = text("DELETE FROM ingest.registrations WHERE registration_id = :id")
_NEXT_CHANGE = text("SELECT nextval('ingest.registration_changes')")


async def remember(
    connection: AsyncConnection, signals: Sequence[Remembered], now: datetime
) -> dict[str, str]:
    """Remember new signals; return of each, by id, the hash that is remembered: its own or that of before."""
    ordered = sorted(signals)  # one order for all writers: no deadlock
    answer = await connection.execute(
        _REMEMBER,
        {
            "creditors": [each.creditor for each in ordered],
            "references": [each.reference for each in ordered],
            "ids": [each.signal_id for each in ordered],
            "hashes": [each.content_hash for each in ordered],
            "households": [each.household for each in ordered],
            "now": now,
        },
    )
    new = set(answer.scalars())
    hashes = {each.signal_id: each.content_hash for each in ordered if each.signal_id in new}
    return hashes | await remembered(connection, (each for each in ordered if each.signal_id not in new))


async def remembered(connection: AsyncConnection, signals: Iterable[Remembered]) -> dict[str, str]:
    """Return the content hash of each signal that is known, by id."""
    pairs = [(each.creditor, each.reference) for each in signals]
    if not pairs:
        return {}
    creditors, references = zip(*pairs, strict=True)
    rows = await connection.execute(_HASHES, {"creditors": list(creditors), "references": list(references)})
    return {row.signal_id: row.content_hash for row in rows}


async def find_places(
    connection: AsyncConnection, addresses: Iterable[AddressKey]
) -> Mapping[AddressKey, Place]:
    """Return where each address lies, as far as the area table is loaded and knows it."""
    wanted = list(set(addresses))
    if not wanted:
        return {}
    postcodes, numbers = zip(*wanted, strict=True)
    rows = await connection.execute(_PLACES, {"postcodes": list(postcodes), "numbers": list(numbers)})
    return {
        (row.postcode, row.number): Place(
            municipality_code=row.municipality_code,
            area=Area(pc4=row.postcode[:4], district=row.district, neighbourhood=row.neighbourhood),
        )
        for row in rows
    }


async def lock(connection: AsyncConnection, id: str) -> None:
    """Let one transaction at a time work on an id, also on one that has no row yet."""
    await connection.execute(_LOCK, {"id": id})


async def register(connection: AsyncConnection, registration_id: str, content_hash: str) -> int:
    """Remember a registration; return the number of this change, the same for the same content again."""
    answer = await connection.execute(_REGISTER, {"id": registration_id, "content_hash": content_hash})
    change: int = answer.scalar_one()
    return change


async def unregister(connection: AsyncConnection, registration_id: str) -> int:
    """Forget a registration, known or not; return the number of this change."""
    await connection.execute(_UNREGISTER, {"id": registration_id})
    change: int = (await connection.execute(_NEXT_CHANGE)).scalar_one()
    return change
