"""(a) The Processor with an empty handler against a bare loop: same topic, same records, taking turns."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import mean
from time import perf_counter, process_time
from typing import Any

import uvloop
from aiokafka.admin import AIOKafkaAdminClient

from services.common.processor import Processor
from services.common.records import partition_key
from services.common.runtime import Runtime
from services.common.topics import apply
from services.local.bench.bare import bare_loop
from services.local.bench.broker import admin_of, bench_runtime, count_records, fill, until_committed
from services.local.bench.events import Load, records
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.handlers import HANDLERS, PARTITIONS, SOURCE, catalogue, out
from services.local.bench.shared import Shared
from services.local.kafka import EmbeddedKafka

SIGNALS, SEALED = 100_000, 250
ROUNDS = 2
_LONGEST_SECONDS = 180.0
WARM_UP = 0.2
"""Of the records: until then partitions are still starting, and nothing is measured."""
KINDS = ("bytes", "forwarding", "counting", "avro", "encoding")


@dataclass
class Meter:
    """Takes the time from the moment the warm-up is over."""

    total: int
    seen: int = 0
    begin: tuple[float, float] = (0.0, 0.0)
    measured: int = 0
    all_seen: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, records: int = 1) -> None:
        before, self.seen = self.seen, self.seen + records
        if before < self.total * WARM_UP <= self.seen:
            self.begin, self.measured = (perf_counter(), process_time()), self.total - self.seen
        if self.seen >= self.total:
            self.all_seen.set()

    def rates(self) -> tuple[float, float]:
        """Return records per second, and CPU microseconds per record of this process."""
        wall, cpu = perf_counter() - self.begin[0], process_time() - self.begin[1]
        return self.measured / wall, cpu / self.measured * 1e6


class ProcessorLoop:
    """Benchmark (a)."""

    letter = "a"
    title = "Processor with an empty handler against a bare loop"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._load = Load(signals=shared.scaled(SIGNALS), households=shared.scaled(60_000), sealed=SEALED)
        self._results: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}

    def run(self, progress: Progress) -> Sequence[Figure]:
        with EmbeddedKafka(self._shared.new_folder("a")) as broker:
            uvloop.run(self._measure(broker.bootstrap, progress))
        return self._figures()

    async def _measure(self, kafka: str, progress: Progress) -> None:
        names = [f"{kind}-{number}" for number in range(ROUNDS) for kind in KINDS]
        async with bench_runtime(kafka) as product, admin_of(kafka) as admin:
            runtime = replace(product, catalogue=catalogue(product.catalogue, names))
            progress.say("writing the signals")
            await apply(kafka, runtime.catalogue.hub_topics())
            fill(kafka, records(self._load, SOURCE, runtime))
            for done, name in enumerate(names):
                progress.say(name)
                progress.reach((done + 1) / (len(names) + 1))
                self._results[name.partition("-")[0]].append(await self._one(name, kafka, runtime, admin))

    async def _one(
        self, name: str, kafka: str, runtime: Runtime, admin: AIOKafkaAdminClient
    ) -> tuple[float, float]:
        meter = Meter(self._load.signals)
        gc.collect()
        async with _running(name, kafka, runtime, meter):
            async with asyncio.timeout(_LONGEST_SECONDS):
                await meter.all_seen.wait()
                await until_committed(admin, name, SOURCE, self._load.signals)
            rates = meter.rates()
        await asyncio.to_thread(count_records, kafka, out(name), PARTITIONS, self._load.signals)
        return rates

    def _figures(self) -> list[Figure]:
        aim = Aim(0.6, at_least=True)
        ratios = [
            *self._ratios("forwarding", "bytes", aim),
            *self._ratios("counting", "bytes", aim),
            *self._ratios("encoding", "avro", aim),
        ]
        return [*ratios, *(figure for kind in KINDS for figure in self._absolute(kind))]

    def _ratios(self, kind: str, bare: str, aim: Aim) -> list[Figure]:
        (rate, cpu), (bare_rate, bare_cpu) = self._mean(kind), self._mean(bare)
        pair = f"{_SHORT[kind]} : {_SHORT[bare]}"
        return [
            Figure(what=f"throughput, {pair}", measured=rate / bare_rate, aim=aim),
            Figure(what=f"CPU a record, {pair}", measured=cpu / bare_cpu),
        ]

    def _absolute(self, kind: str) -> list[Figure]:
        rate, cpu = self._mean(kind)
        return [
            Figure(what=_SHORT[kind], measured=rate, unit="records/s"),
            Figure(what=f"{_SHORT[kind]}, CPU", measured=cpu, unit="µs a record"),
        ]

    def _mean(self, kind: str) -> tuple[float, float]:
        rates, cpus = zip(*self._results[kind], strict=True)
        return mean(rates), mean(cpus)


_SHORT = {
    "bytes": "bare bytes",
    "forwarding": "Processor",
    "counting": "with state",
    "avro": "bare Avro",
    "encoding": "encoding",
}
"""What each is called in the table; docs/benchmarks.md says what they do."""


@asynccontextmanager
async def _running(name: str, kafka: str, runtime: Runtime, meter: Meter) -> AsyncIterator[None]:
    kind = name.partition("-")[0]
    if kind in HANDLERS:
        state = int if kind == "counting" else None
        processor: Processor[Any] = Processor(
            name, HANDLERS[kind](out(name), meter.count), state, partition_key, runtime
        )
        async with processor:
            yield
        return
    codec = runtime.codec
    change = (lambda value: codec.encode(codec.decode(value, "signals"))) if kind == "avro" else None
    async with asyncio.TaskGroup() as tasks:  # when the loop breaks, so does who waits for it
        loop = tasks.create_task(bare_loop(kafka, SOURCE, out(name), name, PARTITIONS, change, meter.count))
        yield
        loop.cancel()
