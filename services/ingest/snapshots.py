"""Taking in snapshots: all that a registrar registers at once, of which only the difference is published.

Read (staging.py) -> locked -> compared -> held, or applied a page at a time: what is remembered, the vault
and the log as for a single registration (registrations.py). A process that dies half-way has applied some
pages; the same file again finds the rest of the difference under the same mark, so under the same ids of
events. What single requests said after a file first came is not undone by it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.clock import AMSTERDAM, Clock
from services.common.database import transaction
from services.common.errors import PermanentError
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.terms import Terms, end_of
from services.common.vault import DataClass, Entry, Vault
from services.ingest import snapshot_storage as storage
from services.ingest.counting import SnapshotAnswers, SnapshotOutcome
from services.ingest.directories import Directories
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.snapshots import Difference, Offered, Verdict, doubts, verdict
from services.ingest.freshness import InForce, Source, accepted, held
from services.ingest.making import Maker, Sealers
from services.ingest.registrations import TOPIC, RefusedError, check_registrar, municipality_of
from services.ingest.snapshot_files import Batch
from services.ingest.snapshot_reading import Order, Reader, Tally
from services.ingest.staging import Change, Staging, staging

MOST_ROWS = 250_000
MOST_WRONG = 1000
"""Rows that cannot be read: a file with more of them is another kind of file, and refused as a whole."""
AT_ONCE = 4
"""Snapshots that a process takes in side by side: each has a connection with the database."""
_READ_AT_ONCE = 100
_YIELD_EVERY = 25

log = structlog.get_logger()


class TooManyPersonsError(PermanentError):
    """A snapshot has more rows than one may have; nothing of it is kept."""


class TooLateError(PermanentError):
    """A later snapshot is in force."""


class HeldError(PermanentError):
    """Nothing is published until the same snapshot comes again, confirmed; `doubts` says why."""

    def __init__(self, taken: "Taken", found: Problems) -> None:
        super().__init__("the snapshot is held")
        self.taken = taken
        self.doubts = found


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a snapshot: how it differs, and what is wrong with which rows; none: it was in force."""

    order: Order
    tally: Tally
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Snapshots:
    """One for the whole process."""

    engine: AsyncEngine
    publisher: Publisher
    clock: Clock
    directories: Directories
    maker: Maker
    vault: Vault
    terms: Terms
    answers: SnapshotAnswers
    most_gone_percent: int
    most_rows: int = MOST_ROWS
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def take(
        self,
        file: AsyncIterator[Batch],
        registrar: str,
        on_behalf_of: str | None,
        day: date,
        *,
        confirmed: bool,
    ) -> Taken:
        """Return what became of a snapshot once it is published; after a `TransientError` send it again."""
        order = self._order(registrar, on_behalf_of, day)
        async with self._room:
            async with transaction(self.engine) as connection:
                mark = await storage.begin(connection, order.source)
            async with staging(self.engine) as stage:
                try:
                    return await _Taking(self, order, stage).take(file, mark, confirmed=confirmed)
                except RefusedError:
                    self.answers.count(SnapshotOutcome.REFUSED)
                    raise

    def _order(self, registrar: str, on_behalf_of: str | None, day: date) -> Order:
        directory = self.directories.current()
        check_registrar(registrar, directory)
        today = self.clock.now().astimezone(AMSTERDAM).date()
        municipality, problems = municipality_of(on_behalf_of, registrar, directory, today)
        if day > today:
            problems = (*problems, Problem(Reason.DATE_INVALID, "datum"))
        if municipality is None or problems:
            raise RefusedError(problems)
        return Order(
            source=Source(registrar, municipality.party_id),
            municipality=municipality,
            policy=directory.policies.get(municipality.party_id),
            day=day,
            today=today,
        )

    def limit(self, order: Order) -> int:
        """Return how many percent may end without a question."""
        own = order.policy.most_gone_percent if order.policy else None
        return self.most_gone_percent if own is None else own


class _Taking:
    """One snapshot on its way in."""

    def __init__(self, parts: Snapshots, order: Order, stage: Staging) -> None:
        self._parts = parts
        self._order = order
        self._source = order.source
        self._stage = stage
        self._sealers = Sealers()
        self._now = parts.clock.now()
        self._until = end_of(self._now, parts.terms.registration)

    async def take(self, file: AsyncIterator[Batch], mark: int, *, confirmed: bool) -> Taken:
        tally, digest = await self._read(file)
        await self._stage.lock(self._source.registrar)
        async with self._stage.transaction() as connection:
            standing = await storage.find(connection, self._source)
        offered = Offered(self._order.day, digest, mark)
        match verdict(offered, standing.current, standing.coming):
            case Verdict.UNCHANGED:
                return self._told(SnapshotOutcome.UNCHANGED, Taken(self._order, tally, None))
            case Verdict.TOO_LATE:
                self._parts.answers.count(SnapshotOutcome.TOO_LATE)
                raise TooLateError("a later snapshot is in force")
            case Verdict.RESUMED | Verdict.WAITING as again if standing.coming:
                offered = replace(standing.coming, held=False)
            case again:
                pass
        await self._find_doubles(tally)
        difference = await self._stage.compare(self._source, offered.mark)
        offered = replace(offered, persons=difference.persons)
        taken = Taken(self._order, tally, difference)
        found = doubts(difference, tally.unknown, self._parts.limit(self._order))
        if found and again is not Verdict.RESUMED and not (confirmed and again is Verdict.WAITING):
            await self._hold(offered, standing.data)
            raise HeldError(self._told(SnapshotOutcome.HELD, taken), found)
        await self._apply(offered)
        return self._told(SnapshotOutcome.ACCEPTED, taken)

    async def _read(self, file: AsyncIterator[Batch]) -> tuple[Tally, str]:
        reader = Reader(self._order, self._parts.maker)
        async for batch in file:
            hashes = reader.hashes(batch)
            known = await self._stage.known(hashes)
            staged = []
            for start in range(0, len(batch.rows), _READ_AT_ONCE):
                some = slice(start, start + _READ_AT_ONCE)
                staged += reader.read(batch.part(some), hashes[some], known)
                await asyncio.sleep(0)
            await self._stage.add(staged)
            if reader.tally.received > self._parts.most_rows:
                raise TooManyPersonsError("more rows than a snapshot may have")
            _check(reader.tally)
        if reader.tally.received and len(reader.tally.wrong) == reader.tally.received:
            raise RefusedError(in_rows(reader.tally))
        return reader.tally, reader.digest

    async def _find_doubles(self, tally: Tally) -> None:
        for number in await self._stage.doubles():
            tally.wrong.setdefault(number, (Problem(Reason.REGISTERED_TWICE, "kenmerk"),))
        _check(tally)

    async def _hold(self, offered: Offered, data: InForce | None) -> None:
        async with self._stage.transaction() as connection:
            await storage.note_coming(connection, self._source, replace(offered, held=True))
            told = held(self._source, data, offered.day, offered.persons, offered.mark)
            await self._parts.publisher.publish([told], self._now)

    async def _apply(self, offered: Offered) -> None:
        async with self._stage.transaction() as connection:
            await storage.note_coming(connection, self._source, offered)
        done = 0
        while changes := await self._stage.page(done):
            async with self._stage.transaction() as connection:
                await self._stage.apply(self._source, offered.mark, done + 1, changes[-1].number)
                keys = await self._keys(connection, changes)
                records = [record async for record in self._records(changes, keys, offered.mark)]
                await self._parts.publisher.publish(records, self._now)
            done = changes[-1].number
        async with self._stage.transaction() as connection:
            await self._stage.remember(offered.mark)
            offered = replace(offered, persons=await storage.count(connection, self._source))
            await storage.accept(connection, self._source, offered, self._now)
            data = InForce(offered.day, offered.persons, self._now)
            await self._parts.publisher.publish([accepted(self._source, data, offered.mark)], self._now)

    async def _keys(self, connection: AsyncConnection, changes: list[Change]) -> dict[str, bytes]:
        """Keep the data keys of who is in, and forget those of who is gone."""
        maker, municipality = self._parts.maker, self._source.municipality
        entries = [
            Entry(each.registration_id, maker.household(each.claim.address), municipality)
            for each in changes
            if each.claim and each.claim.address
        ]
        if gone := [each.registration_id for each in changes if each.claim is None]:
            await self._parts.vault.forget(connection, gone)
        if not entries:
            return {}
        return await self._parts.vault.keep(
            connection, DataClass.REGISTRATION, entries, now=self._now, until=self._until
        )

    async def _records(
        self, changes: list[Change], keys: dict[str, bytes], mark: int
    ) -> AsyncIterator[Outgoing]:
        for number, each in enumerate(changes):
            id_, event_id = each.registration_id, derived_id(TOPIC, each.registration_id, str(mark))
            if each.claim is None:
                yield Outgoing(TOPIC, id_, None, "ended", event_id)
                continue
            event = self._parts.maker.registration(
                each.claim,
                registration_id=id_,
                registrar=self._source.registrar,
                municipality=self._order.municipality,
                data_key=keys[id_],
                sealers=self._sealers,
            )
            yield Outgoing(TOPIC, id_, event, "kept", event_id)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    def _told(self, outcome: SnapshotOutcome, taken: Taken) -> Taken:
        self._parts.answers.count(outcome)
        found = taken.difference
        log.info(
            "snapshot_taken",
            registrar=self._source.registrar,
            municipality=self._source.municipality,
            day=self._order.day.isoformat(),
            outcome=outcome.value,
            rows=taken.tally.received,
            wrong=len(taken.tally.wrong),
            new=found.new if found else 0,
            changed=found.changed if found else 0,
            gone=found.gone if found else 0,
        )
        return taken


def in_rows(tally: Tally) -> Problems:
    """Return what is wrong with which rows."""
    return tuple(
        Problem(each.reason, f"rij {number}: {each.field}" if each.field else f"rij {number}")
        for number, problems in sorted(tally.wrong.items())
        for each in problems
    )


def _check(tally: Tally) -> None:
    if len(tally.wrong) > MOST_WRONG:
        raise RefusedError(in_rows(tally))
