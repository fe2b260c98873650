"""The whole hub on one machine: Kafka, PostgreSQL and the four services as processes under one supervisor.

Order: broker and database side by side, migrations, topics, services; at the end the other way round. It runs
in the main thread of a process of its own (`signaalhub up`); others find everything in `endpoints.json`.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType

from services.common.catalogue import load_catalogue
from services.common.clock import make_clock, set_clock
from services.common.errors import ConfigurationError
from services.common.settings import REPOSITORY
from services.local.endpoints import typed
from services.local.folder import DataFolder, opened
from services.local.kafka import EmbeddedKafka
from services.local.keys import ISSUER, make_secrets, write_private
from services.local.postgres import EmbeddedPostgres
from services.local.service import SERVICES, Service
from services.local.supervise import Part, Supervisor
from services.local.waiting import claim, wait_until

HUB_OIN = "00000099000000000001"
"""The organisation that runs a local hub: the party of a token with the scope `beheer`."""
_FIRST_PARTY = "00000099000001021000"
_START_SECONDS = 120.0
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `signaalhub up` was asked."""

    data_dir: Path
    port_base: int | None = None
    """Kafka here, its controller at +1, replica r of the n-th service at +10 n + r; None takes free ports."""
    replicas: int = 1
    clock_start: datetime | None = None
    clock_speed: float | None = None


def run(options: Options) -> None:
    """Start everything, say where it is, and keep it running until SIGTERM or SIGINT."""
    begin, stop = time.monotonic(), _stop_asked()
    with opened(options.data_dir) as folder:
        stack = Stack(options, folder, stop)
        try:
            stack.start()
            if not stop.is_set():
                print(stack.describe(time.monotonic() - begin), flush=True)
                stack.supervise()
        finally:
            stack.end()


class Stack:
    """All processes of one data folder; `stop` ends a start or a watch that is going on."""

    def __init__(self, options: Options, folder: DataFolder, stop: threading.Event) -> None:
        base = options.port_base or 0
        self._options, self._folder, self._stop = options, folder, stop
        self._kafka = EmbeddedKafka(
            folder.path / "kafka", base, controller_port=base and base + 1, log=folder.log("kafka")
        )
        self._postgres = EmbeddedPostgres(folder.path / "postgres", log=folder.log("postgres"))
        self._services: list[Service] = []

    def start(self) -> None:
        """Return when all is healthy and endpoints.json written, or as soon as a stop was asked."""
        self._folder.endpoints.unlink(missing_ok=True)
        ports = self._claim_ports()
        self._launch([self._postgres, self._kafka])
        if self._stop.is_set():
            return
        _prepare(self._kafka.bootstrap, self._postgres.url)
        env = self._environment()
        self._services = [
            Service(name, replica, port, self._folder, env) for (name, replica), port in ports.items()
        ]
        self._launch(self._services)
        if not self._stop.is_set():
            self._write_endpoints()

    def supervise(self) -> None:
        """Start again what ends, until a stop is asked."""
        supervisor = Supervisor(self._parts, self._restarted)
        while not self._stop.wait(_LOOK_SECONDS):
            supervisor.look()

    def end(self) -> None:
        """End the services side by side, then the broker, then the database."""
        self._folder.endpoints.unlink(missing_ok=True)
        for service in self._services:
            service.ask_to_stop()
        for part in self._parts:
            part.stop()

    def describe(self, seconds: float) -> str:
        """Return what a person wants to know of a stack that is up."""
        lines = [
            f"Signaalhub is up ({seconds:.1f} s). Ctrl-C stops it.",
            f"  kafka     {self._kafka.bootstrap}",
        ]
        lines += [f"  {service.service:<9} {service.url}" for service in self._services]
        lines += [
            f"  all in    {self._folder.endpoints}",
            f"  logs in   {self._folder.log('*').parent}",
            "It knows nobody yet? Its operator says who takes part; a creditor, to begin with:",
            self._first_command(),
        ]
        return "\n".join(lines)

    def _first_command(self) -> str:
        """Return what works on an empty hub, to be copied as it is."""
        signaalhub, folder = typed(Path(sys.executable).with_name("signaalhub")), typed(self._folder.path)
        ingest = next(service.url for service in self._services if service.service == "ingest")
        token = f"{signaalhub} token --party {HUB_OIN} --scope beheer --data-dir {folder}"
        party = json.dumps(
            {"naam": "Zonnekracht Energie", "rollen": ["schuldeiser"], "signaalpartner": "Energie"}
        )
        return (
            f'curl -X PUT -H "Authorization: Bearer $({token})" -H "Content-Type: application/json" '
            f"{ingest}/v1/partijen/{_FIRST_PARTY} -d '{party}'"
        )

    @property
    def _parts(self) -> Sequence[Part]:
        """Everything, in the order in which it is ended."""
        return [*self._services, self._kafka, self._postgres]

    def _claim_ports(self) -> Mapping[tuple[str, int], int]:
        base = self._options.port_base
        return {
            (name, replica): claim(base + 10 * number + replica if base else 0, f"{name}-{replica}")
            for number, name in enumerate(SERVICES, start=1)
            for replica in range(self._options.replicas)
        }

    def _environment(self) -> Mapping[str, str]:
        secrets = make_secrets(self._folder.secrets)
        env = {
            "KAFKA": self._kafka.bootstrap,
            "DATABASE_URL": self._postgres.url,
            "ISSUER": ISSUER,
            "JWKS": str(secrets.jwks),
            "PSEUDONYM_KEY": secrets.pseudonym_key,
            "VAULT_KEY": secrets.vault_key,
            "HUB_OIN": HUB_OIN,
            "SHARES": str(self._options.replicas),
        }
        if _start_clock(self._options, self._folder.clock):
            env["CLOCK_FILE"] = str(self._folder.clock)
        return {f"SIGNAALHUB_{name}": value for name, value in env.items()}

    def _launch(self, parts: Sequence[Part]) -> None:
        """Start the parts side by side; return when all are ready, or as soon as a stop was asked."""
        for part in parts:
            part.launch()
        waiting = list(parts)

        def settled() -> bool:
            if self._stop.is_set():
                return True
            for part in waiting:
                if not part.alive:
                    raise ConfigurationError(
                        f"{part.name} ended at its start; see {self._folder.log(part.name)}"
                    )
            waiting[:] = [part for part in waiting if not part.ready]
            return not waiting

        wait_until(
            settled,
            _START_SECONDS,
            f"the start of {' and '.join(part.name for part in parts)}",
            _LOOK_SECONDS,
        )

    def _restarted(self, name: str) -> None:
        print(f"{name} had ended and was started again", flush=True)
        self._write_endpoints()

    def _write_endpoints(self) -> None:
        first = {service.service: service.url for service in reversed(self._services)}
        content = {
            "kafka": self._kafka.bootstrap,
            "database": self._postgres.url,
            "jwks": str(self._folder.secrets / "jwks.json"),
            **first,
            "replicas": {service.name: service.url for service in self._services},
            "pids": {part.name: part.pid for part in self._parts},
        }
        write_private(self._folder.endpoints, json.dumps(content, indent=2))


def _prepare(bootstrap: str, database: str) -> None:
    """Apply the migrations and make the topics."""
    from services.common.database import migrate
    from services.common.topics import apply, wanted_topics

    migrate(database)
    asyncio.run(apply(bootstrap, wanted_topics(load_catalogue(REPOSITORY / "schemas"))))


def _start_clock(options: Options, clock: Path) -> bool:
    """Set the simulated clock as asked, or leave it going as it was; False when there is none."""
    if options.clock_start is not None or options.clock_speed is not None:
        running = make_clock(clock if clock.exists() else None)
        speed = 1.0 if options.clock_speed is None else options.clock_speed
        set_clock(clock, options.clock_start or running.now(), speed)
    return clock.exists()


def _stop_asked() -> threading.Event:
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it
            signal.signal(number, ask)
    return stop
