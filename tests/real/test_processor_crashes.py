"""Processes that die, freeze, join and leave while records stream through: nothing lost, nothing double."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.common.settings import REPOSITORY
from tests.real.processor_kit import Kit, Sent

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(180)]

RECORDS = 50_000
KEYS = 3_000
PARTITIONS = 6


class Workers:
    """Processes of processor_worker, by replica."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.kit = kit
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, replica: str) -> None:
        command = [sys.executable, "-m", "tests.real.processor_worker", self.kit.kafka, self.kit.name]
        with (self.folder / f"{replica}.log").open("ab") as out:
            self.processes[replica] = subprocess.Popen(
                [*command, str(PARTITIONS), replica], cwd=REPOSITORY, stdout=out, stderr=out
            )

    def signal(self, replica: str, number: int) -> None:
        self.processes[replica].send_signal(number)

    def kill(self, replica: str) -> None:
        self.processes[replica].kill()
        self.processes[replica].wait()

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
                process.wait()

    def logged(self, event: str) -> int:
        return sum(path.read_text().count(f'"{event}"') for path in self.folder.glob("*.log"))


@pytest.fixture
def workers(kafka: str, tmp_path: Path) -> Iterator[Workers]:
    found = Workers(Kit(kafka, partitions=PARTITIONS), tmp_path)
    yield found
    found.end()


class Progress:
    """How many outputs each partition has (control records included): tells that all partitions move."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._partitions = [TopicPartition(topic, n) for n in range(PARTITIONS)]

    async def now(self) -> dict[TopicPartition, int]:
        return dict(await self._consumer.end_offsets(self._partitions))

    async def everywhere(self) -> None:
        """Wait until every partition has got further."""
        before = await self.now()
        async with asyncio.timeout(60):
            while not all(n > before[tp] for tp, n in (await self.now()).items()):
                await asyncio.sleep(0.05)


async def stream(kit: Kit, stop: asyncio.Event) -> None:
    """Send all records, slowly while things happen."""
    sent = 0
    while sent < RECORDS:
        size = min(RECORDS - sent, 5_000 if stop.is_set() else 250)
        if not stop.is_set() and sent > RECORDS * 0.7:
            await asyncio.sleep(0.25)
            size = 25
        await kit.send(Sent(f"k{n * 7919 % KEYS}", n) for n in range(sent, sent + size))
        sent += size


async def test_kills_freezes_and_rebalances_lose_and_double_nothing(workers: Workers) -> None:
    kit = workers.kit
    await kit.make_topics()
    calm = asyncio.Event()
    consumer = AIOKafkaConsumer(bootstrap_servers=kit.kafka, isolation_level="read_committed")
    await consumer.start()
    progress = Progress(consumer, kit.out)
    workers.start("a")
    workers.start("b")
    sending = asyncio.create_task(stream(kit, calm))
    try:
        await progress.everywhere()
        workers.kill("a")
        workers.start("a")  # a static member: back before anybody noticed
        await progress.everywhere()
        workers.start("c")
        await progress.everywhere()
        workers.signal("b", signal.SIGSTOP)  # longer than its session: others take over
        await progress.everywhere()
        workers.signal("b", signal.SIGCONT)  # a zombie in the middle of a transaction
        await progress.everywhere()
        workers.signal("c", signal.SIGSTOP)
        await progress.everywhere()
        workers.signal("c", signal.SIGCONT)
        workers.kill("a")
        workers.start("a")
        await progress.everywhere()
        workers.kill("a")
        workers.signal("c", signal.SIGTERM)
        assert workers.processes["c"].wait(20) == 0
        await progress.everywhere()  # b alone
        workers.start("a")
        await progress.everywhere()
        calm.set()
        await sending
        found = await kit.until_outputs(RECORDS, 60)
    finally:
        sending.cancel()
        await consumer.stop()
    expected = Counter(f"k{n * 7919 % KEYS}" for n in range(RECORDS))
    counts: dict[str, list[int]] = defaultdict(list)
    for key, number in found:
        counts[key].append(number)
    assert {key: sorted(numbers) for key, numbers in counts.items()} == {
        key: list(range(1, total + 1)) for key, total in expected.items()
    }
    state = {key: msgspec.msgpack.decode(value or b"")[1] for key, value in (await kit.changelog()).items()}
    assert state == dict(expected)
