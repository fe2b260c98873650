import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from services.common.errors import TransientError
from services.common.events import Policy
from services.common.partitioning import partition_of
from services.common.publish import Publisher, encode
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.view import View
from services.local.kafka import EmbeddedKafka
from tests.real.primitives import NOW, make_runtime, make_topics, policy, running, tombstone, unique, until

pytestmark = pytest.mark.real


async def write(
    runtime: Runtime, *outgoings: Outgoing, in_transaction: bool = False, abort: bool = False
) -> None:
    options: dict[str, Any] = {"transactional_id": unique("test")} if in_transaction else {}
    async with AIOKafkaProducer(bootstrap_servers=runtime.settings.kafka, acks="all", **options) as producer:
        if in_transaction:
            await producer.begin_transaction()
        for each in outgoings:
            record = encode(each, runtime, NOW)
            partition = partition_of(each.key, 3)
            await producer.send_and_wait(
                each.topic, record.value, record.key, partition, headers=record.headers
            )
        if in_transaction:
            await (producer.abort_transaction() if abort else producer.commit_transaction())


async def write_raw(bootstrap: str, topic: str, key: bytes, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, value, key, partition_of(key.decode(), 3))


async def make_view(kafka: str) -> tuple[View[Policy], Runtime, str]:
    topic = unique("view")
    await make_topics(kafka, topic)
    runtime = await make_runtime(kafka, topic)
    return View(topic, runtime), runtime, topic


async def test_view_is_ready_only_when_caught_up(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    publisher = Publisher(runtime)
    async with running(publisher):
        await publisher.publish([policy(topic, f"{n}") for n in range(3000)], NOW)
    assert "not ready" in str(runtime.health.report()[f"view {topic}"])
    async with running(view):
        while not view.ready:
            assert list(view.values()) == []
            await asyncio.sleep(0)
        assert len(list(view.values())) == 3000
        assert runtime.health.report()[f"view {topic}"] is None


async def test_view_of_an_empty_topic_is_ready(kafka: str) -> None:
    view, _, _ = await make_view(kafka)
    async with running(view), asyncio.timeout(10):
        await view.wait_ready()
    assert view.get("nobody") is None
    assert view.under("nobody") == {}


async def test_view_follows_what_is_written_later(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    async with running(view):
        await view.wait_ready()
        await write(runtime, policy(topic, "a", 30), policy(topic, "a", 60))
        await view.wait_for(lambda: view.get("a") == Policy(municipality="a", pause_days=60), 10)


async def test_view_forgets_a_tombstoned_key(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    await write(runtime, policy(topic, "kept"), policy(topic, "gone"), tombstone(topic, "gone"))
    async with running(view):
        await view.wait_ready()
        assert view.get("gone") is None
        await write(runtime, tombstone(topic, "kept"))
        await view.wait_for(lambda: view.get("kept") is None, 10)
        assert list(view.values()) == []


async def test_view_finds_records_under_the_first_part_of_their_key(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    await write(
        runtime, policy(topic, "house/1", 0), policy(topic, "house/2", 1), policy(topic, "other/1", 3)
    )
    async with running(view):
        await view.wait_ready()
        assert {rest: each.pause_days for rest, each in view.under("house").items()} == {"1": 0, "2": 1}
        found = view.get("house/2")
        assert found is not None
        assert found.pause_days == 1


async def test_view_does_not_show_what_a_transaction_took_back(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    await write(runtime, policy(topic, "a", 1), in_transaction=True)
    await write(runtime, policy(topic, "a", 2), in_transaction=True, abort=True)
    async with running(view), asyncio.timeout(10):
        await view.wait_ready()  # the topic ends with control records, which no reader is ever given
        found = view.get("a")
        assert found is not None
        assert found.pause_days == 1


async def test_view_says_which_keys_it_cannot_read_and_goes_on(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    await write(runtime, policy(topic, "bad", 1), policy(topic, "good", 1))
    await write_raw(kafka, topic, b"bad", b"not avro at all")
    await write(runtime, policy(topic, "good", 2))
    async with running(view):
        await view.wait_ready()
        assert view.get("bad") is None
        assert view.get("good") == Policy(municipality="good", pause_days=2)
        assert runtime.health.report()[f"view {topic}"] == "1 keys have a record that cannot be read"
        await write(runtime, policy(topic, "bad", 3))
        await view.wait_for(lambda: view.get("bad") is not None, 10)
        assert runtime.health.report()[f"view {topic}"] is None


async def test_waiting_for_the_newest_shows_what_somebody_else_has_just_written(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    async with running(view):
        await view.wait_ready()
        for days in range(1, 6):
            await write(runtime, policy(topic, "a", days), in_transaction=True)
            await view.wait_newest(10)
            assert view.get("a") == Policy(municipality="a", pause_days=days)


async def test_waiting_for_the_newest_of_a_view_that_still_starts_waits_for_its_start(kafka: str) -> None:
    view, runtime, topic = await make_view(kafka)
    await write(runtime, policy(topic, "a", 1))
    async with running(view):
        assert not view.ready
        await view.wait_newest(20)
        assert view.get("a") == Policy(municipality="a", pause_days=1)


async def test_waiting_for_what_does_not_come_is_a_transient_error(kafka: str) -> None:
    view, _, _ = await make_view(kafka)
    async with running(view):
        begin = time.monotonic()
        with pytest.raises(TransientError, match="did not show it"):
            await view.wait_for(lambda: view.get("a") is not None, 0.3)
        assert time.monotonic() - begin < 2


async def test_view_goes_on_after_the_broker_was_killed(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        view, runtime, topic = await make_view(broker.bootstrap)
        await write(runtime, policy(topic, "a", 1), policy(topic, "b", 1))
        async with running(view):
            await view.wait_ready()
            broker.kill()
            await until(lambda: "no answer" in str(runtime.health.report()), 20, "bad health")
            assert view.get("a") == Policy(municipality="a", pause_days=1)
            broker.start()
            await write(runtime, policy(topic, "a", 2), tombstone(topic, "b"))
            await view.wait_for(lambda: view.get("b") is None, 20)
            assert view.get("a") == Policy(municipality="a", pause_days=2)
            await until(lambda: runtime.health.report()[f"view {topic}"] is None, 10, "good health")
