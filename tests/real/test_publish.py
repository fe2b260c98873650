import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from services.common.errors import PermanentError, TransientError
from services.common.partitioning import partition_of
from services.common.publish import ACK_SECONDS, Publisher
from services.common.records import Outgoing
from services.common.tracing import TRACEPARENT
from services.local.kafka import EmbeddedKafka
from tests.real.primitives import (
    NOW,
    freeze,
    make_runtime,
    make_topics,
    policy,
    read_all,
    read_until,
    running,
    unique,
    until,
)

pytestmark = pytest.mark.real


async def test_publish_returns_after_the_broker_acknowledged(kafka: str) -> None:
    topic = unique("published")
    await make_topics(kafka, topic)
    runtime = await make_runtime(kafka, topic)
    publisher = Publisher(runtime)
    async with running(publisher):
        await publisher.publish([policy(topic, f"{n:020}") for n in range(500)], NOW)
        records = await read_all(kafka, topic, 500)
        assert runtime.health.report() == {"publisher": None}
    assert {record.key.decode() for record in records} == {f"{n:020}" for n in range(500)}
    assert all(record.partition == partition_of(record.key.decode(), 3) for record in records)


async def test_a_published_record_carries_its_cloudevents_headers(kafka: str) -> None:
    topic = unique("headers")
    await make_topics(kafka, topic)
    runtime = await make_runtime(kafka, topic)
    publisher = Publisher(runtime)
    token = TRACEPARENT.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with running(publisher):
        await publisher.publish([policy(topic, "a/b")], NOW)
    TRACEPARENT.reset(token)
    [record] = await read_all(kafka, topic, 1)
    assert record.partition == partition_of("a", 3)
    assert dict(record.headers) == {
        "ce_id": b"a/b-30",
        "ce_source": b"urn:nld:oin:00000099000000000001:systeem:test",
        "ce_type": b"nl.signaalhub.policies.changed",
        "ce_time": b"2026-03-01T12:00:00.000Z",
        "ce_specversion": b"1.0",
        "content-type": b"application/avro",
        "traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }


async def test_a_topic_that_is_not_there_is_said_without_disturbing_others(kafka: str) -> None:
    topic, absent = unique("there"), unique("absent")
    await make_topics(kafka, topic)
    publisher = Publisher(await make_runtime(kafka, topic, absent))
    async with running(publisher):
        with pytest.raises(TransientError, match=f"topic {absent} is not there"):
            await publisher.publish([policy(absent, "a")], NOW)
        begin = time.monotonic()
        await publisher.publish([policy(topic, "a")], NOW)
        assert time.monotonic() - begin < 1


async def test_a_record_over_the_size_limit_is_refused_before_anything_is_written(kafka: str) -> None:
    topic = unique("large")
    await make_topics(kafka, topic)
    publisher = Publisher(await make_runtime(kafka, topic))
    async with running(publisher):
        large = Outgoing(topic, "large", policy(topic, "x" * 1_000_001).event, "changed", "large")
        with pytest.raises(PermanentError, match="over 1000000 bytes"):
            await publisher.publish([policy(topic, "small"), large], NOW)
        await publisher.publish([policy(topic, "after")], NOW)
    [record] = await read_all(kafka, topic, 1)
    assert record.key == b"after"


async def test_publish_says_transient_when_the_broker_is_gone(tmp_path: Path) -> None:
    topic = unique("gone")
    with EmbeddedKafka(tmp_path) as broker:
        await make_topics(broker.bootstrap, topic)
        runtime = await make_runtime(broker.bootstrap, topic)
        publisher = Publisher(runtime)
        async with running(publisher):
            await publisher.publish([policy(topic, "before")], NOW)
            await freeze(broker.pid)
            try:
                begin = time.monotonic()
                calls = [publisher.publish([policy(topic, f"frozen-{n}")], NOW) for n in range(3)]
                waiting = asyncio.gather(*calls, return_exceptions=True)
                await until(lambda: runtime.health.report()["publisher"] is not None, 8, "bad health")
                assert [type(each) for each in await waiting] == [TransientError] * 3
                assert time.monotonic() - begin < ACK_SECONDS + 2
                about = {"part": "publisher", "reason": "timeout"}
                value = runtime.metrics.registry.get_sample_value
                assert value("signaalhub_publish_failures_total", about) == 3
                assert runtime.health.report()["publisher"] is not None
            finally:
                os.kill(broker.pid, signal.SIGCONT)
            await until(lambda: runtime.health.report()["publisher"] is None, 30, "good health")
            await publisher.publish([policy(topic, "after")], NOW)
        # what was refused to the caller may be there as well: the caller sends it again under the same id
        await read_until(broker.bootstrap, topic, {b"before", b"after"})


async def test_a_publisher_that_started_before_the_broker_finds_it(tmp_path: Path) -> None:
    topic = unique("early")
    with EmbeddedKafka(tmp_path) as broker:
        await make_topics(broker.bootstrap, topic)
        broker.stop()
        runtime = await make_runtime(broker.bootstrap, topic)
        publisher = Publisher(runtime)
        async with running(publisher):
            await until(
                lambda: "cannot reach" in str(runtime.health.report()["publisher"]), what="bad health"
            )
            broker.start()
            await publisher.publish([policy(topic, "a")], NOW)
            assert runtime.health.report() == {"publisher": None}


async def test_stopping_does_not_hang_when_the_broker_is_gone(tmp_path: Path) -> None:
    topic = unique("hang")
    with EmbeddedKafka(tmp_path) as broker:
        await make_topics(broker.bootstrap, topic)
        publisher = Publisher(await make_runtime(broker.bootstrap, topic))
        await publisher.start()
        await publisher.publish([policy(topic, "before")], NOW)
        broker.kill()
        call = asyncio.create_task(publisher.publish([policy(topic, "lost")], NOW))
        await until(lambda: bool(publisher._waiting), what="the call")
        begin = time.monotonic()
        await publisher.stop()
        assert time.monotonic() - begin < 8
        with pytest.raises(TransientError):
            await call
