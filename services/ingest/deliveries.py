"""Taking in a delivery: rows in batches, each wholly done before the next; what is done stays done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import uuid4

import structlog
from cryptography.hazmat.primitives.hmac import HMAC
from mode import Service

from services.common.clock import Clock
from services.common.errors import PermanentError, TransientError
from services.common.identifiers import derived_id
from services.common.pseudonyms import Pseudonyms
from services.ingest.delivery_storage import Attempt, Counts, Status
from services.ingest.judging import Delivery, Judged, Row
from services.ingest.rows import batches

BATCH_ROWS = 400
MOST_ROWS = 200_000
_RETRY_SECONDS = 1.0

log = structlog.get_logger()


class TooManyRowsError(PermanentError):
    """A delivery has more rows than one may have; those up to there are done."""


class OtherFileError(PermanentError):
    """Under this key a file was delivered that begins otherwise, or is done and had an end."""


class Taking(Protocol):
    """What takes in a batch: `Intake`."""

    async def take(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
        """Return what became of each row, once it is on the log."""


class Noting(Protocol):
    """What keeps how far a delivery came: `DeliveryStorage`."""

    async def start(
        self, id: str, key: str | None, sender: str, now: datetime, *, trial: bool = False
    ) -> Attempt: ...
    async def add(self, attempt: Attempt, judged: Sequence[Judged], counts: Counts, digest: str) -> None: ...
    async def end(self, attempt: Attempt, status: Status) -> None: ...
    async def end_left(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One for the whole process."""

    intake: Taking
    storage: Noting
    clock: Clock
    settler: "Settler"
    pseudonyms: Pseudonyms
    most_rows: int = MOST_ROWS

    async def take(
        self, rows: AsyncIterator[Row], sender: str, key: str | None = None, *, trial: bool = False
    ) -> tuple[str, Counts]:
        """Return the id and counts once all rows are done; on any error the delivery is broken off.

        Under a `key` that the sender used before the same delivery goes on: rows that are noted are not taken
        in again. What an attempt before took in and could not note any more is taken in once more, and comes
        to the same: the ids of signals and refusals do not depend on the attempt. A trial leaves the key free
        for the delivery in earnest.
        """
        id_ = derived_id("trial delivery" if trial else "delivery", sender, key) if key else str(uuid4())
        attempt = await self.storage.start(id_, key, sender, self.clock.now(), trial=trial)
        try:
            counts = await self._take(rows, Delivery(sender, id_, trial=trial), attempt)
            await self.storage.end(attempt, Status.DONE)
        except BaseException as error:
            log.warning("delivery_broken_off", delivery_id=id_, error=type(error).__name__)
            await asyncio.shield(self._break_off(attempt))
            raise
        return id_, counts

    async def _break_off(self, attempt: Attempt) -> None:
        if attempt.done:
            return
        try:
            await self.storage.end(attempt, Status.BROKEN_OFF)
        except TransientError:
            self.settler.break_off(attempt)

    async def _take(self, rows: AsyncIterator[Row], delivery: Delivery, attempt: Attempt) -> Counts:
        counts, trail = attempt.counts, self.pseudonyms.trail()
        await _pass_over(rows, attempt, trail)
        async for batch in batches(rows, BATCH_ROWS):
            if attempt.done:
                raise OtherFileError("a delivery that is done has no more rows")
            if counts.received + len(batch) > self.most_rows:
                raise TooManyRowsError(f"more than {self.most_rows} rows")
            judged = await self.intake.take(batch, delivery)
            counts = counts.plus(judged)
            _follow(trail, batch)
            await self.storage.add(attempt, judged, counts, _hex(trail))
        return counts


async def _pass_over(rows: AsyncIterator[Row], attempt: Attempt, trail: HMAC) -> None:
    """Read on to the first row that is not noted; what went before must be what was noted."""
    for _ in range(attempt.counts.received):
        row = await anext(rows, None)
        if row is None:
            raise OtherFileError("the file is shorter than what was taken in under this key")
        _follow(trail, [row])
    if attempt.counts.received and _hex(trail) != attempt.digest:
        raise OtherFileError("the file begins otherwise than what was taken in under this key")


def _follow(trail: HMAC, rows: Sequence[Row]) -> None:
    for row in rows:
        trail.update(b"%d\0%b\0" % (row.number, row.source))


def _hex(trail: HMAC) -> str:
    return trail.copy().finalize().hex()


class Settler(Service):
    """Breaks off, visibly, what nobody goes on with.

    At the start what this replica was busy with when it was killed, later what ended while the database was
    away.
    """

    def __init__(self, storage: Noting) -> None:
        super().__init__()
        self._storage = storage
        self._left: set[Attempt] = set()
        self._more = asyncio.Event()

    def break_off(self, attempt: Attempt) -> None:
        """Break a delivery off as soon as the database answers."""
        self._left.add(attempt)
        self._more.set()

    @Service.task
    async def _settle(self) -> None:
        await self._do(self._storage.end_left)
        while not self.should_stop:
            await self.wait(self._more.wait())
            self._more.clear()
            for attempt in tuple(self._left):
                await self._do(partial(self._storage.end, attempt, Status.BROKEN_OFF))
                self._left.discard(attempt)

    async def _do(self, step: Callable[[], Awaitable[None]]) -> None:
        """Try until it succeeds or the process stops: then the next start finds it."""
        while not self.should_stop:
            try:
                await step()
            except TransientError:
                await self.sleep(_RETRY_SECONDS)
            else:
                return
