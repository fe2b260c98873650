"""What was taken in does not stay in clear text; what halts is trouble of who has it."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.structs import TopicPartition

from services.common.runtime import Runtime
from services.common.testing import make_runtime
from services.ingest import kafka_intake
from services.ingest.intake import Intake
from services.ingest.kafka_intake import KafkaIntake

BEFORE, MINE, NEW = (TopicPartition(f"intake.{number:020}.signalen.v1", 0) for number in range(3))
Orders = list[dict[TopicPartition, int]]


class Consumer:
    """Has three partitions; of one nothing was ever taken in."""

    def __init__(self) -> None:
        self.asked: list[TopicPartition] = []

    def assignment(self) -> set[TopicPartition]:
        return {BEFORE, MINE, NEW}

    async def committed(self, place: TopicPartition) -> int | None:
        self.asked.append(place)
        return {BEFORE: 7, MINE: 3}.get(place)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Orders:
    """The deletions that were asked of the broker."""
    found: Orders = []

    async def delete(_: Runtime, before: Mapping[TopicPartition, int]) -> None:
        found.append(dict(before))

    monkeypatch.setattr(kafka_intake, "delete_records", delete)
    return found


async def test_what_another_process_took_in_and_did_not_come_to_delete_is_deleted_too(orders: Orders) -> None:
    """It may have been killed, and the party may not send anything for days."""
    runtime = await make_runtime("ingest")
    (topic,) = runtime.catalogue.intake_topics
    intake = KafkaIntake(runtime, topic, cast("Intake", SimpleNamespace()))
    consumer: Any = Consumer()
    intake._taken[MINE] = 5
    await intake._delete(consumer)
    assert orders == [{BEFORE: 7, MINE: 5}]
    await intake._delete(consumer)
    assert orders == [{BEFORE: 7, MINE: 5}], "nothing came after that"
    assert sorted(consumer.asked) == [BEFORE, NEW], "once for each partition that came"


async def test_a_halted_partition_that_goes_to_another_process_is_no_trouble_of_this_one_any_more() -> None:
    """Should it come back, nothing of it is paused: it is read again, and halts by itself."""
    runtime = await make_runtime("ingest")
    (topic,) = runtime.catalogue.intake_topics
    intake = KafkaIntake(runtime, topic, cast("Intake", SimpleNamespace()))
    consumer: Any = SimpleNamespace(pause=lambda *_: None)
    intake._trouble = None
    intake._halt(consumer, MINE, ValueError())
    intake._halt(consumer, NEW, ValueError())
    intake._left([MINE])
    assert intake._check() == f"1 partitions halted: {NEW.topic}: ValueError"
    intake._left([NEW])
    assert intake._check() is None
