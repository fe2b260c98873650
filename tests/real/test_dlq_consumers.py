"""What a replay comes to at those who read the topic: they are the hub's own processors and projections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.codec import Codec
from services.common.database import make_engine
from services.common.dlq.judging import Verdict
from services.common.dlq.replay import Report, Wish, replay
from services.common.errors import PermanentError
from services.common.events import Policy
from services.common.projection import Projection
from services.common.records import Effects, Forward, Message, WakeUp
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY, KafkaSettings
from tests.real.dlq_kit import make_post, post_of
from tests.real.primitives import make_runtime, running, unique, until
from tests.real.processor_kit import Kit, Sent, count

pytestmark = pytest.mark.real

BAD = 99


def picky(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
    """Count, but choke on BAD: a release with a defect."""
    assert isinstance(cause, Message)
    assert isinstance(cause.event, Policy)
    if cause.event.pause_days == BAD:
        raise PermanentError("a defect")
    return count(state, cause, now)


async def bring_back(kit: Kit) -> Report:
    codec = Codec(Released(REPOSITORY / "schemas"), RepositoryRegistry(Released(REPOSITORY / "schemas")))
    topic = kit.catalogue.topic(kit.topics[0])
    return await replay(KafkaSettings(kafka=kit.kafka), topic, codec, Wish(limit=100))


async def test_after_a_fix_everything_is_handled_once(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a", 1), Sent("b", BAD), Sent("a", 2), Sent("c", BAD)])
    async with kit.running(picky):
        assert await kit.until_outputs(2) == [("a", 1), ("a", 2)]
        while len(await kit.dead()) < 2:
            pass
    async with kit.running(count):
        assert (await bring_back(kit)).counts == {Verdict.REPLAY: 2}
        assert (await bring_back(kit)).counts == {}
        assert (await kit.until_outputs(4))[2:] == [("b", 1), ("c", 1)]


async def test_before_a_fix_it_is_put_aside_again_and_nothing_halts(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("b", BAD), Sent("a", 1)])
    async with kit.running(picky):
        await kit.until_outputs(1)
        await bring_back(kit)
        while len(letters := [each for each in await kit.dead() if each.key == b"b"]) < 2:
            pass
        await kit.send([Sent("a", 2)])
        await kit.until_outputs(2)
    assert dict(letters[1].headers)["dlq_replays"] == b"1"
    assert dict(letters[1].headers)["dlq_source_offset"] != dict(letters[0].headers)["dlq_source_offset"]


async def test_a_processor_that_had_no_trouble_with_it_does_not_see_it_again(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    post = await post_of(kafka, kit.catalogue.topic(kit.topics[0]))
    await kit.send([Sent("a", 1)])
    async with kit.running(count):
        await kit.until_outputs(1)
        await post.fail(*await post.records(), consumer="somebody-else")
        assert (await bring_back(kit)).counts == {Verdict.REPLAY: 1}
        await kit.send([Sent("b", 1)])
        assert await kit.until_outputs(2) == [("a", 1), ("b", 1)]


async def test_what_is_forwarded_after_a_replay_does_not_tell_of_it(kafka: str) -> None:
    def forward(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[Any]:
        assert isinstance(cause, Message)
        return Effects(1, (Forward(f"{cause.topic.partition('.')[0]}.out.v1", cause),))

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    post = await post_of(kafka, kit.catalogue.topic(kit.topics[0]))
    await kit.send([Sent("a", 1)])
    (sent,) = await post.records()
    async with kit.running(forward):
        await kit.until_outputs(1)
        await post.fail(sent, consumer=kit.name)
        await bring_back(kit)
        await kit.until_outputs(2)
    assert [each.headers for each in await kit.read(kit.out)] == [sent.headers, sent.headers]


async def test_a_projection_applies_what_is_for_it_and_passes_over_the_rest(
    kafka: str, database: str
) -> None:
    post, seen = await make_post(kafka), list[str]()
    runtime = await make_runtime(kafka, post.topic.name, database_url=database)
    engine = make_engine(runtime.settings)

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        seen.extend(message.key for message in messages)

    projection = Projection(unique("p"), (post.topic.name,), apply, runtime, engine)
    await post.write([post.policy("mine"), post.policy("theirs")])
    mine, theirs = await post.records()
    await post.fail(mine, consumer=projection._group)
    await post.fail(theirs, consumer="somebody-else")
    async with running(projection):
        await until(lambda: len(seen) == 2)
        await post.replay()
        await post.write([post.policy("last")])
        await until(lambda: "last" in seen)
    assert seen == ["mine", "theirs", "mine", "last"]
    await engine.dispose()
