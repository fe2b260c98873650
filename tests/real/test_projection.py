import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.catalogue import dlq_of
from services.common.database import make_engine, migrate
from services.common.errors import PermanentError
from services.common.projection import Apply, Projection
from services.common.publish import Publisher
from services.common.records import Message
from services.common.runtime import Runtime
from services.local.postgres import EmbeddedPostgres
from tests.real.primitives import (
    NOW,
    make_runtime,
    make_topics,
    policy,
    read_all,
    running,
    settings_for,
    unique,
    until,
)
from tests.real.projection_worker import table_of, writing

pytestmark = pytest.mark.real


@dataclass
class Bench:
    """A topic, a table, and what a test wants to know of them."""

    kafka: str
    url: str
    topic: str
    name: str
    engine: AsyncEngine
    runtime: Runtime

    @property
    def table(self) -> str:
        return table_of(self.topic)

    async def write(self, *keys: str) -> None:
        publisher = Publisher(await make_runtime(self.kafka, self.topic))
        async with running(publisher):
            await publisher.publish([policy(self.topic, key) for key in keys], NOW)

    async def write_raw(self, *values: bytes, partition: int = 0) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            for value in values:
                await producer.send_and_wait(self.topic, value, b"raw", partition)

    def projection(self, apply: Apply | None = None) -> Projection:
        apply = apply or writing(self.table)
        return Projection(self.name, (self.topic,), apply, self.runtime, self.engine)

    async def ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), values)]

    async def keys(self) -> list[str]:
        return sorted(row[0] for row in await self.ask(f"SELECT key FROM {self.table}"))

    async def offsets(self) -> dict[int, int]:
        sql = "SELECT partition, next_offset FROM common.projection_offsets WHERE projection = :name"
        return {row[0]: row[1] for row in await self.ask(sql, name=self.name)}

    async def until_keys(self, keys: Sequence[str], seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while len(found := await self.keys()) < len(keys):
                await asyncio.sleep(0.05)
        assert found == sorted(keys)

    async def waiting_for_locks(self) -> int:
        sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :key"
        return int((await self.ask(sql, key=self.lock))[0][0])

    @property
    def lock(self) -> int:
        return int(self.topic.rpartition("-")[2][:7], 16)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Let the transactions of workers that use the lock wait at their end."""
        async with self.engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self.lock})
            yield

    async def until_waiting(self) -> None:
        async with asyncio.timeout(30):
            while not await self.waiting_for_locks():
                await asyncio.sleep(0.05)

    @contextmanager
    def worker(self, replica: str = "0", *, lock: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
        key = str(self.lock) if lock else "0"
        arguments = [self.kafka, self.url, self.name, self.topic, replica, key]
        command = [sys.executable, "-m", "tests.real.projection_worker", *arguments]
        with subprocess.Popen(command) as process:
            try:
                yield process
            finally:
                process.kill()


@asynccontextmanager
async def bench(kafka: str, url: str, partitions: int = 3) -> AsyncIterator[Bench]:
    topic = unique("projected")
    await make_topics(kafka, topic, partitions=partitions)
    engine = make_engine(settings_for(kafka, url))
    async with engine.begin() as connection:
        create = f'CREATE TABLE {table_of(topic)} (key text, partition integer, "offset" bigint)'
        await connection.execute(text(create))
    try:
        yield Bench(kafka, url, topic, unique("projection"), engine, await make_runtime(kafka, topic))
    finally:
        await engine.dispose()


def names(count: int, prefix: str = "k") -> list[str]:
    return [f"{prefix}{n:05}" for n in range(count)]


async def test_rows_and_offsets_commit_together(kafka: str, database: str) -> None:
    async with bench(kafka, database) as b:
        await b.write(*names(300))
        async with running(b.projection()):
            await b.until_keys(names(300))
        assert sum((await b.offsets()).values()) == 300
        await b.write(*names(300, "later"))
        async with running(b.projection()):
            await b.until_keys([*names(300), *names(300, "later")])
        assert sum((await b.offsets()).values()) == 600


async def test_rows_are_rolled_back_when_the_batch_is(kafka: str, database: str) -> None:
    async with bench(kafka, database) as b:
        await b.write("a")
        written = asyncio.Event()

        async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
            await writing(b.table)(connection, messages)
            written.set()
            await asyncio.Event().wait()

        projection = b.projection(apply)
        await projection.start()
        await written.wait()
        stopping = asyncio.create_task(projection.stop())
        await asyncio.wait([stopping])
        assert await b.keys() == []
        assert sum((await b.offsets()).values()) == 0


async def test_the_offsets_of_the_database_win_at_the_start(kafka: str, database: str) -> None:
    async with bench(kafka, database) as b:
        await b.write(*names(50))
        async with running(b.projection()):
            await b.until_keys(names(50))
        async with b.engine.begin() as connection:
            await connection.execute(text(f"DELETE FROM {b.table}"))
            back = text("UPDATE common.projection_offsets SET next_offset = 0 WHERE projection = :name")
            await connection.execute(back, {"name": b.name})
        async with running(b.projection()):
            await b.until_keys(names(50))


async def test_a_projection_killed_mid_batch_applies_every_record_once(kafka: str, database: str) -> None:
    async with bench(kafka, database) as b:
        await b.write(*names(200))
        for _ in range(3):
            async with b.locked():
                with b.worker(lock=True) as process:
                    await b.until_waiting()
                    process.send_signal(signal.SIGKILL)
                    process.wait()
        assert await b.keys() == []
        with b.worker():
            await b.until_keys(names(200))
            await b.write(*names(200, "later"))
            await b.until_keys([*names(200), *names(200, "later")])


async def test_two_members_never_apply_the_same_record(kafka: str, database: str) -> None:
    async with bench(kafka, database, partitions=6) as b:
        await b.write(*names(1000))
        with b.worker("first") as first:
            await b.until_keys(names(1000))
            with b.worker("second"):  # joins while records flow, then takes over all
                for n in range(10):
                    await b.write(*names(100, f"flow-{n}-"))
                first.kill()
                await b.write(*names(100, "after"))
                flow = [key for n in range(10) for key in names(100, f"flow-{n}-")]
                await b.until_keys([*names(1000), *flow, *names(100, "after")], 60)


async def test_a_member_that_is_assigned_anew_in_the_middle_of_a_batch_goes_on_at_once(
    kafka: str, database: str
) -> None:
    async with bench(kafka, database, partitions=6) as b:
        begun, go_on, write = asyncio.Event(), asyncio.Event(), writing(b.table)

        async def slow(connection: AsyncConnection, messages: Sequence[Message]) -> None:
            begun.set()
            await go_on.wait()
            await write(connection, messages)

        await b.write(*names(60))
        async with running(b.projection(slow)):
            await begun.wait()
            other = await make_runtime(kafka, b.topic, replica="1")
            second = Projection(b.name, (b.topic,), write, other, b.engine)
            async with running(second):
                await until(lambda: bool(second._new or second._places), 20, "partitions for the second")
                go_on.set()
                await b.write(*names(60, "later"))
                await b.until_keys([*names(60), *names(60, "later")], 20)


@pytest.mark.slow
async def test_a_member_frozen_mid_batch_is_overtaken_and_applies_nothing_twice(
    kafka: str, database: str
) -> None:
    async with bench(kafka, database) as b:
        await b.write(*names(100))
        with b.worker("frozen", lock=True) as frozen:
            async with b.locked():
                await b.until_waiting()
                frozen.send_signal(signal.SIGSTOP)
            with b.worker("other"):
                await b.until_keys(names(100), 60)  # the database ends the frozen one's transaction
                frozen.send_signal(signal.SIGCONT)
                await b.write(*names(100, "later"))
                await b.until_keys([*names(100), *names(100, "later")], 60)


async def test_a_record_that_cannot_be_read_goes_to_the_dlq_and_the_rest_goes_on(
    kafka: str, database: str
) -> None:
    async with bench(kafka, database, partitions=1) as b:
        await b.write("before")
        await b.write_raw(b"not avro")
        await b.write("after")
        async with running(b.projection()):
            await b.until_keys(["before", "after"])
            [dead] = await read_all(kafka, dlq_of(b.topic), 1)
            await until(lambda: not any(b.runtime.health.report().values()), what="good health")
        assert (dead.key, dead.value) == (b"raw", b"not avro")
        headers = {name: value.decode() for name, value in dead.headers}
        assert headers.pop("dlq_failed_at").startswith("20")
        assert headers == {
            "dlq_error_name": "ContractError",
            "dlq_error_message": "value does not start with 0 and a schema id (Confluent wire format)",
            "dlq_source_topic": b.topic,
            "dlq_source_partition": "0",
            "dlq_source_offset": "1",
            "dlq_processor": b.name,
        }


async def test_a_record_that_cannot_be_applied_is_isolated_and_goes_to_the_dlq(
    kafka: str, database: str
) -> None:
    async with bench(kafka, database, partitions=1) as b:
        await b.write(*names(20), "poison", *names(20, "after"))

        async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
            await writing(b.table)(connection, messages)
            if any(message.key == "poison" for message in messages):
                raise PermanentError("poison")

        async with running(b.projection(apply)):
            await b.until_keys([*names(20), *names(20, "after")])
            [dead] = await read_all(kafka, dlq_of(b.topic), 1)
        assert dead.key == b"poison"
        assert dict(dead.headers)["dlq_error_name"] == b"PermanentError"
        assert dict(dead.headers)["ce_id"] == b"poison-30"


async def test_too_much_poison_halts_and_a_restart_lets_no_more_of_it_through(
    kafka: str, database: str
) -> None:
    async with bench(kafka, database, partitions=1) as b:
        await b.write_raw(*[b"not avro"] * 30)
        await b.write("after")
        for _ in range(3):
            runtime = await make_runtime(kafka, b.topic)
            report = runtime.health.report
            async with running(Projection(b.name, (b.topic,), writing(b.table), runtime, b.engine)):
                await until(partial(lambda found: "halted" in str(found()), report), what="halt")
        assert await b.offsets() == {0: 19}
        assert await b.keys() == []
        assert len(await read_all(kafka, dlq_of(b.topic), 19)) == 19
        with pytest.raises(TimeoutError):
            await read_all(kafka, dlq_of(b.topic), 20, seconds=1)


async def test_a_database_that_is_ahead_of_its_topic_halts(kafka: str, database: str) -> None:
    async with bench(kafka, database, partitions=1) as b:
        await b.write("a")
        async with b.engine.begin() as connection:
            row = text("INSERT INTO common.projection_offsets VALUES (:name, :topic, 0, 7)")
            await connection.execute(row, {"name": b.name, "topic": b.topic})
        async with running(b.projection()):
            report = b.runtime.health.report
            await until(lambda: "database is at 7, the topic ends at 1" in str(report()), what="halt")


async def test_a_projection_that_was_overtaken_reads_the_offsets_again(kafka: str, database: str) -> None:
    async with bench(kafka, database, partitions=1) as b:
        await b.write("first")
        async with running(b.projection()):
            await b.until_keys(["first"])
            async with b.engine.begin() as connection:  # as another member would, between two batches of ours
                ahead = text("UPDATE common.projection_offsets SET next_offset = 2 WHERE projection = :name")
                await connection.execute(ahead, {"name": b.name})
            await b.write("theirs", "ours")
            await b.until_keys(["first", "ours"])
        assert await b.offsets() == {0: 3}


async def test_a_database_that_was_away_is_waited_for(kafka: str, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, fsync=False) as server:
        migrate(server.url)
        async with bench(kafka, server.url) as b:
            await b.write(*names(10))
            async with running(b.projection()):
                await b.until_keys(names(10))
                server.kill()
                await b.write(*names(10, "later"))
                await until(lambda: "TransientError" in str(b.runtime.health.report()), what="bad health")
                server.start()
                await b.until_keys([*names(10), *names(10, "later")])
                await until(lambda: not any(b.runtime.health.report().values()), what="good health")
