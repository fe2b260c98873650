"""uvicorn as one of the parts of a process: same event loop, stopped by its owner and not by signals."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mode import Service
from starlette.types import ASGIApp

from services.common.errors import ConfigurationError
from services.common.http_protocol import Protocol
from services.common.settings import Settings

KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep idle connections: who ends one must not be the one who answers."""
GRACE_SECONDS = 5
"""How long requests that are being answered may still take once a stop was asked."""
_BACKLOG = 2048


class HttpServer(Service):
    """Serves an ASGI application on the host and port of the settings."""

    def __init__(self, api: ASGIApp, settings: Settings) -> None:
        super().__init__()
        self._address = (settings.http_host, settings.http_port)
        self._server = _Server(
            uvicorn.Config(
                api,
                http=Protocol,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,  # a path or query may one day hold what must not be logged
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def on_start(self) -> None:
        listening = self._listen()
        self._serving = asyncio.create_task(self._server.serve([listening]))
        self._serving.add_done_callback(self._ended)

    async def on_stop(self) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await asyncio.wait({self._serving})

    def _listen(self) -> socket.socket:
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            return socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}") from error

    def _ended(self, serving: asyncio.Task[None]) -> None:
        if not self._server.should_exit and not serving.cancelled():
            self.add_future(
                self.crash(serving.exception() or RuntimeError("the HTTP server ended by itself"))
            )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the host: it stops the HTTP server first, and then the rest."""
        yield
