"""Taking in a delivery: rows in batches, each wholly done before the next; what is done stays done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import uuid4

import structlog
from mode import Service

from services.common.clock import Clock
from services.common.errors import PermanentError, TransientError
from services.ingest.delivery_storage import Counts, Status
from services.ingest.judging import Delivery, Judged, Row
from services.ingest.rows import batches

BATCH_ROWS = 400
MOST_ROWS = 200_000
_RETRY_SECONDS = 1.0

log = structlog.get_logger()


class TooManyRowsError(PermanentError):
    """A delivery has more rows than one may have; those up to there are done."""


class Taking(Protocol):
    """What takes in a batch: `Intake`."""

    async def take(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
        """Return what became of each row, once it is on the log."""


class Noting(Protocol):
    """What keeps how far a delivery came: `DeliveryStorage`."""

    async def start(self, id: str, sender: str, now: datetime) -> None: ...
    async def add(self, id: str, judged: Sequence[Judged], counts: Counts) -> None: ...
    async def end(self, id: str, status: Status) -> None: ...
    async def end_left(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One for the whole process."""

    intake: Taking
    storage: Noting
    clock: Clock
    settler: "Settler"
    most_rows: int = MOST_ROWS

    async def take(self, rows: AsyncIterator[Row], sender: str) -> tuple[str, Counts]:
        """Return the id and counts once all rows are done; on any error the delivery is broken off."""
        delivery = Delivery(sender, str(uuid4()))
        id_ = delivery.id or ""
        try:
            await self.storage.start(id_, sender, self.clock.now())
            counts = await self._take(batches(rows, BATCH_ROWS), delivery, id_)
            await self.storage.end(id_, Status.DONE)
        except BaseException as error:
            log.warning("delivery_broken_off", delivery_id=id_, error=type(error).__name__)
            await asyncio.shield(self._break_off(id_))
            raise
        return id_, counts

    async def _break_off(self, id_: str) -> None:
        try:
            await self.storage.end(id_, Status.BROKEN_OFF)
        except TransientError:
            self.settler.break_off(id_)

    async def _take(self, found: AsyncIterator[list[Row]], delivery: Delivery, id_: str) -> Counts:
        counts = Counts()
        async for rows in found:
            if counts.received + len(rows) > self.most_rows:
                raise TooManyRowsError(f"more than {self.most_rows} rows")
            judged = await self.intake.take(rows, delivery)
            counts = counts.plus(judged)
            await self.storage.add(id_, judged, counts)
        return counts


class Settler(Service):
    """Breaks off, visibly, what nobody goes on with.

    At the start what this replica was busy with when it was killed, later what ended while the database was
    away.
    """

    def __init__(self, storage: Noting) -> None:
        super().__init__()
        self._storage = storage
        self._left: set[str] = set()
        self._more = asyncio.Event()

    def break_off(self, id: str) -> None:
        """Break a delivery off as soon as the database answers."""
        self._left.add(id)
        self._more.set()

    @Service.task
    async def _settle(self) -> None:
        await self._do(self._storage.end_left)
        while not self.should_stop:
            await self.wait(self._more.wait())
            self._more.clear()
            for id_ in tuple(self._left):
                await self._do(partial(self._storage.end, id_, Status.BROKEN_OFF))
                self._left.discard(id_)

    async def _do(self, step: Callable[[], Awaitable[None]]) -> None:
        """Try until it succeeds or the process stops: then the next start finds it."""
        while not self.should_stop:
            try:
                await step()
            except TransientError:
                await self.sleep(_RETRY_SECONDS)
            else:
                return
