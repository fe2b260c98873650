"""A member of a consumer group that gets a new consumer after any trouble: processor, projection, intake."""

import asyncio
from abc import abstractmethod
from time import monotonic

from mode import Service

STALLED_SECONDS = 30.0
"""Records that wait so long without a commit are trouble; whoever served longer begins with short pauses."""
LONGEST_BACKOFF = 10.0
_SHORTEST_BACKOFF = 0.5
_STOP_SECONDS = 10.0


class Member(Service):
    """Serves until it is stopped."""

    def __init__(self, group: str) -> None:
        super().__init__()
        self._group = group
        self._runner: asyncio.Task[None] | None = None

    @abstractmethod
    async def _serve(self) -> None:
        """Be a member of the group until we stop or the consumer breaks."""

    @abstractmethod
    def _interrupted(self, error: Exception) -> None:
        """Say what ended it."""

    async def on_start(self) -> None:
        self._runner = asyncio.create_task(self._run(), name=self._group)

    async def on_stop(self) -> None:
        """Finish the running batch; broken off, it is done again by whoever has its partition next."""
        if self._runner is not None:
            await asyncio.wait([self._runner], timeout=_STOP_SECONDS)
            self._runner.cancel()
            await asyncio.wait([self._runner])

    async def _run(self) -> None:
        wait = _SHORTEST_BACKOFF
        while not self.should_stop:
            begin = monotonic()
            try:
                await self._serve()
            except Exception as error:  # noqa: BLE001 -- whatever ends a consumer, the answer is a new one
                self._interrupted(error)
                lasted = monotonic() - begin > STALLED_SECONDS
                wait = _SHORTEST_BACKOFF if lasted else min(2 * wait, LONGEST_BACKOFF)
                await self.sleep(wait)
