"""Which producer a call that failed gives up."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from services.common import publish
from services.common.errors import TransientError
from services.common.publish import Encoded, Publisher
from services.common.testing import make_runtime, wait_until

OLDER, NEWER = "the first producer", "the one after it"


class Silent(Publisher):
    """Its producers are names, and none of them is ever answered."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.given_up: list[tuple[Any, str]] = []
        self.writing: list[Any] = []

    def connect(self, producer: Any) -> None:
        self._producer = producer
        self._ready.set()

    async def _write(self, producer: Any, encoded: Sequence[Encoded]) -> None:
        self.writing.append(producer)
        await asyncio.Event().wait()

    def _give_up(self, producer: Any, reason: str) -> None:
        self.given_up.append((producer, reason))


async def test_a_call_that_was_not_answered_in_time_gives_up_the_producer_that_it_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another call's failure may have replaced that one; the new one has other calls on their way."""
    monkeypatch.setattr(publish, "ACK_SECONDS", 0.05)
    publisher = Silent(await make_runtime("ingest"))
    publisher.connect(OLDER)
    call = asyncio.create_task(publisher.write([]))
    await wait_until(lambda: publisher.writing == [OLDER], what="the call")
    publisher.connect(NEWER)
    with pytest.raises(TransientError):
        await call
    assert [producer for producer, _ in publisher.given_up] == [OLDER]
