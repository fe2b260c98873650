import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.common.errors import PermanentError, TransientError
from services.common.tracing import TRACEPARENT, NoTracing
from services.ingest import company
from services.ingest.company import MOST_TOGETHER, UNDER_WAY, Company
from services.ingest.judging import Delivery, Judged, Row

TOO_LARGE = b"too large"


@dataclass
class Door:
    """Takes groups in as long as it is open; a row that is too large breaks its group."""

    groups: list[list[tuple[Row, Delivery]]] = field(default_factory=list)
    traces: set[str | None] = field(default_factory=set)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    leaving: Sequence[asyncio.Task[Judged]] = ()

    async def take_together(self, incoming: Sequence[tuple[Row, Delivery]]) -> list[Judged]:
        self.groups.append(list(incoming))
        self.traces.add(TRACEPARENT.get())
        await self.open.wait()
        if self.away:
            raise TransientError("the broker is away")
        if any(row.source == TOO_LARGE for row, _ in incoming):
            for each in self.leaving:
                each.cancel()
            await asyncio.sleep(0)
            raise PermanentError("a record is too large")
        return [Judged(row, delivery, None, ()) for row, delivery in incoming]

    @property
    def sizes(self) -> list[int]:
        return [len(group) for group in self.groups]


def row(number: int, source: bytes = b"") -> Row:
    return Row(number, None, source)


async def come(door: Company, *rows: Row) -> list[asyncio.Task[Judged]]:
    """Let senders come at the same time, each with its own trace; all of them wait when this returns."""
    tasks = []
    for each in rows:
        TRACEPARENT.set(f"trace of {each.number}")
        tasks.append(asyncio.create_task(door.take(each, f"sender {each.number}")))
    await asyncio.sleep(0)  # each of them to its place in the row
    await asyncio.sleep(0)  # and the first groups to the door
    return tasks


async def test_one_signal_goes_at_once_and_those_that_come_meanwhile_go_together() -> None:
    door = Door()
    tasks = await come(Company(door, NoTracing()), *map(row, range(50)))
    assert door.sizes == [1] * UNDER_WAY
    door.open.set()
    judged = await asyncio.gather(*tasks)
    assert door.sizes == [*[1] * UNDER_WAY, 50 - UNDER_WAY]
    assert [each.row.number for each in judged] == list(range(50))


async def test_each_signal_keeps_its_sender_and_its_trace_and_the_group_has_none() -> None:
    door = Door()
    door.open.set()
    judged = await asyncio.gather(*await come(Company(door, NoTracing()), *map(row, range(9))))
    for number, each in enumerate(judged):
        assert each.delivery.sender == f"sender {number}"
        assert each.delivery.traceparent == f"trace of {number}"
    assert door.traces == {None}


async def test_a_group_has_a_limit() -> None:
    door = Door()
    tasks = await come(Company(door, NoTracing()), *map(row, range(UNDER_WAY + MOST_TOGETHER + 1)))
    door.open.set()
    await asyncio.gather(*tasks)
    assert door.sizes == [*[1] * UNDER_WAY, MOST_TOGETHER, 1]


async def test_a_signal_that_breaks_its_group_breaks_for_itself_alone() -> None:
    door = Door()
    tasks = await come(Company(door, NoTracing()), *map(row, range(5)), row(5, TOO_LARGE), row(6))
    door.open.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, each in enumerate(found) if isinstance(each, PermanentError)] == [5]
    assert all(isinstance(each, Judged) for number, each in enumerate(found) if number != 5)


async def test_the_broker_away_is_told_to_each_of_a_group_and_the_next_ones_are_taken_in() -> None:
    door = Door(away=True)
    house = Company(door, NoTracing())
    tasks = await come(house, *map(row, range(5)))
    door.open.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [TransientError] * 5
    door.away = False
    [task] = await come(house, row(6))
    assert (await task).row.number == 6


async def test_who_left_while_it_waited_is_not_taken_in() -> None:
    door = Door()
    tasks = await come(Company(door, NoTracing()), *map(row, range(UNDER_WAY + 2)))
    tasks[UNDER_WAY].cancel()
    await asyncio.wait([tasks[UNDER_WAY]])
    door.open.set()
    await asyncio.gather(*tasks[:UNDER_WAY], tasks[-1])
    assert [found.number for found, _ in door.groups[-1]] == [UNDER_WAY + 1]


async def test_who_waits_too_long_hears_that_it_may_still_be_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(company, "WAIT_SECONDS", 0.01)
    door = Door()
    [task] = await come(Company(door, NoTracing()), row(1))
    with pytest.raises(TransientError, match="may still be accepted"):
        await task
    door.open.set()


async def test_groups_that_hang_hold_up_nobody_for_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "WAIT_SECONDS", 0.01)
    door = Door()
    house = Company(door, NoTracing())
    tasks = await come(house, *map(row, range(UNDER_WAY)))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [TransientError] * UNDER_WAY
    door.open.set()
    [task] = await come(house, row(9))
    assert (await task).row.number == 9


async def test_who_left_is_not_taken_in_when_its_group_goes_one_by_one() -> None:
    door = Door()
    house = Company(door, NoTracing())
    first = await come(house, *map(row, range(UNDER_WAY)))
    tasks = await come(house, row(5, TOO_LARGE), row(6), row(7))
    door.leaving = tasks[1:2]
    door.open.set()
    await asyncio.gather(*first, tasks[2])
    alone = [group[0][0].number for group in door.groups[UNDER_WAY + 1 :]]
    assert alone == [5, 7]


async def test_what_a_group_could_not_do_keeps_nothing_of_what_was_sent() -> None:
    door = Door(away=True)
    door.open.set()
    tasks = await come(Company(door, NoTracing()), *map(row, range(5)))
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert len({id(each) for each in found}) == len(found)
    assert not any(isinstance(each, BaseException) and each.__context__ for each in found)
