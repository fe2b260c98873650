"""What is known of every request: its trace, its line in the log and its count; never its URL or its body."""

from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.openapi import BASE
from services.common.runtime import Runtime
from services.common.tracing import TRACEPARENT, received

log = structlog.get_logger()

QUIET = frozenset({"/health", "/metrics", f"{BASE}/openapi.json"})
"""Asked every few seconds by who watches over the process."""
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
GONE = 499
"""The caller left before the answer; nginx calls it the same."""
_FAILED = 500


class Access:
    """Around the whole app. `tokens.py` leaves the party in the state of the request."""

    def __init__(self, app: ASGIApp, *, runtime: Runtime) -> None:
        self._app = app
        self._tracing = runtime.tracing
        self._seconds = runtime.metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        begin, status = perf_counter(), GONE

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        found = [value for name, value in scope["headers"] if name == b"traceparent"]
        span = self._tracing.request(received(found))
        token = TRACEPARENT.set(span.traceparent)
        try:
            await self._app(scope, receive, answer)
        finally:
            method, route = _method(scope), _route(scope)
            self._note(scope, method, route, status, perf_counter() - begin)
            span.describe(
                f"{method} {route}",
                {"http.request.method": method, "http.route": route, "http.response.status_code": status},
            )
            span.end(str(status) if status >= _FAILED else None)
            TRACEPARENT.reset(token)

    def _note(self, scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
        self._seconds.labels(method, route, str(status)).observe(seconds)
        log.info(
            "request_answered",
            method=method,
            route=route,
            status=status,
            ms=round(1000 * seconds, 1),
            party=scope.get("state", {}).get("party"),
        )


def _method(scope: Scope) -> str:
    """Return the method; what a caller made up is not repeated."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def _route(scope: Scope) -> str:
    """Return the path as the API describes it, with the names of its variables."""
    path: str = getattr(scope.get("route"), "path", "none")
    return path
