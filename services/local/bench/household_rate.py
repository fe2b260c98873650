"""(b) The household processor as it runs in production: one matcher process works off a month that waits."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import psutil
from aiokafka.admin import AIOKafkaAdminClient

from services.common.catalogue import Catalogue
from services.common.topics import apply
from services.local.bench.broker import admin_of, bench_runtime, committed, count_records, fill
from services.local.bench.events import Load, records
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.processes import cpu_of
from services.local.bench.shared import Shared
from services.local.folder import opened
from services.local.kafka import EmbeddedKafka
from services.local.keys import ISSUER, make_secrets
from services.local.service import Service
from services.local.waiting import free_ports

SIGNALS, HOUSEHOLDS, SEALED = 300_000, 180_000, 900
GROUP, SOURCE = "matcher-households", "signals.v1"
WARM_UP = 0.1
_LONGEST_SECONDS = 400.0
_POLL_SECONDS = 0.1


class HouseholdRate:
    """Benchmark (b)."""

    letter = "b"
    title = "household processor"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._load = Load(signals=shared.scaled(SIGNALS), households=shared.scaled(HOUSEHOLDS), sealed=SEALED)

    def run(self, progress: Progress) -> Sequence[Figure]:
        path = self._shared.new_folder("b")
        with opened(path) as folder, EmbeddedKafka(path / "kafka") as broker:
            progress.say("writing the signals")
            catalogue = asyncio.run(self._fill(broker.bootstrap))
            secrets = make_secrets(folder.secrets)
            settings = {
                "KAFKA": broker.bootstrap,
                "DATABASE_URL": "postgresql+psycopg://",  # matcher has no use for one
                "ISSUER": ISSUER,
                "JWKS": str(secrets.jwks),
                "PSEUDONYM_KEY": secrets.pseudonym_key,
                "VAULT_KEY": secrets.vault_key,
            }
            env = {f"SIGNAALHUB_{name}": value for name, value in settings.items()}
            matcher = Service("matcher", 0, free_ports(1)[0], folder, env)
            progress.say("matcher at work")
            matcher.launch()
            try:
                figures = asyncio.run(self._follow(broker.bootstrap, matcher, progress))
            finally:
                matcher.stop()
            self._check(broker.bootstrap, catalogue)
        return figures

    async def _fill(self, kafka: str) -> Catalogue:
        async with bench_runtime(kafka) as runtime:
            await apply(kafka, runtime.catalogue.hub_topics())
            fill(kafka, records(self._load, SOURCE, runtime))
            return runtime.catalogue

    async def _follow(self, kafka: str, matcher: Service, progress: Progress) -> list[Figure]:
        total, begin = self._load.signals, monotonic()
        process = psutil.Process(matcher.pid)
        async with admin_of(kafka) as admin, asyncio.timeout(_LONGEST_SECONDS):
            done = await self._until(admin, WARM_UP * total, progress)
            at, cpu = monotonic(), cpu_of(process)
            await self._until(admin, total, progress)
        end, spent = monotonic(), cpu_of(process) - cpu
        return [
            Figure(
                what=f"records a second, after the first {WARM_UP:.0%}",
                measured=(total - done) / (end - at),
                unit="records/s",
                aim=Aim(15_000, at_least=True),
            ),
            Figure(what="from the start of the process to the last one", measured=end - begin, unit="s"),
            Figure(what="CPU of the process", measured=spent / (total - done) * 1e6, unit="µs a record"),
            Figure(what="RSS of the process", measured=process.memory_info().rss / 2**20, unit="MiB"),
        ]

    async def _until(self, admin: AIOKafkaAdminClient, offset: float, progress: Progress) -> int:
        while (done := (await committed(admin, GROUP)).get(SOURCE, 0)) < offset:
            progress.reach(done / self._load.signals)
            await asyncio.sleep(_POLL_SECONDS)
        return done

    def _check(self, kafka: str, catalogue: Catalogue) -> None:
        """Each signal makes a case or changes one, and has a status; a second creditor makes a match."""
        signals = self._load.signals
        expected = {"cases.v1": signals, "signal-statuses.v1": signals, "matches.v1": self._load.multiple()}
        for topic, count in expected.items():
            count_records(kafka, topic, catalogue.topic(topic).partitions, count)
