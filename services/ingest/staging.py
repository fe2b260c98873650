"""A snapshot on its way in: a temporary table of the database, compared there with what is registered.

One connection holds it and, while the difference is applied, the registrar's lock; closing it leaves nothing.
What a row says of a person is there only sealed under a key that this process has in memory.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec
import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.database import answering
from services.ingest.domain.drafts import RegistrationClaim
from services.ingest.domain.snapshots import Difference
from services.ingest.freshness import Source

PAGE = 1000
"""Changes of one transaction: published well within the time that a call to the broker may take."""
LOCK_SECONDS = 60
"""How long a snapshot waits for another one of the same registrar before it answers 503."""
IDLE_SECONDS = 30
"""How long it may be silent that has the lock: its machine may be gone. Between pages it is for moments."""
_KEY_BYTES = 32
_NONCE_BYTES = 12


class Kind(IntEnum):
    """What a snapshot does to a registration; in the order in which it is told."""

    NEW = 0
    CHANGED = 1
    GONE = 2


class Known(NamedTuple):
    """A registration whose row came before."""

    registration_id: str
    content_hash: str


class Staged(NamedTuple):
    """A row: which registration it is and what it says; one that cannot be read says nothing (no hash).

    A row that came before, and was not read again, has no claim.
    """

    registration_id: str
    content_hash: str | None
    source_hash: str
    number: int
    claim: RegistrationClaim | None


class Change(NamedTuple):
    """One of the differences; one that is gone has no claim."""

    number: int
    kind: Kind
    registration_id: str
    claim: RegistrationClaim | None


_CREATE = text("""
    CREATE TEMP TABLE snapshot_rows
        (registration_id text, content_hash text, source_hash text, number integer, sealed bytea)
""")
_COPY = "COPY snapshot_rows FROM STDIN"
_NULL = "\\N"
_KNOWN = text("""
    SELECT source_hash, registration_id, content_hash FROM ingest.registrations
    WHERE source_hash = ANY(CAST(:hashes AS text[]))
""")
_LOCK = text("""
    SELECT set_config('lock_timeout', :wait, true), set_config('idle_session_timeout', :idle, false),
        pg_advisory_lock(hashtextextended('registrar ' || :registrar, 0))
""")
_INDEX = text("CREATE INDEX ON snapshot_rows (registration_id)")
_ANALYZE = text("ANALYZE snapshot_rows")
_DOUBLE = text("""
    SELECT array_agg(number ORDER BY number) AS numbers,
        count(DISTINCT coalesce(content_hash, '')) > 1 AS differ
    FROM snapshot_rows GROUP BY registration_id HAVING count(*) > 1 ORDER BY min(number)
""")
_DROP_DOUBLE = text("DELETE FROM snapshot_rows WHERE number = ANY(CAST(:numbers AS integer[]))")
_UNKNOWN = text("""
    UPDATE snapshot_rows SET content_hash = NULL, sealed = NULL
    WHERE number = ANY(CAST(:numbers AS integer[]))
""")
# what a single request said after the snapshot first came holds
_DIFFERENCE = text("""
    CREATE TEMP TABLE snapshot_changes AS
    SELECT row_number() OVER (ORDER BY kind, registration_id) AS n, * FROM (
        SELECT CASE WHEN known.registration_id IS NULL THEN 0 ELSE 1 END AS kind, new.registration_id,
            new.content_hash, new.source_hash, new.sealed
        FROM snapshot_rows AS new
        LEFT JOIN ingest.registrations AS known USING (registration_id)
        LEFT JOIN ingest.registration_ends AS ended USING (registration_id)
        WHERE new.sealed IS NOT NULL
            AND (new.content_hash IS DISTINCT FROM known.content_hash OR known.registrar IS NULL)
            AND coalesce(known.touched, 0) <= CAST(:mark AS bigint)
            AND coalesce(ended.touched, 0) <= CAST(:mark AS bigint)
        UNION ALL
        SELECT 2, known.registration_id, NULL, NULL, NULL
        FROM ingest.registrations AS known
        WHERE known.registrar = CAST(:registrar AS text) AND known.municipality = CAST(:municipality AS text)
            AND known.touched <= CAST(:mark AS bigint)
            AND NOT EXISTS (
                SELECT FROM snapshot_rows AS new WHERE new.registration_id = known.registration_id)
    ) AS found
""")
_INDEX_CHANGES = text("CREATE UNIQUE INDEX ON snapshot_changes (n)")
_COUNTS = text("""
    SELECT (SELECT count(*) FROM ingest.registrations
            WHERE registrar = :registrar AND municipality = :municipality) AS before,
        (SELECT count(*) FROM snapshot_rows WHERE content_hash IS NOT NULL) AS persons,
        count(*) FILTER (WHERE kind = 0) AS new,
        count(*) FILTER (WHERE kind = 1) AS changed,
        count(*) FILTER (WHERE kind = 2) AS gone
    FROM snapshot_changes
""")
_PAGE = text("""
    SELECT n, kind, registration_id, sealed FROM snapshot_changes
    WHERE n > :after AND n <= CAST(:after AS bigint) + :page ORDER BY n
""")
_REGISTER = text("""
    INSERT INTO ingest.registrations
        (registration_id, content_hash, source_hash, change, touched, registrar, municipality)
    SELECT registration_id, content_hash, source_hash, CAST(:mark AS bigint), CAST(:mark AS bigint),
        CAST(:registrar AS text), CAST(:municipality AS text)
    FROM snapshot_changes WHERE n BETWEEN :first AND :last AND kind < 2
    ON CONFLICT (registration_id) DO UPDATE SET
        content_hash = excluded.content_hash, source_hash = excluded.source_hash, change = excluded.change,
        touched = excluded.touched, registrar = excluded.registrar, municipality = excluded.municipality
""")
# rows that say the same in other words
_REMEMBER = text("""
    UPDATE ingest.registrations AS known SET source_hash = new.source_hash
    FROM snapshot_rows AS new
    WHERE known.registration_id = new.registration_id AND known.content_hash = new.content_hash
        AND known.touched <= :mark AND known.source_hash IS DISTINCT FROM new.source_hash
""")
_UNREGISTER = text("""
    DELETE FROM ingest.registrations AS known USING snapshot_changes AS gone
    WHERE gone.n BETWEEN :first AND :last AND gone.kind = 2 AND known.registration_id = gone.registration_id
""")


class Staging:
    """The rows of one snapshot; each call is a transaction of its own, or belongs to `transaction`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._key = AESGCM(os.urandom(_KEY_BYTES))
        self._decoder = msgspec.json.Decoder(RegistrationClaim)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commit what is done inside, on the connection that holds the rows and the lock."""
        with answering():
            async with self._connection.begin():
                yield self._connection

    async def known(self, hashes: Sequence[str]) -> dict[str, Known]:
        """Return the registrations of rows that came before, by the rows' hashes."""
        async with self.transaction() as connection:
            found = (await connection.execute(_KNOWN, {"hashes": list(hashes)})).all()
        return {source_hash: Known(id_, content_hash) for source_hash, id_, content_hash in found}

    async def add(self, rows: Sequence[Staged]) -> None:
        """Put rows beside those that are there."""
        async with self.transaction() as connection:
            driver: psycopg.AsyncConnection[Any] = (await connection.get_raw_connection()).driver_connection  # type: ignore[assignment] # of whatever driver, for SQLAlchemy
            async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
                await copy.write("".join(map(self._line, rows)))

    async def lock(self, registrar: str) -> None:
        """Have the registrar's lock alone from now on until the connection is closed, or silent too long."""
        async with self.transaction() as connection:
            limits = {"wait": f"{LOCK_SECONDS}s", "idle": f"{IDLE_SECONDS}s"}
            await connection.execute(_LOCK, limits | {"registrar": registrar})

    async def doubles(self) -> list[int]:
        """Return the rows that say different things of one registration, which say nothing from now on.

        Of rows that say the same the first one stays.
        """
        async with self.transaction() as connection:
            await connection.execute(_INDEX)
            await connection.execute(_ANALYZE)
            found = (await connection.execute(_DOUBLE)).all()
            if not found:
                return []
            differing = [number for row in found if row.differ for number in row.numbers]
            await connection.execute(_UNKNOWN, {"numbers": differing})
            await connection.execute(_DROP_DOUBLE, {"numbers": [n for row in found for n in row.numbers[1:]]})
        return sorted(differing)

    async def compare(self, source: Source, mark: int) -> Difference:
        """Find the difference with what is registered; `mark`: the snapshot's place among the changes."""
        of_whom = {"registrar": source.registrar, "municipality": source.municipality}
        async with self.transaction() as connection:
            await connection.execute(_DIFFERENCE, of_whom | {"mark": mark})
            await connection.execute(_INDEX_CHANGES)
            return Difference(*(await connection.execute(_COUNTS, of_whom)).one())

    async def page(self, after: int) -> list[Change]:
        """Return the changes after a number, at most `PAGE` of them."""
        async with self.transaction() as connection:
            rows = (await connection.execute(_PAGE, {"after": after, "page": PAGE})).all()
        return [self._change(row) for row in rows]

    async def apply(self, source: Source, mark: int, first: int, last: int) -> None:
        """Remember some changes, in the transaction that is open."""
        where = {"first": first, "last": last}
        of_whom = {"registrar": source.registrar, "municipality": source.municipality}
        await self._connection.execute(_REGISTER, of_whom | where | {"mark": mark})
        await self._connection.execute(_UNREGISTER, where)

    async def remember(self, mark: int) -> None:
        """Remember by which rows the registrations came, in the transaction that is open."""
        await self._connection.execute(_REMEMBER, {"mark": mark})

    def _line(self, row: Staged) -> str:
        """Return a row for COPY: nothing in it needs an escape (psycopg, row by row, takes 10 us)."""
        sealed = _NULL if row.claim is None else f"\\\\x{self._seal(row.number, row.claim).hex()}"
        content_hash = row.content_hash or _NULL
        return f"{row.registration_id}\t{content_hash}\t{row.source_hash}\t{row.number}\t{sealed}\n"

    def _seal(self, number: int, claim: RegistrationClaim) -> bytes:
        nonce = number.to_bytes(_NONCE_BYTES, "big")  # one row has one number, one snapshot one key
        return nonce + self._key.encrypt(nonce, msgspec.json.encode(claim), None)

    def _change(self, row: Any) -> Change:
        claim = None
        if row.sealed is not None:
            sealed = bytes(row.sealed)
            plain = self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            claim = self._decoder.decode(plain)
        return Change(row.n, Kind(row.kind), row.registration_id, claim)


@asynccontextmanager
async def staging(engine: AsyncEngine) -> AsyncIterator[Staging]:
    """Have a connection for one snapshot; it is closed, and with it go its rows and its lock."""
    with answering():
        connection = await engine.connect()
    try:
        found = Staging(connection)
        async with found.transaction():
            await connection.execute(_CREATE)
        yield found
    finally:
        await connection.invalidate()
        await connection.close()
