"""The figures of a processor are those of what happened."""

from datetime import datetime
from typing import Any

import pytest

from services.common.metrics import LAG, PARTITIONS
from services.common.processor import Processor
from services.common.producers import discard, new_producer
from services.common.records import Effects, Message, WakeUp
from tests.real.processor_kit import Kit, Sent, count, healthy, until

pytestmark = pytest.mark.real


def figure(processor: Processor[Any], name: str, **labels: str) -> float | None:
    """One sample of the process that the processor is in."""
    part = {"part": processor._rules.name}
    return processor._runtime.metrics.registry.get_sample_value(name, part | labels)


async def test_what_was_aborted_is_not_counted_and_the_recovery_is(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(count) as processor:
        for turn in range(1, 4):
            await kit.send(Sent(f"k{n % 10}", n) for n in range(300))
            thief = new_producer(kafka, transactional_id=f"{kit.name}-0")
            await thief.start()
            await discard(thief)
            await kit.send(Sent(f"k{n % 10}", n) for n in range(300))
            await kit.until_outputs(600 * turn)
        await healthy(processor)
        topic = kit.topics[0]
        assert figure(processor, "signaalhub_records_total", topic=topic) == 1800
        assert figure(processor, "signaalhub_dead_letters_total", topic=topic) == 0
        assert (figure(processor, "signaalhub_recoveries_total") or 0) >= 1
        transactions = figure(processor, "signaalhub_transaction_seconds_count")
        assert transactions
        assert transactions <= len(await kit.read(kit.out))


async def test_lag_is_what_is_not_committed_and_nothing_once_all_is(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send(Sent(f"k{n}", n) for n in range(50))
    topic = kit.topics[0]

    async with kit.running(count) as processor:
        await kit.until_outputs(50)
        await until(lambda: figure(processor, LAG, topic=topic, partition="0") == 0, what="no lag")
        assert figure(processor, PARTITIONS, state="running") == 1
        assert figure(processor, PARTITIONS, state="halted") == 0


async def test_a_halted_partition_shows_with_what_waits_in_it(kafka: str) -> None:
    def refuse(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        raise ValueError

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send(Sent(f"k{n}", n) for n in range(50))
    async with kit.running(refuse) as processor:
        await until(lambda: figure(processor, PARTITIONS, state="halted") == 1, what="halted")
        dead = len(await kit.dead())
        topic = kit.topics[0]
        assert figure(processor, "signaalhub_dead_letters_total", topic=topic) == dead > 0
        assert figure(processor, "signaalhub_records_total", topic=topic) == dead
        assert figure(processor, LAG, topic=topic, partition="0") == 50 - dead
