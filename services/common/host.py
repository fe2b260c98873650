"""Runs one service: a Faust worker in an uvloop that holds all parts as mode services.

The HTTP server starts first (so that /health tells what is still loading), then the service's own parts in
their order. At SIGTERM the HTTP server stops first, then the parts in reverse order, and the process ends
with 0. A part that crashes ends the process with 1: whoever started it starts it again.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import faust
import structlog
import uvloop
from faust.app.base import BootStrategy
from mode import Service
from mode.types import ServiceT
from pydantic import ValidationError

from services.common import garbage
from services.common import log as logs
from services.common.catalogue import load_catalogue
from services.common.clock import make_clock
from services.common.codec import Codec
from services.common.connection import connection
from services.common.errors import ConfigurationError
from services.common.health import Health
from services.common.registry import Released, registry_at
from services.common.runtime import Runtime
from services.common.server import HttpServer
from services.common.settings import Settings, told
from services.common.tracing import make_tracing

if TYPE_CHECKING:  # FastAPI is imported by the service, after its log is set up
    from fastapi import FastAPI

STOP_SECONDS = 15.0
"""For all parts together; less than a supervisor (stack.py, Kubernetes) waits before it kills."""
EXIT_CRASHED = 1
EXIT_MISCONFIGURED = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service consists of; `services` start in this order, the ones that others need first."""

    services: tuple[ServiceT, ...]
    api: "FastAPI"


class ServiceModule(Protocol):
    """services/<name>/app.py."""

    def build(self, runtime: Runtime) -> Parts:
        """Wire the service; nothing connects before its parts start."""


def run(name: str) -> None:
    """Run service `name` until SIGTERM or SIGINT; a crash or a wrong set-up is a `SystemExit`."""
    logs.setup(name, "")
    garbage.hold()
    try:
        module = _load(name)
        settings = Settings()
        logs.setup(name, settings.replica)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(module, name, settings))
    except (ConfigurationError, ValidationError) as error:
        log.critical("service_misconfigured", reason=_reason(error))
        sys.exit(EXIT_MISCONFIGURED)
    except Exception:
        log.exception("service_crashed")
        sys.exit(EXIT_CRASHED)


def _reason(error: Exception) -> str:
    return told(error) if isinstance(error, ValidationError) else str(error)


async def _run(module: ServiceModule, name: str, settings: Settings) -> None:
    begin, asked = time.monotonic(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with make_runtime(name, settings) as runtime:
        hosted = _Hosted(module.build(runtime), runtime, begin)
        garbage.go()
        app = _App(name, broker=f"kafka://{settings.kafka}", autodiscover=False, web_enabled=False)
        worker = _Worker(
            app, hosted, loglevel="info", quiet=True, override_logging=False, redirect_stdouts=False
        )
        await _until_stopped(worker, hosted, asked)


def _load(name: str) -> ServiceModule:
    try:
        return cast("ServiceModule", import_module(f"services.{name}.app"))
    except ModuleNotFoundError as error:
        if error.name not in (f"services.{name}", f"services.{name}.app"):
            raise
        raise ConfigurationError(f"there is no service {name}") from error


@asynccontextmanager
async def make_runtime(name: str, settings: Settings) -> AsyncIterator[Runtime]:
    """Yield the surroundings of a service process."""
    connection(settings)  # a wrong set-up of it shows here, before anything starts
    catalogue = load_catalogue(settings.schemas_dir)
    released = Released(settings.schemas_dir)
    async with AsyncExitStack() as stack:
        registry = await stack.enter_async_context(registry_at(settings.schema_registry_url, released))
        codec = Codec(released, registry)
        await codec.start()
        tracing = make_tracing(name, settings)
        stack.callback(tracing.close)
        yield Runtime(
            service=name,
            settings=settings,
            clock=make_clock(settings.clock_file),
            catalogue=catalogue,
            codec=codec,
            health=Health(),
            tracing=tracing,
        )


async def _until_stopped(worker: faust.Worker, hosted: "_Hosted", asked: asyncio.Event) -> None:
    """Run until a stop is asked or a part crashes; then stop all, and raise what crashed."""
    running = asyncio.create_task(worker.start())
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not hosted.complete:
        running.cancel()
    async with asyncio.timeout(STOP_SECONDS):
        await worker.stop()
        await asyncio.wait({running})
    log.info("service_stopped", asked=asked.is_set())
    if worker.crash_reason:
        raise worker.crash_reason
    if not running.cancelled():
        running.result()


class _Hosted(Service):
    """The HTTP server and the parts: started in this order; the HTTP server is the first to stop."""

    def __init__(self, parts: Parts, runtime: Runtime, begin: float) -> None:
        super().__init__()
        self.complete = False
        self._http = HttpServer(parts.api, runtime.settings)
        self._parts = parts.services
        self._begin = begin
        runtime.health.add("host", lambda: None if self.complete else "onderdelen starten nog")

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        return (self._http, *self._parts)

    async def on_started(self) -> None:
        self.complete = True
        log.info("service_started", seconds=round(time.monotonic() - self._begin, 3), parts=len(self._parts))

    async def on_stop(self) -> None:
        self.complete = False
        await self._http.stop()


class _Boot(BootStrategy):
    """No consumer, producer and tables of Faust: no service has an agent.

    With them and without an agent a worker crashes on its empty subscription (measured with 0.15.3); timers
    and crontabs work without. The first agent needs `enable_kafka = True`.
    """

    enable_kafka = False


class _App(faust.App):
    BootStrategy = _Boot

    async def on_first_start(self) -> None:
        """Make no folders: they are for tables."""


class _Worker(faust.Worker):
    """Signals are the host's business, and there is no terminal to amuse."""

    def __init__(self, app: faust.App, *services: ServiceT, **settings: Any) -> None:
        super().__init__(app, *services, **settings)
        self.spinner = None

    def install_signal_handlers(self) -> None:
        """Do nothing; see `_run`."""
