"""A delivery as a stream: batches, its limit, and what is left when it breaks off."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from services.common.errors import TransientError
from services.common.pseudonyms import Pseudonyms
from services.common.testing import FakeClock
from services.ingest.deliveries import (
    BATCH_ROWS,
    MOST_ROWS,
    Deliveries,
    OtherFileError,
    Settler,
    Taking,
    TooManyRowsError,
)
from services.ingest.delivery_storage import Attempt, Counts, OvertakenError, Status
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
        return [Judged(row, delivery, None, PROBLEMS) for row in rows]


@dataclass
class Notes:
    """Keeps in memory how far one delivery came, as `DeliveryStorage` does for many."""

    rows: list[int] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    status: Status = Status.BUSY
    attempts: int = 0
    digest: str = ""
    ids: set[str] = field(default_factory=set)

    async def start(
        self, id: str, key: str | None, sender: str, now: datetime, *, trial: bool = False
    ) -> Attempt:
        done = self.status is Status.DONE
        self.status = Status.DONE if done else Status.BUSY
        self.attempts += 1
        self.ids.add(id)
        return Attempt(id, self.attempts, self.counts, self.digest, done, trial)

    async def add(self, attempt: Attempt, judged: Sequence[Judged], counts: Counts, digest: str) -> None:
        if attempt.number != self.attempts:
            raise OvertakenError("begun again")
        self.rows += [each.row.number for each in judged]
        self.counts, self.digest = counts, digest

    async def end(self, attempt: Attempt, status: Status) -> None:
        if attempt.number == self.attempts:
            self.status = status

    async def end_left(self) -> None:
        raise NotImplementedError


def deliveries(taking: Taking, notes: Notes, most_rows: int = MOST_ROWS) -> Deliveries:
    return Deliveries(taking, notes, FakeClock(), Settler(notes), Pseudonyms(bytes(32)), most_rows)


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


async def lines(*texts: str) -> AsyncIterator[bytes]:
    for text in texts:
        yield f'"{text}"\n'.encode()


FILE = [f"row {number}" for number in range(2 * BATCH_ROWS + 7)]


@pytest.mark.parametrize("done", [0, 1, 2])
async def test_a_delivery_that_broke_off_goes_on_where_it_was_and_counts_no_row_twice(done: int) -> None:
    notes, rest = Notes(), Refusing()
    with pytest.raises(TransientError):
        await deliveries(Refusing(batches=done), notes).take(json_rows(lines(*FILE)), "x", "march")
    assert notes.status is Status.BROKEN_OFF
    _, counts = await deliveries(rest, notes).take(json_rows(lines(*FILE)), "x", "march")
    assert (counts.received, sum(rest.sizes)) == (len(FILE), len(FILE) - done * BATCH_ROWS)
    assert notes.rows == list(range(1, len(FILE) + 1))
    assert (notes.status, len(notes.ids)) == (Status.DONE, 1)


async def test_a_delivery_that_is_done_gets_the_same_answer_again_and_takes_nothing_in() -> None:
    notes, again = Notes(), Refusing()
    first = await deliveries(Refusing(), notes).take(json_rows(lines(*FILE)), "x", "march")
    assert await deliveries(again, notes).take(json_rows(lines(*FILE)), "x", "march") == first
    assert (again.sizes, notes.status) == ([], Status.DONE)


@pytest.mark.parametrize("other", [["another", *FILE[1:]], FILE[:-1], [*FILE, "one more"], [], FILE[::-1]])
async def test_another_file_under_the_key_of_one_that_is_done_is_refused(other: list[str]) -> None:
    notes, again = Notes(), Refusing()
    await deliveries(Refusing(), notes).take(json_rows(lines(*FILE)), "x", "march")
    with pytest.raises(OtherFileError):
        await deliveries(again, notes).take(json_rows(lines(*other)), "x", "march")
    assert (again.sizes, notes.status, notes.counts.received) == ([], Status.DONE, len(FILE))


async def test_the_same_rows_under_another_head_are_another_file() -> None:
    names = "kenmerk;gemeentecode;signaalpartner;bedrag;ontstaansdatum;signaaldatum"
    names += ";inspanningen;postcode;huisnummer"
    notes = Notes()

    async def table(head: str) -> AsyncIterator[bytes]:
        yield f"{head};voorletters;achternaam\nA;0363;Huur;1;;;;;;x;y\n".encode()

    await deliveries(Refusing(), notes).take(csv_rows(table(names)), "x", "march")
    swapped = names.replace("ontstaansdatum;signaaldatum", "signaaldatum;ontstaansdatum")
    with pytest.raises(OtherFileError):
        await deliveries(Refusing(), notes).take(csv_rows(table(swapped)), "x", "march")


async def test_who_is_overtaken_by_a_new_attempt_notes_nothing_any_more() -> None:
    notes = Notes()

    class Overtaken(Refusing):
        async def take(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
            if len(self.sizes) == 1:
                _, counts = await deliveries(Refusing(), notes).take(json_rows(lines(*FILE)), "x", "march")
                assert counts.received == len(FILE)
            return await super().take(rows, delivery)

    with pytest.raises(OvertakenError):
        await deliveries(Overtaken(), notes).take(json_rows(lines(*FILE)), "x", "march")
    assert notes.rows == list(range(1, len(FILE) + 1))
    assert notes.status is Status.DONE


async def test_two_senders_may_call_their_deliveries_the_same() -> None:
    one, other = Notes(), Notes()
    await deliveries(Refusing(), one).take(json_rows(lines(*FILE)), "x", "march")
    await deliveries(Refusing(), other).take(json_rows(lines(*FILE)), "y", "march")
    assert not one.ids & other.ids


async def test_a_trial_under_a_key_is_another_delivery_than_the_one_in_earnest() -> None:
    notes = Notes()
    for trial in (True, False):
        notes.status, notes.counts, notes.digest = Status.BUSY, Counts(), ""
        await deliveries(Refusing(), notes).take(json_rows(stream(1)), "x", "key", trial=trial)
    assert len(notes.ids) == 2
