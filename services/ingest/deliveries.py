"""Taking in a delivery: rows in batches, each wholly done before the next; what is done stays done."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import structlog
from mode import Service

from services.common.clock import Clock
from services.common.errors import PermanentError, TransientError
from services.ingest.delivery_storage import Counts, DeliveryStorage, Status
from services.ingest.judging import Delivery, Judged, Row
from services.ingest.rows import Lines, RowReader

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


@dataclass(frozen=True, slots=True)
class Deliveries:
    """One for the whole process."""

    intake: Taking
    storage: Noting
    clock: Clock
    most_rows: int = MOST_ROWS

    async def take(self, chunks: AsyncIterator[bytes], reader: RowReader, sender: str) -> tuple[str, Counts]:
        """Return the id and counts once all rows are done; on any error the delivery is broken off."""
        delivery = Delivery(sender, str(uuid4()))
        id_ = delivery.id or ""
        await self.storage.start(id_, sender, self.clock.now())
        try:
            counts = await self._take(batches(chunks, reader, BATCH_ROWS), delivery, id_)
        except BaseException as error:
            log.warning("delivery_broken_off", delivery_id=id_, error=type(error).__name__)
            await asyncio.shield(self.storage.end(id_, Status.BROKEN_OFF))
            raise
        await self.storage.end(id_, Status.DONE)
        return id_, counts

    async def _take(self, found: AsyncIterator[list[Row]], delivery: Delivery, id_: str) -> Counts:
        counts = Counts()
        async for rows in found:
            if counts.received + len(rows) > self.most_rows:
                raise TooManyRowsError(f"more than {self.most_rows} rows")
            judged = await self.intake.take(rows, delivery)
            counts = counts.plus(judged)
            await self.storage.add(id_, judged, counts)
        return counts


async def batches(chunks: AsyncIterator[bytes], reader: RowReader, size: int) -> AsyncIterator[list[Row]]:
    """Yield the rows of a stream in batches."""
    lines, batch = Lines(), list[Row]()
    async for chunk in chunks:
        for row in reader.rows(lines.feed(chunk)):
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
    batch += reader.rows(lines.end())
    if batch:
        yield batch


class Settler(Service):
    """At the start: what this replica was busy with when it was killed is broken off, visibly."""

    def __init__(self, storage: DeliveryStorage) -> None:
        super().__init__()
        self._storage = storage

    @Service.task
    async def _settle(self) -> None:
        while not self.should_stop:
            try:
                await self._storage.end_left()
                return
            except TransientError:
                await self.sleep(_RETRY_SECONDS)
