"""What a member without partitions says of itself: what it did not finish is another member's."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, cast

import pytest
from aiokafka.structs import TopicPartition
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.errors import TransientError
from services.common.member import STALLED_SECONDS
from services.common.places import Place
from services.common.processor import internals
from services.common.projection import Projection
from services.common.records import Message
from services.common.testing import make_runtime, wait_until

TP = TopicPartition("cases.v1", 0)


async def nothing(_: AsyncConnection, messages: Sequence[Message]) -> None:
    """Writes no rows."""


async def make_projection(kind: type[Projection] = Projection) -> Projection:
    runtime = await make_runtime("feedback")
    return kind("feedback-worklist", ("cases.v1",), nothing, runtime, cast("AsyncEngine", None))


class Losing(Projection):
    """Loses its partition in the middle of its only batch, which then fails."""

    turns = 0

    async def _turn(self, consumer: Any) -> None:
        self.turns += 1
        if self.turns == 1:
            self._joined(())
            raise TransientError("the database did not answer")
        await super()._turn(consumer)


async def test_records_that_waited_when_their_partition_went_are_no_stall() -> None:
    projection = await make_projection()
    projection._joined((TP,))
    projection._busy_since = monotonic() - STALLED_SECONDS - 1
    assert "stalled" in str(projection._check())
    projection._joined(())
    assert projection._check() is None


async def test_a_batch_that_fails_after_its_partition_went_is_no_trouble_of_who_lost_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(internals, "check", lambda _: None)
    projection = cast("Losing", await make_projection(Losing))
    projection._joined((TP,))
    projection._new, projection._places = set(), {TP: Place(0)}
    working = asyncio.create_task(projection._work(None))
    try:
        await wait_until(lambda: projection.turns > 1, what="a turn after the loss")
        assert projection._check() is None
    finally:
        working.cancel()
        await asyncio.wait([working])
