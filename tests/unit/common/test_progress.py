from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from services.common import progress as module
from services.common.progress import SILENT_SECONDS, STUCK_SECONDS, Progress

ONE, OTHER = TopicPartition("cases.v1", 0), TopicPartition("cases.v1", 1)


class Consumer:
    """Where a reader is."""

    def __init__(self) -> None:
        self.at = {ONE: 0, OTHER: 0}

    async def position(self, tp: TopicPartition) -> int:
        return self.at[tp]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


class Reader:
    """Reads once a second from a broker that answers."""

    def __init__(self, clock: list[float], ends: Mapping[TopicPartition, int]) -> None:
        self._clock = clock
        self.consumer: Any = Consumer()
        self.progress = Progress()
        self.progress.begin(ends)

    async def read(self, seconds: float, *, moves: tuple[TopicPartition, ...] = (), idle: bool) -> None:
        end = self._clock[0] + seconds
        while self._clock[0] < end:
            self._clock[0] += 1
            for tp in moves:
                self.consumer.at[tp] += 1
            await self.progress.note(self.consumer, [ONE, OTHER], idle=idle)
            self.progress._last_word = self._clock[0]

    def trouble(self) -> str | None:
        return self.progress.trouble


async def test_who_reads_nothing_and_is_behind_is_in_trouble_and_then_stuck(clock: list[float]) -> None:
    reader = Reader(clock, {ONE: 5, OTHER: 0})
    await reader.read(SILENT_SECONDS, idle=True)
    assert reader.trouble() is None
    await reader.read(2, idle=True)
    assert reader.trouble() == "behind by 5 offsets and not moving for 11 s"
    await reader.read(STUCK_SECONDS, idle=True)
    assert reader.progress.stuck


async def test_a_partition_that_stands_still_is_noticed_while_another_moves(clock: list[float]) -> None:
    reader = Reader(clock, {ONE: 5, OTHER: 1_000})
    await reader.read(2, moves=(OTHER,), idle=True)
    await reader.read(STUCK_SECONDS + 2, moves=(OTHER,), idle=False)
    assert reader.progress.stuck
    assert reader.trouble()


async def test_a_partition_that_waits_for_its_turn_does_not_stand_still(clock: list[float]) -> None:
    reader = Reader(clock, {ONE: 5, OTHER: 1_000})
    await reader.read(3 * STUCK_SECONDS, moves=(OTHER,), idle=False)
    assert not reader.progress.stuck
    assert reader.trouble() is None


async def test_who_moves_on_or_is_at_the_end_stood_still_no_longer(clock: list[float]) -> None:
    reader = Reader(clock, {ONE: 2, OTHER: 1_000})
    await reader.read(SILENT_SECONDS + 5, moves=(OTHER,), idle=True)
    assert reader.trouble()
    await reader.read(1, moves=(ONE, OTHER), idle=False)
    assert reader.trouble() is None
    await reader.read(1, moves=(ONE, OTHER), idle=False)
    await reader.read(3 * STUCK_SECONDS, moves=(OTHER,), idle=True)
    assert reader.trouble() is None
