"""SQL of ingest: what it remembers of signals, and where addresses lie."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.events import Area
from services.ingest.domain.directory import Place

AddressKey = tuple[str, int]
"""Postcode as 1234AB and house number."""


class Remembered(Struct, frozen=True, order=True):
    """A signal as it is remembered; in the order in which rows are locked."""

    creditor: str
    reference: str
    """Pseudonym of the creditor's own: this is kept for longer than what it may say of a person."""
    signal_id: str
    content_hash: str
    household: str
    municipality: str
    unit: str
    signal_date: date
    person: str | None


# Rows go in as one JSON text: arrays cost three times as much to write, one value at a time.
_REMEMBER = text("""
    INSERT INTO ingest.signals (creditor, reference, signal_id, content_hash, household, municipality, unit,
        signal_date, person, accepted_at)
    SELECT new.*, :now
    FROM json_to_recordset(CAST(:signals AS json))
         AS new (creditor text, reference text, signal_id text, content_hash text, household text,
            municipality text, unit text, signal_date date, person text)
    ON CONFLICT DO NOTHING
    RETURNING signal_id
""")
_HASHES = text("""
    SELECT signal_id, known.content_hash FROM ingest.signals AS known
    JOIN json_to_recordset(CAST(:signals AS json)) AS asked (creditor text, reference text)
    USING (creditor, reference)
    WHERE CAST(:since AS timestamptz) IS NULL OR known.accepted_at >= :since
""")
_TRIED = text("""
    SELECT signal_id, content_hash FROM ingest.delivery_rows
    WHERE delivery_id = :delivery AND signal_id = ANY(CAST(:ids AS text[])) AND content_hash IS NOT NULL
""")
_PLACES = text("""
    SELECT postcode, number, neighbourhood, district, municipality_code FROM ingest.areas
    JOIN json_to_recordset(CAST(:addresses AS json)) AS asked (postcode text, number integer)
    USING (postcode, number)
""")


async def remember(
    connection: AsyncConnection, signals: Sequence[Remembered], now: datetime
) -> dict[str, str]:
    """Remember new signals; return of each, by id, the hash that is remembered: its own or that of before."""
    ordered = sorted(signals)  # one order for all writers: no deadlock
    answer = await connection.execute(_REMEMBER, {"signals": _json(ordered), "now": now})
    new = set(answer.scalars())
    hashes = {each.signal_id: each.content_hash for each in ordered if each.signal_id in new}
    return hashes | await remembered(connection, [each for each in ordered if each.signal_id not in new])


async def remembered(
    connection: AsyncConnection, signals: Sequence[Remembered], since: datetime | None = None
) -> dict[str, str]:
    """Return the content hash of each signal that is known, by id; `since`: accepted then or later."""
    if not signals:
        return {}
    rows = await connection.execute(_HASHES, {"signals": _json(signals), "since": since})
    return {row.signal_id: row.content_hash for row in rows}


async def tried(connection: AsyncConnection, delivery: str | None, ids: Sequence[str]) -> dict[str, str]:
    """Return the content hash of each of these signals that passed in a trial delivery before, by id."""
    if delivery is None or not ids:
        return {}
    rows = await connection.execute(_TRIED, {"delivery": delivery, "ids": ids})
    return {row.signal_id: row.content_hash for row in rows}


async def find_places(
    connection: AsyncConnection, addresses: Iterable[AddressKey]
) -> Mapping[AddressKey, Place]:
    """Return where each address lies, as far as the area table is loaded and knows it."""
    wanted = [{"postcode": postcode, "number": number} for postcode, number in set(addresses)]
    if not wanted:
        return {}
    rows = await connection.execute(_PLACES, {"addresses": _json(wanted)})
    return {
        (row.postcode, row.number): Place(
            municipality_code=row.municipality_code,
            area=Area(pc4=row.postcode[:4], district=row.district, neighbourhood=row.neighbourhood),
        )
        for row in rows
    }


def _json(rows: Sequence[object]) -> str:
    return msgspec.json.encode(rows).decode()
