"""What streams in: streets of residents whose creditors, registrars, teams and bailiffs act in turn."""

import asyncio
import itertools
import random
from collections.abc import Iterator

from tests.real.crash.parties import Parties
from tests.real.crash.street import Street

STREETS_A_SECOND = 2.0
"""About six hundred accepted events, half of them signals: more than a hub with two replicas of everything
takes on two cores that the load and the checks share with it, so it is busy all the time."""


def bsns() -> Iterator[str]:
    """Yield the BSNs of the test range that pass the 11-proef."""
    for number in range(999_000_000, 1_000_000_000):
        digits = [int(digit) for digit in str(number)]
        weighted = sum(d * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
        if weighted % 11 == 0:
            yield str(number)


class Load:
    """Plays streets until it is told to stop: a new one when it is due, and not too many at once."""

    def __init__(self, parties: Parties, seed: int = 4) -> None:
        self._parties = parties
        self._random = random.Random(seed)
        self._bsns = bsns()
        self._numbers = itertools.count()
        self._stopping = False
        self._workers: list[asyncio.Task[None]] = []
        self._pace = asyncio.Lock()

    def start(self, width: int) -> None:
        """Begin with at most so many streets at once: what is under way when the hub does not answer."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(width)]

    def check(self) -> None:
        """Raise what a street met that must not happen."""
        for worker in self._workers:
            if worker.done():
                worker.result()

    async def stop(self, seconds: float) -> None:
        """Let every street come to its end."""
        self._stopping = True
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._workers)

    async def cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def new_bsn(self) -> str:
        return next(self._bsns)

    async def _work(self) -> None:
        while not self._stopping:
            async with self._pace:
                await asyncio.sleep(1 / STREETS_A_SECOND)
            chance = random.Random(self._random.random())
            await Street(self._parties, chance, next(self._numbers), self.new_bsn).play()
