"""SQL of where each stream of snapshots stands: the one in force, and the one that is taken in or held."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.domain.snapshots import Offered
from services.ingest.freshness import InForce, Source


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands; `current` is in force, `coming` was begun or is held."""

    source: Source
    current: Offered | None
    taken_at: datetime | None
    coming: Offered | None
    missing_on: date | None

    @property
    def data(self) -> InForce | None:
        """Return what is told of the snapshot in force."""
        if self.current is None or self.taken_at is None:
            return None
        return InForce(self.current.day, self.current.persons, self.taken_at)


_BEGIN = text("""
    INSERT INTO ingest.snapshots (registrar, municipality) VALUES (:registrar, :municipality)
    ON CONFLICT DO NOTHING
""")
_MARK = text("SELECT nextval('ingest.registration_changes')")
_FIND = text("SELECT * FROM ingest.snapshots WHERE registrar = :registrar AND municipality = :municipality")
_OF_PARTY = text("""
    SELECT * FROM ingest.snapshots WHERE registrar = :party OR municipality = :party
    ORDER BY registrar, municipality
""")
# who sends snapshots and sent none on the day: neither of that day or a later one, nor on it
_SILENT = text("""
    SELECT * FROM ingest.snapshots
    WHERE day < :on AND CAST(taken_at AT TIME ZONE 'Europe/Amsterdam' AS date) < :on
        AND (missing_on IS NULL OR missing_on < :on)
    FOR UPDATE SKIP LOCKED
""")
_COMING = text("""
    UPDATE ingest.snapshots SET next_day = :day, next_digest = :digest, next_mark = :mark,
        next_persons = :persons, next_held = :held
    WHERE registrar = :registrar AND municipality = :municipality
""")
_ACCEPT = text("""
    UPDATE ingest.snapshots SET day = :day, digest = :digest, mark = :mark, persons = :persons,
        taken_at = :now,
        next_day = NULL, next_digest = NULL, next_mark = NULL, next_persons = NULL, next_held = false
    WHERE registrar = :registrar AND municipality = :municipality
""")
_COUNT = text("""
    SELECT count(*) FROM ingest.registrations WHERE registrar = :registrar AND municipality = :municipality
""")
_MISSING = text("""
    UPDATE ingest.snapshots SET missing_on = :on
    WHERE registrar = :registrar AND municipality = :municipality
""")


async def begin(connection: AsyncConnection, source: Source) -> int:
    """Make room for a stream, and return the mark of what comes in now."""
    await connection.execute(_BEGIN, _of(source))
    mark: int = (await connection.execute(_MARK)).scalar_one()
    return mark


async def find(connection: AsyncConnection, source: Source) -> Standing:
    """Return where a stream stands."""
    return _standing((await connection.execute(_FIND, _of(source))).one())


async def of_party(connection: AsyncConnection, party: str) -> list[Standing]:
    """Return the streams that a party sends, or that are about its residents."""
    return [_standing(row) for row in await connection.execute(_OF_PARTY, {"party": party})]


async def silent(connection: AsyncConnection, on: date) -> list[Standing]:
    """Return the streams in which nothing came on a day, and that nobody told of; the rows are locked."""
    return [_standing(row) for row in await connection.execute(_SILENT, {"on": on})]


async def note_coming(connection: AsyncConnection, source: Source, offered: Offered) -> None:
    await connection.execute(_COMING, _of(source) | _values(offered) | {"held": offered.held})


async def accept(connection: AsyncConnection, source: Source, offered: Offered, now: datetime) -> None:
    """Let a snapshot be the one in force."""
    await connection.execute(_ACCEPT, _of(source) | _values(offered) | {"now": now})


async def count(connection: AsyncConnection, source: Source) -> int:
    """Return how many registrations there are."""
    found: int = (await connection.execute(_COUNT, _of(source))).scalar_one()
    return found


async def note_missing(connection: AsyncConnection, source: Source, on: date) -> None:
    await connection.execute(_MISSING, _of(source) | {"on": on})


def _of(source: Source) -> dict[str, object]:
    return {"registrar": source.registrar, "municipality": source.municipality}


def _values(offered: Offered) -> dict[str, object]:
    return {
        "day": offered.day,
        "digest": offered.digest,
        "mark": offered.mark,
        "persons": offered.persons,
    }


def _standing(row: Any) -> Standing:
    current = coming = None
    if row.day is not None:
        current = Offered(row.day, row.digest, row.mark, row.persons)
    if row.next_day is not None:
        coming = Offered(row.next_day, row.next_digest, row.next_mark, row.next_persons, row.next_held)
    return Standing(Source(row.registrar, row.municipality), current, row.taken_at, coming, row.missing_on)
