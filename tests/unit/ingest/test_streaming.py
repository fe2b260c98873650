"""A delivery as a stream: batches, its limit, and what is left when it breaks off."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from services.common.errors import TransientError
from services.common.testing import FakeClock
from services.ingest.deliveries import BATCH_ROWS, MOST_ROWS, Deliveries, Settler, TooManyRowsError
from services.ingest.delivery_storage import Counts, Status
from services.ingest.domain.columns import HeadError
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.judging import Delivery, Judged, Row
from services.ingest.rows import csv_rows, json_rows

PROBLEMS = (Problem(Reason.UNREADABLE),)


@dataclass
class Refusing:
    """Refuses every row; the world goes away after `batches`."""

    batches: int = 1000
    sizes: list[int] = field(default_factory=list)
    deliveries: set[int] = field(default_factory=set)

    async def take(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
        if len(self.sizes) == self.batches:
            raise TransientError("the broker is away")
        self.sizes.append(len(rows))
        self.deliveries.add(id(delivery.sealers))
        return [Judged(row, None, PROBLEMS) for row in rows]


@dataclass
class Notes:
    """Keeps in memory how far a delivery came."""

    rows: list[int] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    status: Status = Status.BUSY

    async def start(self, id: str, sender: str, now: datetime) -> None:
        self.status = Status.BUSY

    async def add(self, id: str, judged: Sequence[Judged], counts: Counts) -> None:
        self.rows += [each.row.number for each in judged]
        self.counts = counts

    async def end(self, id: str, status: Status) -> None:
        self.status = status

    async def end_left(self) -> None:
        raise NotImplementedError


def deliveries(taking: Refusing, notes: Notes, most_rows: int = MOST_ROWS) -> Deliveries:
    return Deliveries(taking, notes, FakeClock(), Settler(notes), most_rows)


async def stream(rows: int) -> AsyncIterator[bytes]:
    for number in range(0, rows, 7):
        yield b"{}\n" * min(7, rows - number)


async def test_rows_come_in_batches_under_one_ephemeral_key() -> None:
    taking, notes = Refusing(), Notes()
    _, counts = await deliveries(taking, notes).take(json_rows(stream(1000)), "x")
    assert taking.sizes == [BATCH_ROWS, BATCH_ROWS, 1000 - 2 * BATCH_ROWS]
    assert (notes.rows, notes.status) == (list(range(1, 1001)), Status.DONE)
    assert counts == notes.counts == Counts(refused=1000)
    assert len(taking.deliveries) == 1


async def test_a_delivery_over_its_limit_is_broken_off_after_the_rows_up_to_there() -> None:
    notes = Notes()
    with pytest.raises(TooManyRowsError):
        await deliveries(Refusing(), notes, 2 * BATCH_ROWS).take(json_rows(stream(2 * BATCH_ROWS + 1)), "x")
    assert (notes.counts.received, notes.status) == (2 * BATCH_ROWS, Status.BROKEN_OFF)


async def test_the_broker_away_breaks_a_delivery_off_with_the_rows_that_are_done() -> None:
    notes = Notes()
    with pytest.raises(TransientError):
        await deliveries(Refusing(batches=1), notes).take(json_rows(stream(1000)), "x")
    assert (notes.counts.received, notes.status) == (BATCH_ROWS, Status.BROKEN_OFF)


async def test_a_wrong_head_takes_nothing_in() -> None:
    taking, notes = Refusing(), Notes()
    with pytest.raises(HeadError):
        await deliveries(taking, notes).take(csv_rows(stream(10)), "x")
    assert (taking.sizes, notes.status) == ([], Status.BROKEN_OFF)
