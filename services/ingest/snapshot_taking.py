"""One snapshot on its way in: read -> locked -> compared -> held, or applied."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import structlog

from services.common.errors import PermanentError
from services.ingest import snapshot_storage as storage
from services.ingest.counting import SnapshotAnswers, SnapshotOutcome
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.snapshots import Difference, Offered, Verdict, doubts, verdict
from services.ingest.freshness import InForce, held
from services.ingest.means import Means
from services.ingest.registrations import RefusedError
from services.ingest.snapshot_applying import Applying
from services.ingest.snapshot_files import Batch
from services.ingest.snapshot_reading import Order, Reader, Tally
from services.ingest.staging import Staging

MOST_WRONG = 1000
"""Rows that cannot be read: a file with more of them is another kind of file, and refused as a whole."""
_READ_AT_ONCE = 100

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


class Taking:
    """One of them."""

    def __init__(
        self, means: Means, answers: SnapshotAnswers, order: Order, stage: Staging, most_rows: int
    ) -> None:
        self._means = means
        self._answers = answers
        self._order = order
        self._source = order.source
        self._stage = stage
        self._most_rows = most_rows
        self._now = means.clock.now()

    async def take(self, file: AsyncIterator[Batch], mark: int, *, confirmed: bool) -> Taken:
        """Return what became of it once it is published; `mark`: its place among the changes."""
        tally, digest = await self._read(file)
        await self._stage.lock(self._source.registrar)
        async with self._stage.transaction() as connection:
            standing = await storage.find(connection, self._source)
        offered = Offered(self._order.day, digest, mark)
        match verdict(offered, standing.current, standing.coming):
            case Verdict.UNCHANGED:
                return self._told(SnapshotOutcome.UNCHANGED, Taken(self._order, tally, None))
            case Verdict.TOO_LATE:
                self._answers.count(SnapshotOutcome.TOO_LATE)
                raise TooLateError("a later snapshot is in force")
            case Verdict.RESUMED | Verdict.WAITING as again if standing.coming:
                offered = replace(standing.coming, held=False)
            case again:
                pass
        await self._find_doubles(tally)
        difference = await self._stage.compare(self._source, offered.mark)
        offered = replace(offered, persons=difference.persons)
        taken = Taken(self._order, tally, difference)
        found = doubts(difference, tally.unknown, self._order.most_gone_percent)
        if found and again is not Verdict.RESUMED and not (confirmed and again is Verdict.WAITING):
            await self._hold(offered, standing.data)
            raise HeldError(self._told(SnapshotOutcome.HELD, taken), found)
        await Applying(self._means, self._order, self._stage, self._now).apply(offered)
        return self._told(SnapshotOutcome.ACCEPTED, taken)

    async def _read(self, file: AsyncIterator[Batch]) -> tuple[Tally, str]:
        reader = Reader(self._order, self._means.maker)
        async for batch in file:
            hashes = reader.hashes(batch)
            known = await self._stage.known(hashes)
            staged = []
            for start in range(0, len(batch.rows), _READ_AT_ONCE):
                some = slice(start, start + _READ_AT_ONCE)
                staged += reader.read(batch.part(some), hashes[some], known)
                await asyncio.sleep(0)
            await self._stage.add(staged)
            if reader.tally.received > self._most_rows:
                raise TooManyPersonsError("more rows than a snapshot may have")
            _check(reader.tally)
        if reader.tally.received and len(reader.tally.wrong) == reader.tally.received:
            raise RefusedError(_in_rows(reader.tally))
        return reader.tally, reader.digest

    async def _find_doubles(self, tally: Tally) -> None:
        for number in await self._stage.doubles():
            tally.wrong.setdefault(number, (Problem(Reason.REGISTERED_TWICE, "kenmerk"),))
        _check(tally)

    async def _hold(self, offered: Offered, data: InForce | None) -> None:
        async with self._stage.transaction() as connection:
            await storage.note_coming(connection, self._source, replace(offered, held=True))
            told = held(self._source, data, offered.day, offered.persons, offered.mark)
            await self._means.publisher.publish([told], self._now)

    def _told(self, outcome: SnapshotOutcome, taken: Taken) -> Taken:
        self._answers.count(outcome)
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


def _in_rows(tally: Tally) -> Problems:
    """Return what is wrong with which rows."""
    return tuple(
        Problem(each.reason, f"rij {number}: {each.field}" if each.field else f"rij {number}")
        for number, problems in sorted(tally.wrong.items())
        for each in problems
    )


def _check(tally: Tally) -> None:
    if len(tally.wrong) > MOST_WRONG:
        raise RefusedError(_in_rows(tally))
