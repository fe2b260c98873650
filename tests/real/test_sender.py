import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from services.common.database import make_engine, migrate
from services.common.deliveries import KEEP_FINISHED, Delivery, NewDelivery, Newer, enqueue, forget
from services.common.deliveries import replace as give_way
from services.common.errors import ConfigurationError, PermanentError, TransientError
from services.common.runtime import Runtime
from services.common.sender import Deliver, Sender
from services.local import undelivered
from services.local.cli import app
from services.local.postgres import EmbeddedPostgres
from services.notifier.webhooks import SENDER
from tests.real.primitives import make_runtime, running, settings_for, unique, until
from tests.real.sender_worker import table_of

pytestmark = pytest.mark.real
NO_KAFKA = "127.0.0.1:1"


@dataclass
class Outbox:
    """One sender's rows, and its calls as they arrive."""

    url: str
    name: str
    engine: AsyncEngine
    runtime: Runtime

    async def add(self, id: str, target: str = "https://partner.example/hook", body: bytes = b"body") -> None:
        async with self.engine.begin() as connection:
            new = NewDelivery(id=id, target=target, body=body, headers={"ce-type": "x"})
            await enqueue(connection, self.name, [new])

    async def tell(self, *ids: str, rank: int = 0, fleeting: bool = False) -> None:
        """Enqueue what tells of one thing, as a projection does with a batch."""
        new = [
            NewDelivery(
                id=id, target=id, body=b"whom to call", headers={}, about="a", rank=rank, fleeting=fleeting
            )
            for id in ids
        ]
        async with self.engine.begin() as connection:
            await enqueue(connection, self.name, new)
            await give_way(connection, self.name, [Newer(id=id, about="a", rank=rank) for id in ids])

    async def states(self) -> dict[str, tuple[str, bool]]:
        """Return of each delivery its state, and whether it has a body."""
        sql = "SELECT id, state, body <> '' FROM common.deliveries WHERE sender = :sender"
        return {id: (state, bool(body)) for id, state, body in await self.ask(sql, sender=self.name)}

    def sender(self, deliver: Deliver) -> Sender:
        return Sender(self.name, deliver, self.runtime, self.engine)

    async def ask(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.engine.begin() as connection:
            found = await connection.execute(text(sql), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    def attempts(self, outcome: str) -> float | None:
        """How many attempts the metrics tell of."""
        labels = {"sender": self.name, "outcome": outcome}
        return self.runtime.metrics.registry.get_sample_value("signaalhub_deliveries_total", labels)

    def waiting(self, state: str) -> float | None:
        """How many deliveries of the database the metrics tell of."""
        labels = {"sender": self.name, "state": state}
        return self.runtime.metrics.registry.get_sample_value("signaalhub_deliveries_waiting", labels)

    async def row(self, id: str) -> dict[str, Any]:
        columns = ["state", "attempts", "last_error", "body"]
        sql = f"SELECT {', '.join(columns)} FROM common.deliveries WHERE id = :id"
        [row] = await self.ask(sql, id=id)
        return dict(zip(columns, row, strict=True))

    async def until_state(self, state: str, *ids: str) -> None:
        async with asyncio.timeout(60):
            while {(await self.row(id))["state"] for id in ids} != {state}:
                await asyncio.sleep(0.02)

    async def until_waiting(self, id: str, failures: int) -> None:
        """Wait until so many attempts were booked as failed."""
        sql = """
            SELECT count(*) FROM common.deliveries
            WHERE id = :id AND attempts = :failures AND last_error IS NOT NULL
            AND abs(extract(epoch FROM next_at - now()) - 5 * 4 ^ (:failures - 1)) < 3
        """
        async with asyncio.timeout(20):
            while (await self.ask(sql, id=id, failures=failures))[0][0] == 0:
                await asyncio.sleep(0.02)

    async def make_due(self, id: str) -> None:
        """Let the wait or the lease of a row be over."""
        await self.ask("UPDATE common.deliveries SET next_at = now() WHERE id = :id", id=id)


@asynccontextmanager
async def outbox(url: str) -> AsyncIterator[Outbox]:
    engine = make_engine(settings_for(NO_KAFKA, url))
    yield Outbox(url, unique("sender"), engine, await make_runtime(NO_KAFKA))
    await engine.dispose()


@asynccontextmanager
async def webhooks(url: str) -> AsyncIterator[Outbox]:
    """The outbox that the command line looks into; what other tests left in it is taken out."""
    async with outbox(url) as box:
        found, clean = replace(box, name=SENDER), "DELETE FROM common.deliveries WHERE sender = :sender"
        await found.ask(clean, sender=SENDER)
        yield found
        await found.ask(clean, sender=SENDER)


async def test_a_delivery_is_made_once_and_its_content_is_forgotten(database: str) -> None:
    async with outbox(database) as box:
        calls: list[Delivery] = []

        async def deliver(delivery: Delivery) -> None:
            calls.append(delivery)

        await box.add(f"{box.name}-1", body=b"about somebody")
        await box.add(f"{box.name}-1", body=b"the same again")
        async with running(box.sender(deliver)):
            await box.until_state("done", f"{box.name}-1")
            assert box.runtime.health.report() == {box.name: None}
        target = "https://partner.example/hook"
        headers = {"ce-type": "x"}
        assert calls == [
            Delivery(id=f"{box.name}-1", target=target, body=b"about somebody", headers=headers, attempts=1)
        ]
        assert await box.row(f"{box.name}-1") == {
            "state": "done",
            "attempts": 1,
            "last_error": None,
            "body": b"",
        }


async def test_a_delivery_that_fails_is_made_again_later_with_the_same_key(database: str) -> None:
    async with outbox(database) as box:
        id, keys = f"{box.name}-1", list[str]()

        async def deliver(delivery: Delivery) -> None:
            keys.append(delivery.id)
            if len(keys) < 3:
                raise TransientError("partner answered 503")

        await box.add(id)
        async with running(box.sender(deliver)):
            for failures in (1, 2):
                await box.until_waiting(id, failures)
                assert (await box.row(id))["last_error"] == "TransientError: partner answered 503"
                await box.make_due(id)
            await box.until_state("done", id)
            await until(lambda: box.attempts("sent") == 1, what="the count")
        assert keys == [id] * 3
        assert (box.attempts("failed"), box.attempts("dead")) == (2, 0)
        assert (await box.row(id))["attempts"] == 3


async def test_a_permanent_error_is_dead_at_once_and_the_process_stays_healthy(database: str) -> None:
    async with outbox(database) as box:

        async def deliver(delivery: Delivery) -> None:
            raise PermanentError("partner answered 410")

        await box.add(f"{box.name}-1")
        async with running(box.sender(deliver)):
            await box.until_state("dead", f"{box.name}-1")
            assert box.runtime.health.report() == {box.name: None}
            await until(lambda: box.waiting("dead") == 1, 20, "the count of the next round")
            assert (box.waiting("pending"), box.attempts("dead")) == (0, 1)
        assert await box.row(f"{box.name}-1") == {
            "state": "dead",
            "attempts": 1,
            "last_error": "PermanentError: partner answered 410",
            "body": b"body",
        }


async def test_a_dead_delivery_can_be_restarted(database: str) -> None:
    async with webhooks(database) as box:
        id, works = unique("refused"), False

        async def deliver(delivery: Delivery) -> None:
            if not works:
                raise PermanentError("no such address")

        await box.add(id)
        async with running(box.sender(deliver)):
            await box.until_state("dead", id)
            assert [each.id for each in await undelivered.dead(box.url)] == [id]
            works = True
            await undelivered.restart(box.url, id)
            await box.until_state("done", id)
            with pytest.raises(ConfigurationError, match="no dead delivery"):  # delivered, so not once more
                await undelivered.restart(box.url, id)
        assert await undelivered.dead(box.url) == []


async def test_what_was_given_up_can_be_restarted_for_35_days_and_is_then_forgotten(database: str) -> None:
    """Its body tells of somebody, and nobody may ever look."""
    async with outbox(database) as box:
        states = ("pending", "done", "replaced", "dead")
        finish = """
            UPDATE common.deliveries SET state = :state,
                finished_at = CASE WHEN :state <> 'pending' THEN now() - CAST(:ago AS interval) END
            WHERE id = :id
        """
        term, hour = KEEP_FINISHED, timedelta(hours=1)
        for name, ago in (("old", term + hour), ("young", term - hour)):
            for state in states:
                await box.add(f"{box.name}-{name}-{state}")
                await box.ask(finish, id=f"{box.name}-{name}-{state}", state=state, ago=ago)
        async with box.engine.begin() as connection:
            assert await forget(connection, box.name) == (3, 1)
        young = [f"{box.name}-young-{state}" for state in states]
        assert sorted(await box.states()) == sorted([f"{box.name}-old-pending", *young])


async def test_what_a_partner_answers_is_not_kept(database: str) -> None:
    async with outbox(database) as box:

        async def deliver(delivery: Delivery) -> None:
            raise RuntimeError("body of an answer that quotes a name")

        await box.add(f"{box.name}-1")
        async with running(box.sender(deliver)):
            await box.until_waiting(f"{box.name}-1", 1)
        assert (await box.row(f"{box.name}-1"))["last_error"] == "RuntimeError"


async def test_two_senders_side_by_side_never_deliver_the_same_row_at_the_same_time(database: str) -> None:
    async with outbox(database) as box:
        ids = [f"{box.name}-{n}" for n in range(150)]
        calls, going, together = Counter[str](), Counter[str](), list[str]()

        async def deliver(delivery: Delivery) -> None:
            calls[delivery.id] += 1
            going[delivery.id] += 1
            if going[delivery.id] > 1:
                together.append(delivery.id)
            await box.ask("SELECT pg_sleep(0.01)")
            going[delivery.id] -= 1

        for n, id in enumerate(ids):
            await box.add(id, target=f"https://partner-{n % 20}.example")
        other = Sender(box.name, deliver, await make_runtime(NO_KAFKA), box.engine)
        async with running(box.sender(deliver), other):
            await box.until_state("done", *ids)
        assert together == []
        assert calls == Counter(ids)


async def test_a_slow_target_keeps_no_other_waiting(database: str) -> None:
    async with outbox(database) as box:
        slow = asyncio.Event()

        async def deliver(delivery: Delivery) -> None:
            if delivery.target == "slow":
                await slow.wait()

        for n in range(20):
            await box.add(f"{box.name}-slow-{n}", target="slow")
        await box.add(f"{box.name}-quick", target="quick")
        async with running(box.sender(deliver)):
            await box.until_state("done", f"{box.name}-quick")
            slow.set()


async def test_sender_killed_after_the_call_delivers_again_with_the_same_key(database: str) -> None:
    async with outbox(database) as box:
        table, id = table_of(box.name), f"{box.name}-1"
        await box.ask(f"CREATE TABLE {table} (id text, body bytea)")
        await box.add(id)
        async with box.engine.begin() as holder:
            await holder.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": 771})
            with worker(box, 771) as process:
                async with asyncio.timeout(20):
                    while not await box.ask(f"SELECT * FROM {table}"):
                        await asyncio.sleep(0.02)
                process.send_signal(signal.SIGKILL)
                process.wait()
        assert (await box.row(id))["state"] == "pending"
        await box.make_due(id)  # a minute later
        with worker(box, 771):
            await box.until_state("done", id)
        assert await box.ask(f"SELECT id, body FROM {table}") == [(id, b"body")] * 2


async def test_what_is_fleeting_and_waited_too_long_gives_way_to_what_is_newer(database: str) -> None:
    async with outbox(database) as box:
        first, second, lasting, last = (f"{box.name}-{name}" for name in ("1", "2", "3", "4"))
        await box.tell(first, second, fleeting=True)
        assert await box.states() == {first: ("replaced", False), second: ("pending", True)}
        await box.ask("UPDATE common.deliveries SET state = 'dead' WHERE id = :id", id=second)
        await box.tell(lasting)
        assert (await box.states())[second] == ("replaced", False)
        await box.tell(last)
        assert (await box.states())[lasting] == ("pending", True)
        calls: list[str] = []

        async def deliver(delivery: Delivery) -> None:
            calls.append(delivery.id)

        async with running(box.sender(deliver)):
            await box.until_state("done", lasting, last)
        assert sorted(calls) == [lasting, last]


async def test_what_is_older_or_read_again_replaces_nothing_and_is_not_sent_after_it(database: str) -> None:
    async with outbox(database) as box:
        first, corrected, late = (f"{box.name}-{name}" for name in ("1", "2", "late"))
        await box.tell(first, fleeting=True)
        await box.tell(corrected, rank=2, fleeting=True)
        await box.tell(late, rank=1, fleeting=True)
        await box.tell(first, rank=2, fleeting=True)
        assert await box.states() == {
            first: ("replaced", False),
            corrected: ("pending", True),
            late: ("replaced", False),
        }


async def test_what_gives_way_while_it_is_on_the_wire_is_not_tried_again(database: str) -> None:
    async with outbox(database) as box:
        id, called, answer = f"{box.name}-1", asyncio.Event(), asyncio.Event()

        async def deliver(delivery: Delivery) -> None:
            called.set()
            await answer.wait()
            raise TransientError("503")

        await box.tell(id, fleeting=True)
        async with running(box.sender(deliver)):
            await called.wait()
            async with box.engine.begin() as connection:
                await give_way(connection, box.name, [Newer(id="of nobody", about="a", rank=0)])
            answer.set()
        assert await box.states() == {id: ("replaced", False)}


async def test_a_sender_stops_after_the_calls_that_go_on(database: str) -> None:
    async with outbox(database) as box:
        called, answer = asyncio.Event(), asyncio.Event()

        async def deliver(delivery: Delivery) -> None:
            called.set()
            await answer.wait()

        await box.add(f"{box.name}-1")
        sender = box.sender(deliver)
        await sender.start()
        await called.wait()
        stopping = asyncio.create_task(sender.stop())
        await asyncio.sleep(0)
        answer.set()
        await stopping
        assert (await box.row(f"{box.name}-1"))["state"] == "done"


async def test_a_database_that_was_away_is_waited_for(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, fsync=False) as server:
        migrate(server.url)
        async with outbox(server.url) as box:
            calls: list[str] = []

            async def deliver(delivery: Delivery) -> None:
                calls.append(delivery.id)

            async with running(box.sender(deliver)):
                await until(lambda: box.runtime.health.report()[box.name] is None, what="good health")
                server.kill()
                await until(lambda: box.runtime.health.report()[box.name] is not None, what="bad health")
                server.start()
                await until(lambda: box.runtime.health.report()[box.name] is None, what="good health")
                await box.add(f"{box.name}-1")
                await box.until_state("done", f"{box.name}-1")
            assert calls == [f"{box.name}-1"]


async def test_a_dead_delivery_is_listed_and_restarted_at_the_command_line(database: str) -> None:
    async with webhooks(database) as box:
        dead, pending = unique("dead"), unique("pending")
        for id in (dead, pending):
            await box.add(id)
        await box.ask(
            "UPDATE common.deliveries SET state = 'dead', attempts = 7, last_error = 'PermanentError: 410',"
            " finished_at = now() WHERE id = :id",
            id=dead,
        )
        arguments = ("--database", box.url)
        listed = await asyncio.to_thread(CliRunner().invoke, app, ["deliveries", "list", *arguments])
        line = f"{dead}  https://partner.example/hook  7 attempts  PermanentError: 410"
        assert line in listed.output.splitlines()
        assert pending not in listed.output
        restarts = [
            await asyncio.to_thread(CliRunner().invoke, app, ["deliveries", "restart", id, *arguments])
            for id in (dead, dead, pending)
        ]
        assert [type(each.exception) for each in restarts] == [
            type(None),
            ConfigurationError,
            ConfigurationError,
        ]
        assert (await box.row(dead))["state"] == "pending"
        assert (await box.row(dead))["attempts"] == 0


@contextmanager
def worker(box: Outbox, lock: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.real.sender_worker", box.url, box.name, str(lock)]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()
