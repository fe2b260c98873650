"""The parties' own HTTP client: a token per party and scope, and a second try when the hub asks for it."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from services.common.errors import PermanentError, TransientError
from services.local.demo.hub import Hub

TIMEOUT_SECONDS = 60.0
TRIES = 5
AGAIN_SECONDS = 1.0
"""What the hub names in Retry-After."""


class Desk:
    """Sends requests as a party; use as an async context manager."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._tokens: dict[tuple[str, str, str | None], str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def token(self, party: str, scope: str, team: str | None = None) -> str:
        """Return a party's token for one scope."""
        key = (party, scope, team)
        if key not in self._tokens:
            self._tokens[key] = self._hub.secrets.token(party, scope, team)
        return self._tokens[key]

    async def ask(
        self,
        method: str,
        path: str,
        *,
        service: str = "ingest",
        party: str,
        scope: str,
        team: str | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Send a request; after a 503 or a broken connection again: sending twice is safe."""
        headers = {"Authorization": f"Bearer {self.token(party, scope, team)}"} | content.pop("headers", {})
        for _ in range(TRIES):
            with suppress(httpx.TransportError):
                answer = await self._http.request(
                    method, self._hub.url(service) + path, headers=headers, **content
                )
                if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    return answer
            await asyncio.sleep(AGAIN_SECONDS)
        raise TransientError(f"{method} {path} was not answered in {TRIES} tries")


def good(answer: httpx.Response) -> Any:
    """Return the JSON of an answer that must be a success; anything else is told with what the hub said."""
    if not answer.is_success:
        request = answer.request
        raise PermanentError(f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:600]}")
    return answer.json() if answer.content else None
