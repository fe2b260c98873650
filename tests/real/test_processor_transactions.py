"""What one transaction holds, and that nothing else counts."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.structs import TopicPartition

from services.common.catalogue import changelog_of
from services.common.cloudevents import read
from services.common.events import Policy
from services.common.producers import discard, new_producer
from services.common.records import Effects, Forward, Message, Outgoing, WakeUp
from services.local.kafka import EmbeddedKafka
from tests.real.processor_kit import START, Kit, Sent, count, healthy, trouble, until

pytestmark = pytest.mark.real


async def test_outputs_state_and_offsets_are_one_transaction_per_batch(kafka: str) -> None:
    kit = Kit(kafka, inputs=2, partitions=1)
    await kit.make_topics()
    await kit.send(Sent(f"k{n % 10}", n, input=n % 2) for n in range(1000))
    async with kit.running(count):
        await kit.until_outputs(1000)
        offsets = await kit.committed()
    assert offsets == {TopicPartition(topic, 0): 500 for topic in kit.topics}
    changes = Counter(record.key for record in await kit.read(changelog_of(kit.name)))
    assert set(changes) == {b"k%d" % n for n in range(10)}
    assert max(changes.values()) < 20, "one record per changed key and batch, not per record"


async def test_a_key_whose_state_is_over_gets_a_tombstone(kafka: str) -> None:
    def once(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        return Effects(None if state else 1, count(state, cause, now).outputs)

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(once):
        await kit.send([Sent("a"), Sent("b")])
        await kit.until_outputs(2)
        await kit.send([Sent("a")])
        await kit.until_outputs(3)
    found = await kit.changelog()
    assert found["a"] is None
    assert found["b"] is not None


async def test_state_that_did_not_change_is_not_written(kafka: str) -> None:
    def same(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        return Effects(state or 1000, count(None, cause, now).outputs)

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(same):
        for total in range(1, 4):
            await kit.send([Sent("a")])
            await kit.until_outputs(total)
    assert len(await kit.read(changelog_of(kit.name))) == 1


async def test_state_and_position_survive_a_restart(kafka: str) -> None:
    kit = Kit(kafka)
    await kit.make_topics()
    for run in range(3):
        async with kit.running(count):
            await kit.send(Sent(f"k{n}", run) for n in range(20))
            await kit.until_outputs(20 * (run + 1))
    assert sorted(await kit.outputs()) == sorted((f"k{n}", total) for n in range(20) for total in (1, 2, 3))


async def test_a_fenced_producer_recovers_with_nothing_lost_or_double(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(count) as processor:
        for turn in range(3):
            await kit.send(Sent(f"k{n % 10}", n) for n in range(500))
            thief = new_producer(kafka, transactional_id=f"{kit.name}-0")
            await thief.start()
            await discard(thief)
            await kit.send(Sent(f"k{n % 10}", n) for n in range(500))
            await kit.until_outputs(1000 * (turn + 1))
        await healthy(processor)
    assert sorted(await kit.outputs()) == sorted((f"k{n}", t) for n in range(10) for t in range(1, 301))


async def test_records_of_an_aborted_transaction_are_never_handled(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    codec = (await kit.runtime()).codec
    producer = new_producer(kafka, transactional_id=f"{kit.name}-sender")
    await producer.start()
    for commit in (False, True, False):
        sent = Sent("kept" if commit else "dropped")
        await producer.begin_transaction()
        await producer.send(
            kit.topics[0], sent.encoded(codec), (sent.key or "").encode(), 0, headers=sent.headers
        )
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    await producer.stop()
    async with kit.running(count):
        await kit.send([Sent("last")])
        assert await kit.until_outputs(2) == [("kept", 1), ("last", 1)]


async def test_outputs_that_fill_many_record_batches_all_arrive_in_order(kafka: str) -> None:
    def wide(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        topic = f"{cause.topic.split('.')[0]}.out.v1"
        event = Policy(municipality="x" * 20_000, pause_days=(state or 0) + 1)
        return Effects((state or 0) + 1, (Outgoing(topic, cause.key, event, "widened", "1"),))

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send(Sent("a", n) for n in range(100))
    async with kit.running(wide):
        found = await kit.until_outputs(100)
    assert [number for _, number in found] == list(range(1, 101))


async def test_an_output_over_the_size_limit_sends_its_record_to_the_dlq_and_keeps_the_state(
    kafka: str,
) -> None:
    def grow(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        assert isinstance(cause.event, Policy)
        small = count(state, cause, now)
        if cause.event.pause_days != 7:
            return small
        large = Policy(municipality="x" * 1_000_001, pause_days=1)
        return Effects(
            small.state, (*small.outputs, Outgoing(small.outputs[0].topic, "a", large, "grown", "1"))
        )

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a", 1), Sent("a", 7), Sent("a", 2)])
    async with kit.running(grow):
        assert await kit.until_outputs(2) == [("a", 1), ("a", 2)]
    (dead,) = await kit.dead()
    assert b"over 1000000 bytes" in dict(dead.headers)["dlq_error_message"]


async def test_what_is_written_carries_the_cloudevents_of_its_cause(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    then = START - timedelta(days=30)
    await kit.send([Sent("a", time=then)])
    async with kit.running(count):
        await kit.until_outputs(1)
    (record,) = await kit.read(kit.out)
    meta = read(record.headers)
    assert (meta.id, meta.type, meta.time) == ("a-1", "nl.signaalhub.policies.counted", then)
    assert meta.source == "urn:nld:oin:00000099000000000001:systeem:test"
    assert meta.traceparent == "00-trace-01"


async def test_a_forward_leaves_key_value_and_headers_untouched(kafka: str) -> None:
    def forward(state: None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        return Effects(None, (Forward(f"{cause.topic.split('.')[0]}.out.v1", cause),))

    kit = Kit(kafka, stateful=False)
    await kit.make_topics()
    await kit.send(Sent(f"a{n}/b", n) for n in range(10))
    async with kit.running(forward):
        await kit.until_outputs(10)
    before, after = await kit.read(kit.topics[0]), await kit.read(kit.out)
    assert [(r.partition, r.key, r.value, r.headers) for r in after] == [
        (r.partition, r.key, r.value, r.headers) for r in before
    ]


async def test_a_long_batch_lets_the_event_loop_breathe(kafka: str) -> None:
    def slow(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        for _ in range(20_000):
            pass
        return count(state, cause, now)

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send(Sent(f"k{n}", n) for n in range(1000))
    gaps: list[float] = []

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - before)

    watching = asyncio.create_task(watch())
    async with kit.running(slow):
        await kit.until_outputs(1000)
    watching.cancel()
    assert sorted(gaps)[-3] < 0.15, "1,000 records of about 0.5 ms never keep the loop for long"


async def test_a_broker_that_dies_and_comes_back_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        kit = Kit(broker.bootstrap)
        await kit.make_topics()
        async with kit.running(count) as processor:
            await kit.send(Sent(f"k{n % 10}", n) for n in range(2000))
            await until(lambda: trouble(processor) is None, what="joined")
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.launch)
            await until(lambda: broker.ready, what="broker back")
            await kit.send(Sent(f"k{n % 10}", n) for n in range(2000))
            await kit.until_outputs(4000, 90)
            await healthy(processor)
        assert sorted(await kit.outputs()) == sorted((f"k{n}", t) for n in range(10) for t in range(1, 401))
