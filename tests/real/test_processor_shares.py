"""A share of several partitions: one transaction for all of them, and one process."""

from datetime import datetime

import pytest

from services.common.partitioning import partition_of
from services.common.records import Effects, Message, WakeUp
from tests.real.processor_kit import Kit, Sent, count, healthy, partitions_of, trouble, until

pytestmark = pytest.mark.real

KEYS = [f"k{n}" for n in range(40)]


async def test_what_waits_in_all_partitions_of_a_share_is_done_in_one_transaction(kafka: str) -> None:
    kit = Kit(kafka, partitions=4, shares=2)
    await kit.make_topics()
    await kit.send(Sent(key) for key in KEYS)
    async with kit.running(count) as processor:
        await kit.until_outputs(len(KEYS))
        count_of = processor._runtime.metrics.registry.get_sample_value
        transactions = count_of("signaalhub_transaction_seconds_count", {"part": kit.name})
    assert {partition_of(key, 4) for key in KEYS} == {0, 1, 2, 3}
    assert transactions == 2
    assert len(await kit.committed()) == 4


async def test_each_partition_keeps_its_own_state_whoever_has_its_share(kafka: str) -> None:
    kit = Kit(kafka, partitions=4, shares=2)
    await kit.make_topics()
    async with kit.running(count, replica="0"):
        await kit.send(Sent(key) for key in KEYS)
        await kit.until_outputs(len(KEYS))
    async with kit.running(count, replica="1") as one, kit.running(count, replica="2") as two:
        await until(lambda: [partitions_of(one), partitions_of(two)] in ([[0, 1], [2, 3]], [[2, 3], [0, 1]]))
        await kit.send(Sent(key) for key in KEYS)
        found = await kit.until_outputs(2 * len(KEYS))
    assert sorted(found) == sorted((key, total) for key in KEYS for total in (1, 2))
    changelog = await kit.read(f"{kit.name}.changelog")
    assert all(record.partition == partition_of(record.key.decode(), 4) for record in changelog)


async def test_a_replica_more_than_shares_waits_and_is_well(kafka: str) -> None:
    kit = Kit(kafka, partitions=4, shares=1)
    await kit.make_topics()
    async with kit.running(count, replica="0") as one, kit.running(count, replica="1") as two:
        await until(lambda: sorted([partitions_of(one), partitions_of(two)]) == [[], [0, 1, 2, 3]])
        await healthy(one)
        await healthy(two)


async def test_a_partition_that_halts_leaves_its_share_and_the_others_go_on(kafka: str) -> None:
    def picky(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        if isinstance(cause, Message) and cause.key == "k0":
            raise ValueError
        return count(state, cause, now)

    kit = Kit(kafka, partitions=4, shares=1)
    await kit.make_topics()
    bad = partition_of("k0", 4)
    others = [key for key in KEYS if partition_of(key, 4) != bad]
    await kit.send([*(Sent("k0") for _ in range(30)), *(Sent(key) for key in others)])
    async with kit.running(picky) as processor:
        await until(lambda: (trouble(processor) or "").startswith(f"partition {bad} halted: 20 records"))
        await kit.send(Sent(key) for key in others)
        found = await kit.until_outputs(2 * len(others))
    assert sorted(found) == sorted((key, total) for key in others for total in (1, 2))
    assert len(await kit.dead()) == 19
    assert {tp.partition: offset for tp, offset in (await kit.committed()).items()}[bad] == 19
