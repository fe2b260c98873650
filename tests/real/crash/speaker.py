"""Speaks HTTP to the replicas of a hub as its parties would: tries again until there is an answer."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Collection
from math import inf
from time import monotonic
from typing import Any, Protocol

import httpx

from services.common.clock import Clock
from tests.real.crash.history import Moment

PATIENCE_SECONDS = 60.0
"""How long a client waits for one answer: longer than a freeze. So no request that may not be carried out
after a later one (the end of a registration, the next result) is still under way when that one is sent."""
IMPATIENCE_SECONDS = 6.0
"""For what may be sent again at any time and in any order."""
AT_ONCE = 48
"""Requests under way."""
_LONGEST_PAUSE = 2.0

Urls = Callable[[str], list[str]]
Token = Callable[..., str]


class Voice(Protocol):
    """What carries the words of the parties to a hub."""

    clock: Clock

    async def say(
        self,
        service: str,
        method: str,
        path: str,
        party: str,
        scope: str,
        *,
        again: Collection[int] = (),
        longest: float = inf,
        patience: float = PATIENCE_SECONDS,
        **body: Any,
    ) -> tuple[httpx.Response, Moment]:
        """Return the answer, and when; 503, no answer and, for `longest` seconds, `again` are tried again."""

    async def ask(self, service: str, path: str, party: str, scope: str) -> httpx.Response | None:
        """Return the answer of one attempt to read something; None when there was none."""


class Speaker:
    """One client. `tally` counts answers, and attempts that got none."""

    def __init__(self, urls: Urls, token: Token, clock: Clock, tally: Counter[str]) -> None:
        self._tally = tally
        self._urls = urls
        self._token = token
        self.clock = clock
        self._tokens: dict[tuple[str, str], str] = {}
        self._room = asyncio.Semaphore(
            AT_ONCE
        )  # the client's own queue takes a time that grows with its square
        self._client = httpx.AsyncClient(limits=httpx.Limits(max_connections=AT_ONCE))

    async def close(self) -> None:
        await self._client.aclose()

    async def say(
        self,
        service: str,
        method: str,
        path: str,
        party: str,
        scope: str,
        *,
        again: Collection[int] = (),
        longest: float = inf,
        patience: float = PATIENCE_SECONDS,
        **body: Any,
    ) -> tuple[httpx.Response, Moment]:
        """Return the answer, and when; 503, no answer and, for `longest` seconds, `again` are tried anew.

        Any other 5xx fails: the hub does not answer so. What 4xx means is the caller's business.
        """
        begin, end = self.clock.now(), monotonic() + longest
        for attempt in itertools.count():
            answer = await self._once(service, method, path, party, scope, patience, body)
            repeated = {503, *again} if monotonic() < end else {503}
            if answer is not None and answer.status_code not in repeated:
                assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text}"
                return answer, Moment(begin, self.clock.now())
            await asyncio.sleep(random.uniform(0.5, 1) * min(_LONGEST_PAUSE, 0.1 * 2 ** min(attempt, 8)))
        raise AssertionError("it is tried for ever")

    async def ask(self, service: str, path: str, party: str, scope: str) -> httpx.Response | None:
        """Return the answer of one attempt to read something; None when there was none."""
        return await self._once(service, "GET", path, party, scope, IMPATIENCE_SECONDS, {})

    async def _once(
        self, service: str, method: str, path: str, party: str, scope: str, patience: float, body: Any
    ) -> httpx.Response | None:
        url = random.choice(self._urls(service)) + path
        headers = {"Authorization": f"Bearer {self._bearer(party, scope)}"} | body.get("headers", {})
        rest = {key: value for key, value in body.items() if key != "headers"}
        try:
            async with self._room:
                answer = await self._client.request(method, url, headers=headers, timeout=patience, **rest)
        except httpx.TransportError as error:
            self._tally[type(error).__name__] += 1
            return None
        self._tally[str(answer.status_code)] += 1
        return answer

    def _bearer(self, party: str, scope: str) -> str:
        key = (party, scope)
        if key not in self._tokens:
            self._tokens[key] = self._token(party, scope)
        return self._tokens[key]
