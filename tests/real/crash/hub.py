"""The whole hub as processes that a test can kill, freeze, add and take away one by one."""

import asyncio
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx

from services.common.catalogue import load_catalogue
from services.common.clock import FileClock, set_clock
from services.common.database import migrate
from services.common.settings import REPOSITORY
from services.common.topics import apply, wanted_topics
from services.local.folder import DataFolder
from services.local.kafka import EmbeddedKafka
from services.local.kafka_kit import kafka_kit, new_cluster_id
from services.local.keys import ISSUER, make_secrets
from services.local.postgres import EmbeddedPostgres
from services.local.service import SERVICES, Service
from services.local.waiting import free_ports
from tests.real.crash.partitions import running

REPLICAS = 2
START_SECONDS = 180.0
BEGIN = datetime(2026, 3, 10, 9, tzinfo=UTC)
"""Simulated time of the start: signals of February and March pass the gate."""
LATER = datetime(2026, 4, 25, 9, tzinfo=UTC)
"""March is closed and every pause of 30 days is over."""
SHARES = "4"
"""Of three replicas one has two, of two each."""
CHECKS = "100000"
"""A minute. One office asks here for all the bailiffs of the country; its pace is not what is looked at."""
_POLL = 0.1
_RESTART_SECONDS = 1.0
_LINES = 60


async def until(
    condition: Callable[[], bool], seconds: float, what: str, why: Callable[[], str] = str
) -> None:
    """Return when a condition holds, looked at in a thread: it may block. `why`: what to add if not."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s {why()}".rstrip()
        await asyncio.sleep(_POLL)


class Hub:
    """Brokers, a database and replicas of each service; a service that ends is started again."""

    def __init__(self, folder: Path, brokers: int = 1) -> None:
        self.folder = folder
        self._data = DataFolder(folder)
        self.brokers = [EmbeddedKafka(folder / "kafka")] if brokers == 1 else cluster(folder, brokers)
        self.postgres = EmbeddedPostgres(folder / "postgres", fsync=False)
        self.secrets = make_secrets(self._data.secrets)
        self.services: dict[str, Service] = {}
        self.ended: Counter[str] = Counter()
        """How often each service ended, by a test or by itself."""
        self.by_itself: list[str] = []
        """Which services ended though no test killed them, and their last words: nothing excuses that."""
        self._killed: Counter[str] = Counter()
        """Of those that are still to be seen dead."""
        self._env: Mapping[str, str] = {}
        self._keeper: asyncio.Task[None] | None = None
        set_clock(self._data.clock, BEGIN, 1.0)
        self.clock = FileClock(self._data.clock)

    @property
    def kafka(self) -> str:
        """Bootstrap servers."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def urls(self, service: str) -> list[str]:
        """Return where the replicas of a service listen, also of one that is dead or frozen just now."""
        return [each.url for each in self.services.values() if each.service == service]

    async def start(self) -> None:
        """Return when everything is healthy."""
        self.postgres.launch()
        for broker in self.brokers:
            broker.launch()
        await self.wait_ready(self.postgres, *self.brokers)
        await asyncio.to_thread(migrate, self.postgres.url)
        wanted = wanted_topics(load_catalogue(REPOSITORY / "schemas"))
        await apply(self.kafka, wanted, replication=len(self.brokers))
        self._env = self._environment()
        await self.add(*(f"{name}-{replica}" for name in SERVICES for replica in range(REPLICAS)))
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            await asyncio.to_thread(service.stop)
        for broker in self.brokers:
            broker.kill()  # the last of three would wait for the others before it ends in peace
        await asyncio.to_thread(self.postgres.stop)

    async def add(self, *names: str) -> None:
        """Start these replicas (service-number) and return when all are healthy."""
        for name in names:
            service, _, replica = name.partition("-")
            found = Service(service, int(replica), free_ports(1)[0], self._data, self._env)
            found.launch()
            self.services[name] = found
        await self.healthy(*names)

    async def remove(self, *names: str) -> None:
        """End these replicas in peace, for good."""
        gone = [self.services.pop(name) for name in names]
        for service in gone:
            service.ask_to_stop()
        for service in gone:
            await asyncio.to_thread(service.stop)

    async def healthy(self, *names: str) -> None:
        """Return when these services (none given: all) say that they are well."""
        for name in names or tuple(self.services):
            service = self.services[name]
            await until(lambda it=service: it.ready, START_SECONDS, f"health of {name}", self._why(service))  # type: ignore[misc]

    def _why(self, service: Service) -> Callable[[], str]:
        """Return what a service says of its trouble, and its last lines: its folder goes with the test."""

        def why() -> str:
            return f"{_health(service.url)}\n{self._last_lines(service.name)}"

        return why

    def kill(self, *names: str) -> None:
        """End services as a crash would."""
        for name in names:
            self._killed[name] += 1
            os.kill(self.services[name].pid, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        os.kill(self.services[name].pid, signal.SIGSTOP)

    def running(self, name: str) -> Counter[str]:
        """Return how many partitions a replica works on, by processor and projection."""
        return running(self.services[name].url)

    def thaw(self, name: str) -> None:
        os.kill(self.services[name].pid, signal.SIGCONT)

    async def bring_back(self, part: EmbeddedKafka | EmbeddedPostgres) -> None:
        """Start a broker or the database again and return when it answers."""
        part.launch()
        await self.wait_ready(part)

    async def wait_ready(self, *parts: EmbeddedKafka | EmbeddedPostgres) -> None:
        for part in parts:
            await until(lambda part=part: _ready(part), START_SECONDS, f"start of {part.name}")  # type: ignore[misc]

    def jump(self, moment: datetime) -> None:
        """Move the simulated time."""
        set_clock(self._data.clock, moment, 1.0)

    def log(self, name: str) -> str:
        return self._data.log(name).read_text(errors="replace")

    async def _keep(self) -> None:
        """Start again what ended: what Kubernetes does."""
        while True:
            for name, service in self.services.items():
                if not service.alive:
                    self._note_end(name, service)
                    service.launch()
            await asyncio.sleep(_RESTART_SECONDS)

    def _note_end(self, name: str, service: Service) -> None:
        self.ended[name] += 1
        if self._killed[name] and service.exit_code == -signal.SIGKILL:
            self._killed[name] -= 1
        else:
            self.by_itself.append(f"{name} ended by itself ({service.exit_code}): {self._last_lines(name)}")

    def _last_lines(self, name: str) -> str:
        lines = [line for line in self.log(name).splitlines() if "request_answered" not in line]
        return "\n".join(lines[-_LINES:])

    def _environment(self) -> Mapping[str, str]:
        env = {
            "KAFKA": self.kafka,
            "KAFKA_REPLICATION": str(len(self.brokers)),
            "DATABASE_URL": self.postgres.url,
            "ISSUER": ISSUER,
            "JWKS": str(self.secrets.jwks),
            "PSEUDONYM_KEY": self.secrets.pseudonym_key,
            "VAULT_KEY": self.secrets.vault_key,
            "CLOCK_FILE": str(self._data.clock),
            "SHARES": SHARES,
            "CHECKS_PER_MINUTE": CHECKS,
            "CHECKS_AT_ONCE": CHECKS,
        }
        return {f"SIGNAALHUB_{name}": value for name, value in env.items()}


def _health(url: str) -> str:
    try:
        return httpx.get(f"{url}/health", timeout=2).text
    except httpx.HTTPError as error:
        return f"no answer of /health: {error!r}"


def _ready(part: EmbeddedKafka | EmbeddedPostgres) -> bool:
    assert part.alive, f"{part.name} ended at its start: {part.last_words}"
    return part.ready


def cluster(folder: Path, count: int) -> list[EmbeddedKafka]:
    """Return the brokers of one cluster, each also a controller, every record on all of them."""
    ports = free_ports(2 * count)
    voters = ",".join(f"{node}@127.0.0.1:{ports[2 * node - 1]}" for node in range(1, count + 1))
    cluster_id, found = new_cluster_id(), []
    for node in range(1, count + 1):
        home = folder / "kafka" / "data" / str(node)  # where a lone one has its records, its log apart
        _format(home / "data", cluster_id, node)
        settings = _settings(count) | {"node.id": str(node), "controller.quorum.voters": voters}
        port, controller = ports[2 * node - 2], ports[2 * node - 1]
        log = folder / "logs" / f"kafka-{node}.log"
        found.append(EmbeddedKafka(home, port, controller_port=controller, settings=settings, log=log))
    return found


def _format(data: Path, cluster_id: str, node: int) -> None:
    data.mkdir(parents=True)
    shutil.copy(kafka_kit().bootstrap, data / "bootstrap.checkpoint")
    (data / "meta.properties").write_text(f"version=1\ncluster.id={cluster_id}\nnode.id={node}\n")


def _settings(count: int) -> dict[str, str]:
    most, enough = str(count), str(count - 1)
    return {
        "offsets.topic.replication.factor": most,
        "transaction.state.log.replication.factor": most,
        "transaction.state.log.min.isr": enough,
        "share.coordinator.state.topic.replication.factor": most,
        "share.coordinator.state.topic.min.isr": enough,
        "min.insync.replicas": enough,
        "replica.lag.time.max.ms": "10000",
        "broker.session.timeout.ms": "6000",  # another one takes over
    }
