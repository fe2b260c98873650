import asyncio
import dataclasses

import pytest

from services.common.catalogue import PhysicalTopic, load_catalogue
from services.common.errors import ConfigurationError, TransientError
from services.common.events import Role
from services.common.settings import REPOSITORY
from services.common.topics import apply, wanted_topics
from services.local.waiting import free_ports

pytestmark = pytest.mark.real
OIN = "00000099001234567000"


async def test_the_whole_catalogue_is_made_once_and_found_unchanged_afterwards(own_kafka: str) -> None:
    wanted = wanted_topics(load_catalogue(REPOSITORY / "schemas"), {OIN: [Role.CREDITOR]})
    first = await apply(own_kafka, wanted)
    assert set(first.created) == {topic.name for topic in wanted}
    assert {"signals.v1", "signals.v1.dlq", "matcher-households.changelog"} <= set(first.created)
    assert any(name.startswith(f"tenant.{OIN}.") for name in first.created)
    second = await apply(own_kafka, wanted)
    assert (second.created, second.corrected) == ((), ())


async def test_another_partition_count_is_refused_with_what_is_and_what_should_be(kafka: str) -> None:
    topic = PhysicalTopic(name="refused-count.v1", partitions=4, retention_days=1)
    other = PhysicalTopic(name="never-made.v1", partitions=1, retention_days=1)
    await apply(kafka, [topic])
    with pytest.raises(ConfigurationError, match=r"refused-count\.v1 has 4 partitions and should have 12"):
        await apply(kafka, [other, dataclasses.replace(topic, partitions=12)])
    assert (await apply(kafka, [other])).created == ("never-made.v1",)


async def test_changed_retention_is_corrected(kafka: str) -> None:
    topic = PhysicalTopic(name="retention.v1", partitions=1, retention_days=1)
    await apply(kafka, [topic])
    longer = dataclasses.replace(topic, retention_days=2)
    assert (await apply(kafka, [longer])).corrected == ("retention.v1",)
    assert (await apply(kafka, [longer])).corrected == ()


async def test_two_at_once_make_the_same_topics_without_error(kafka: str) -> None:
    topics = [PhysicalTopic(name=f"at-once-{n}.v1", partitions=2, compacted=True) for n in range(5)]
    await asyncio.gather(*(apply(kafka, topics) for _ in range(3)))
    assert (await apply(kafka, topics)).created == ()


async def test_a_broker_that_is_away_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match="no Kafka broker answers"):
        await apply(f"127.0.0.1:{free_ports(1)[0]}", [])
