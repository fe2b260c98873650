"""How long a body may take to come."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive

from services.common import patience
from services.common.patience import SILENT_SECONDS, SLOWEST, Patience

STALLED = float("inf")


class Sender:
    """Sends so many bytes after so many seconds, each time; the clock is its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *parts: tuple[float, int], end: bool = False) -> None:
        self._parts: Iterator[tuple[float, int]] = iter(parts)
        self._more = not end
        self._now = 0.0
        monkeypatch.setattr(patience, "monotonic", lambda: self._now)
        monkeypatch.setattr(asyncio, "timeout", self._timeout)

    def _timeout(self, seconds: float) -> "_Limit":
        self._limit = seconds
        return _Limit()

    async def receive(self) -> Message:
        seconds, size = next(self._parts)
        if seconds > self._limit:
            raise TimeoutError
        self._now += seconds
        return {"type": "http.request", "body": b"x" * size, "more_body": self._more}


class _Limit:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


async def read(receive: Receive, times: int) -> None:
    waiting = Patience()
    for _ in range(times):
        await waiting.wait(receive)


async def test_who_sends_nothing_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender(monkeypatch, (SILENT_SECONDS - 1, 100 * SLOWEST), (SILENT_SECONDS + 1, 1))
    with pytest.raises(TimeoutError):
        await read(sender.receive, 2)


async def test_who_sends_a_trickle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender(monkeypatch, *[(10.0, 1)] * 4)
    with pytest.raises(TimeoutError):
        await read(sender.receive, 4)


async def test_who_is_slow_and_goes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender(monkeypatch, *[(10.0, 10 * SLOWEST)] * 100)
    await read(sender.receive, 100)


async def test_behind_the_body_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender(monkeypatch, (1.0, 1), (SILENT_SECONDS, 0), end=True)
    await read(sender.receive, 2)
