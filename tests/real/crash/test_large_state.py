"""The matcher with the state of a country: how long it takes until ready, and that the group stays calm.

600,000 households in the changelog, written in the processor's own form; then one process, killed and started
again, then a second one beside it.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import psutil
import pytest

from services.common import cloudevents
from services.common.catalogue import changelog_of
from services.common.events import Case, CaseKind, Signal
from services.common.identifiers import derived_id
from services.common.processor.state import Table
from services.common.reading import read_message
from services.common.records import Meta
from services.common.runtime import Runtime
from services.common.topics import apply, wanted_topics
from services.local.bench.broker import Record, bench_runtime, fill
from services.local.folder import DataFolder
from services.local.kafka import EmbeddedKafka
from services.local.keys import ISSUER, make_secrets
from services.local.service import Service
from services.local.waiting import free_ports
from services.matcher.domain.facts import Household
from services.matcher.domain.households import Policies, handle
from services.matcher.processors import HOUSEHOLDS, PERSONS, REGISTRATIONS
from tests.flow.examples import example
from tests.real.primitives import reader, until

pytestmark = [pytest.mark.real, pytest.mark.crash, pytest.mark.timeout(1_800)]

COUNT = 600_000
SECONDS = 600.0
"""Far more than it takes: on a machine that others load all is five times slower."""
RENT = example("signals/rent", Signal)
NOW = datetime.now(UTC).replace(microsecond=0)
FIRST, SECOND, THIRD = "00000099000000001001", "00000099000000001002", "00000099000000001003"
HUB = "00000099000000000001"
PROCESSORS = (REGISTRATIONS, PERSONS, HOUSEHOLDS)
PARTITIONS = 12
EVERYWHERE = range(0, COUNT, COUNT // 60)
"""Households to which something happens while two processes have the state: five of each partition, about."""
LOADING = re.compile(r"partitions \d+ to \d+ loading: \d+ offsets of its state to read")


def home(number: int) -> str:
    return sha256(f"home {number}".encode()).hexdigest()[:32]


def signal_of(number: int, creditor: str = FIRST) -> Signal:
    """A household's signal of today; it is the same made-up person everywhere."""
    return replace(
        RENT,
        signal_id=derived_id("large", str(number), creditor),
        household=home(number),
        creditor=creditor,
        signal_date=NOW.date(),
        arrears_since=NOW.date() - timedelta(days=45),
    )


def ids(number: int) -> tuple[bytes, ...]:
    """Return what tells the states of two households apart; each id is as long as the other's."""
    told = signal_of(number)
    case_id = derived_id("case", told.municipality, told.household, told.unit, f"{NOW:%Y-%m}")
    return told.household.encode(), told.signal_id.encode(), case_id.encode()


def state_of(number: int) -> bytes:
    """Return what the processor would have on its changelog after that signal."""
    table, signal = Table(Household), signal_of(number)
    step = handle(None, signal.household, signal, NOW, Policies(lambda _: 30, lambda _: 0))
    table.put(signal.household, step.household, step.wake_at)
    ((_, value),) = table.changes()
    assert value is not None
    return value


def changelog() -> Iterator[Record]:
    """Yield a state per household: one made by the rules, the rest copies of its bytes with other ids."""
    model, own = state_of(0), ids(0)
    for number in range(COUNT):
        found, value = ids(number), model
        for one, other in zip(own, found, strict=True):
            value = value.replace(one, other)
        assert number != COUNT - 1 or value == state_of(number)
        yield Record(changelog_of(HOUSEHOLDS), found[0], value, [])


@dataclass
class Matchers:
    """Replicas of the matcher on a broker that holds the states, and what they say."""

    runtime: Runtime
    folder: DataFolder
    env: dict[str, str]
    services: list[Service] = field(default_factory=list)

    def add(self) -> Service:
        service = Service("matcher", len(self.services), free_ports(1)[0], self.folder, self.env)
        self.services.append(service)
        return service

    def stop(self) -> None:
        for service in self.services:
            service.stop()

    def assignments(self, service: Service) -> dict[str, list[list[int]]]:
        """Return what each processor of a replica got at each rebalance, since its first start."""
        found: dict[str, list[list[int]]] = {name: [] for name in PROCESSORS}
        for line in self.folder.log(service.name).read_text().splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == "partitions_assigned":
                found[event["processor"]].append(event["partitions"])
        return found

    async def ready(self, what: str) -> set[str]:
        """Return what health said while they loaded; print after how long they were ready, and how large."""
        begin, heard = time.monotonic(), set[str]()

        def all_ready() -> bool:
            heard.update(each for service in self.services for each in LOADING.findall(health(service)))
            return all(service.ready for service in self.services)

        await until(all_ready, SECONDS, f"health after {what}")
        sizes = [psutil.Process(each.pid).memory_info().rss // 2**20 for each in self.services]
        print(f"{what}: ready after {time.monotonic() - begin:.1f} s, {sizes} MiB", flush=True)
        return heard

    async def works(self, creditor: str) -> None:
        """Send a signal of one more creditor for households everywhere; return when each is in its case."""
        source, type_ = cloudevents.source_of(HUB, "ingest"), cloudevents.type_of("signals", "accepted")
        begin, records = time.monotonic(), list[Record]()
        for number in EVERYWHERE:
            signal = signal_of(number, creditor)
            headers = cloudevents.headers(Meta(signal.signal_id, source, type_, NOW))
            key, value = signal.household.encode(), self.runtime.codec.encode(signal)
            records.append(Record("signals.v1", key, value, headers))
        fill(self.runtime.settings.kafka, records)
        await self._cases({signal_of(number, creditor).signal_id for number in EVERYWHERE})
        print(f"{len(records)} signals in their cases after {time.monotonic() - begin:.1f} s", flush=True)

    async def _cases(self, wanted: set[str]) -> None:
        async with asyncio.timeout(SECONDS), reader(self.runtime.settings.kafka, "cases.v1") as consumer:
            while wanted:
                case = read_message(await consumer.getone(), self.runtime.codec, "cases").event
                assert isinstance(case, Case)
                assert case.kind is CaseKind.MULTIPLE, "the first signal of the household was not remembered"
                wanted = wanted - {each.signal_id for each in case.signals}


def health(service: Service) -> str:
    try:
        return httpx.get(f"{service.url}/health", timeout=2).text
    except httpx.TransportError:
        return ""


@pytest.fixture
async def matchers() -> AsyncIterator[Matchers]:
    """A broker with the changelog, and nobody who reads it yet."""
    path = Path(tempfile.mkdtemp(prefix="sh-large-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, path)
        broker = stack.enter_context(EmbeddedKafka(path / "kafka"))
        secrets = make_secrets(path / "secrets")
        settings = {
            "KAFKA": broker.bootstrap,
            "DATABASE_URL": "postgresql+psycopg://",  # matcher has no use for one
            "ISSUER": ISSUER,
            "JWKS": str(secrets.jwks),
            "PSEUDONYM_KEY": secrets.pseudonym_key,
            "VAULT_KEY": secrets.vault_key,
        }
        async with bench_runtime(broker.bootstrap) as runtime:
            await apply(broker.bootstrap, wanted_topics(runtime.catalogue))
            begin = time.monotonic()
            written = fill(broker.bootstrap, changelog())
            print(f"\n{written} states written in {time.monotonic() - begin:.0f} s", flush=True)
            env = {f"SIGNAALHUB_{name}": value for name, value in settings.items()}
            found = Matchers(runtime, DataFolder(path), env)
            stack.callback(found.stop)
            yield found


async def test_a_country_is_loaded_again_after_a_crash_and_a_second_process_costs_one_rebalance(
    matchers: Matchers,
) -> None:
    first = matchers.add()
    first.launch()
    heard = await matchers.ready("first start")
    assert heard, "health never said what was loading"
    await matchers.works(SECOND)

    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: not first.alive, SECONDS, "the end of the process")
    first.launch()
    await matchers.ready("start after kill -9")
    alone = rebalances(matchers, first)

    second = matchers.add()
    second.launch()
    await matchers.ready("with a second process")
    await until(lambda: shared(matchers), SECONDS, "partitions for both")
    await matchers.ready("both with their partitions")
    await matchers.works(THIRD)
    assert rebalances(matchers, first) == {name: count + 1 for name, count in alone.items()}
    assert rebalances(matchers, second) == dict.fromkeys(PROCESSORS, 1)


def rebalances(matchers: Matchers, service: Service) -> dict[str, int]:
    return {name: len(found) for name, found in matchers.assignments(service).items()}


def shared(matchers: Matchers) -> bool:
    """Whether each processor has all partitions, half of them in each replica."""
    both = [matchers.assignments(each) for each in matchers.services]
    return all(_halves([found[name] for found in both]) for name in PROCESSORS)


def _halves(given: list[list[list[int]]]) -> bool:
    latest = [each[-1] if each else [] for each in given]
    whole = sorted(partition for each in latest for partition in each)
    return whole == list(range(PARTITIONS)) and all(len(each) == PARTITIONS // 2 for each in latest)
