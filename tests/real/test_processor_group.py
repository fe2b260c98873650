"""Replicas that share a processor's partitions, and what health says."""

import dataclasses
from collections import Counter
from datetime import datetime
from time import monotonic
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3
from aiokafka.structs import TopicPartition
from structlog.testing import capture_logs

from services.common.catalogue import changelog_of
from services.common.errors import ConfigurationError
from services.common.processor import Processor
from services.common.processor.unit import STALLED_SECONDS
from services.common.records import Effects, Message, WakeUp, partition_key
from services.common.topics import apply
from tests.real.processor_kit import Kit, Sent, count, healthy, partitions_of, trouble, until

pytestmark = pytest.mark.real


async def test_all_inputs_of_a_key_meet_the_same_state_whoever_runs_it(kafka: str) -> None:
    kit = Kit(kafka, inputs=3, partitions=4, shares=2)
    await kit.make_topics()
    async with kit.running(count, replica="0") as one, kit.running(count, replica="1") as two:
        await until(lambda: len(partitions_of(one)) == len(partitions_of(two)) == 2)
        await kit.send(Sent(f"k{n % 50}", n, input=n % 3) for n in range(600))
        found = await kit.until_outputs(600)
    assert sorted(found) == sorted((f"k{n}", total) for n in range(50) for total in range(1, 13))


async def test_a_replica_that_restarts_gets_its_partitions_back_without_a_rebalance(kafka: str) -> None:
    kit = Kit(kafka, partitions=4, shares=4)
    await kit.make_topics()
    async with kit.running(count, replica="0") as one:
        async with kit.running(count, replica="1") as two:
            await until(lambda: len(one._units) == len(two._units) == 2)
            await healthy(one)
            await healthy(two)
            mine, others = [*one._units], partitions_of(two)
        async with kit.running(count, replica="1") as again:
            await until(lambda: partitions_of(again) == others, 4, "its own partitions back")
            await healthy(again)
            await kit.send(Sent(f"k{n}", n) for n in range(100))
            await kit.until_outputs(100)
        assert one._units == mine, "nobody else noticed"


async def test_a_broker_that_still_loads_the_group_is_asked_again_and_nothing_is_told_twice(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka takes the answer of a broker that has just come back for: this group has committed nothing."""
    kit = Kit(kafka)
    await kit.make_topics()
    await kit.send(Sent(f"k{n}") for n in range(100))
    async with kit.running(count):
        await kit.until_outputs(100)
    loading, send, asked = OffsetFetchResponse_v3(0, [], 14), AIOKafkaClient.send, Counter[str]()

    async def slow_to_load(client: AIOKafkaClient, node: int, request: Any, **more: Any) -> Any:
        if isinstance(request, OffsetFetchRequest):
            asked["offsets"] += 1
            if asked["offsets"] <= 3:
                return loading
        return await send(client, node, request, **more)

    monkeypatch.setattr(AIOKafkaClient, "send", slow_to_load)
    async with kit.running(count):
        await kit.send([Sent("last", partition) for partition in range(2)])
        found = await kit.until_outputs(102)
    assert asked["offsets"] > 3
    assert sorted(found) == sorted([*((f"k{n}", 1) for n in range(100)), ("last", 1), ("last", 2)])


async def test_a_rebalance_waits_for_the_running_batch(kafka: str) -> None:
    def slow(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        for _ in range(20_000):
            pass
        return count(state, cause, now)

    kit = Kit(kafka, partitions=2, shares=2)
    await kit.make_topics()
    await kit.send(Sent(f"k{n % 50}", n) for n in range(1500))
    with capture_logs() as logs:
        async with kit.running(slow, replica="0") as one:
            await until(lambda: any(not unit._idle.is_set() for unit in one._units), what="busy")
            async with kit.running(slow, replica="1") as two:
                await until(lambda: len(one._units) == len(two._units) == 1)
                found = await kit.until_outputs(1500, 60)
    assert sorted(found) == sorted((f"k{n}", total) for n in range(50) for total in range(1, 31))
    assert "partition_interrupted" not in {entry["event"] for entry in logs}


async def test_health_tells_of_joining_and_of_missing_topics_and_then_of_nothing(kafka: str) -> None:
    kit = Kit(kafka)
    async with kit.running(count) as processor:
        assert trouble(processor) == "not connected yet"
        await until(lambda: "does not exist; run: signaalhub topics apply" in (trouble(processor) or ""))
        await kit.make_topics()
        await healthy(processor)
        await kit.send([Sent("a")])
        await kit.until_outputs(1)


async def test_health_tells_of_records_that_wait_without_a_commit(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(count) as processor:
        await healthy(processor)
        processor._units[0]._busy_since = monotonic() - STALLED_SECONDS - 1
        assert trouble(processor) == "partition 0 stalled: records wait, no commit for 30 s (running)"
        await kit.send([Sent("a")])
        await kit.until_outputs(1)
        await healthy(processor)


@pytest.mark.parametrize(
    ("shares", "said"),
    [(2, "has 1 partitions, topics.yaml says 2"), (1, "partitions [0] came without the rest of their share")],
)
async def test_another_partition_count_than_the_catalogues_halts(kafka: str, shares: int, said: str) -> None:
    kit = Kit(kafka, partitions=2, shares=shares)
    topics = kit.catalogue.hub_topics()
    await apply(
        kafka, [dataclasses.replace(t, partitions=1) if t.name == kit.topics[0] else t for t in topics]
    )
    async with kit.running(count) as processor:
        await until(lambda: said in (trouble(processor) or ""))


async def test_state_of_an_older_release_that_cannot_be_read_halts(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a")], topic=changelog_of(kit.name))
    async with kit.running(count) as processor:
        await until(lambda: "state that this release cannot read" in (trouble(processor) or ""))


async def test_a_set_up_that_cannot_work_is_refused_at_once(kafka: str) -> None:
    kit = Kit(kafka)
    runtime = await kit.runtime()
    with pytest.raises(ConfigurationError, match="stateful"):
        Processor(kit.name, count, None, partition_key, runtime)
    with pytest.raises(ConfigurationError, match=r"not in topics\.yaml"):
        Processor("other", count, int, partition_key, runtime)


async def test_records_that_retention_took_before_they_were_handled_are_logged(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(count):
        await kit.send(Sent("a", n) for n in range(3))
        await kit.until_outputs(3)
    await kit.send(Sent("a", n) for n in range(10))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(kit.topics[0], 0): RecordsToDelete(before_offset=10)})
    await admin.close()
    with capture_logs() as logs:
        async with kit.running(count) as processor:
            assert [number for _, number in await kit.until_outputs(6)] == [1, 2, 3, 4, 5, 6]
            await healthy(processor)
    (lost,) = [entry for entry in logs if entry["event"] == "records_lost_to_retention"]
    assert lost["count"] == 7
