"""What cannot be decoded or handled goes to the DLQ; too much of it halts the partition."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from services.common.catalogue import PhysicalTopic
from services.common.codec import PREFIX
from services.common.errors import PermanentError, TransientError
from services.common.events import Policy, Routing, RoutingReason
from services.common.partitioning import partition_of
from services.common.records import Effects, Message, Outgoing, WakeUp
from services.common.registry import Released, RepositoryRegistry, SchemaVersion
from services.common.settings import REPOSITORY
from services.common.topics import apply
from tests.real.processor_kit import Kit, Sent, count, counted, healthy, trouble, until

pytestmark = pytest.mark.real

BAD = 999


def picky(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
    """Count, but choke on BAD."""
    assert isinstance(cause, Message)
    assert isinstance(cause.event, Policy)
    if cause.event.pause_days == BAD:
        raise PermanentError(f"secret of {cause.key}")
    return count(state, cause, now)


POISON: dict[str, tuple[Callable[[], Sent], str, str]] = {
    "undecodable bytes": (
        lambda: Sent("a", raw=b"no avro"),
        "ContractError",
        "value does not start with 0 and a schema id (Confluent wire format)",
    ),
    "cut off": (
        lambda: Sent("a", raw=PREFIX.pack(0, 1) + b"\x02"),
        "ContractError",
        "",
    ),
    "no CloudEvents headers": (lambda: Sent("a", meta=False), "ContractError", "header ce_id is missing"),
    "unknown schema id": (
        lambda: Sent("a", raw=PREFIX.pack(0, 4_000_000) + b"abc"),
        "ContractError",
        "schema id 4000000 is unknown to the registry",
    ),
    "no key": (lambda: Sent(None, 1), "ContractError", "record has no key"),
    "handler raised": (lambda: Sent("a", BAD), "PermanentError", "the handler raised PermanentError"),
}


@pytest.mark.parametrize("kind", POISON)
async def test_poison_goes_to_the_dlq_untouched_and_with_the_reason(kafka: str, kind: str) -> None:
    make, name, message = POISON[kind]
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("b", 1), make(), Sent("b", 2)])
    async with kit.running(picky) as processor:
        assert await kit.until_outputs(2) == [("b", 1), ("b", 2)]
        await healthy(processor)
    original = (await kit.read(kit.topics[0]))[1]
    (dead,) = await kit.dead()
    assert (dead.key, dead.value) == (original.key, original.value)
    assert dead.headers[: len(original.headers)] == original.headers
    found = dict(dead.headers)
    assert found["dlq_error_name"].decode() == name
    assert message in found["dlq_error_message"].decode()
    assert b"secret" not in found["dlq_error_message"]
    assert found["dlq_source_topic"].decode() == kit.topics[0]
    assert (found["dlq_source_partition"], found["dlq_source_offset"]) == (b"0", b"1")
    assert found["dlq_failed_at"] == b"2026-03-02T09:00:00.000Z"
    assert found["dlq_processor"].decode() == kit.name


async def test_a_record_of_another_type_than_the_topics_subject_is_poison(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    codec = (await kit.runtime()).codec
    other = Routing(case_id="c", household="h", municipality="m", team="t", reason=next(iter(RoutingReason)))
    await kit.send([Sent("a", raw=codec.encode(other)), Sent("a", 1)])
    async with kit.running(picky):
        await kit.until_outputs(1)
    (dead,) = await kit.dead()
    assert dict(dead.headers)["dlq_error_message"] == b"record of subject routings on a topic of policies"


async def test_a_handler_that_writes_what_the_topic_does_not_hold_is_poison(kafka: str) -> None:
    def wrong(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        event = Routing(
            case_id="c", household="h", municipality="m", team="t", reason=next(iter(RoutingReason))
        )
        return Effects(1, (Outgoing(f"{cause.topic.split('.')[0]}.out.v1", "a", event, "x", "1"),))

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a", 1)])
    async with kit.running(wrong):
        while not (dead := await kit.dead()):
            pass
    assert b"Routing is not what topic" in dict(dead[0].headers)["dlq_error_message"]
    assert await kit.changelog() == {}


def hoarding(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
    """Keep a letter of each record, and of BAD more than a changelog's record can hold."""
    assert isinstance(cause, Message)
    assert isinstance(cause.event, Policy)
    days = cause.event.pause_days
    letter = "x" * (1_000_000 if days == BAD else 1)
    return Effects((state or "") + letter, (counted(cause.topic, cause.key, days),))


async def test_a_key_with_too_much_state_puts_its_own_records_aside_and_stops_nobody_else(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    too_many = [Sent("a", BAD) for _ in range(25)]
    await kit.send([Sent("a", 1), *too_many, Sent("a", 2), Sent("b", 3)])
    async with kit.running(hoarding, str) as processor:
        assert await kit.until_outputs(3) == [("a", 1), ("a", 2), ("b", 3)]
        await healthy(processor)
    dead = await kit.dead()
    assert len(dead) == len(too_many)
    assert b"state of its key is over" in dict(dead[0].headers)["dlq_error_message"]
    async with kit.running(hoarding, str) as processor:
        await kit.send([Sent("a", 4)])
        assert (await kit.until_outputs(4))[3:] == [("a", 4)]


async def test_twenty_in_a_row_halt_the_partition_and_a_restart_lets_no_further_record_through(
    kafka: str,
) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a", 1), *(Sent("a", BAD) for _ in range(50)), Sent("a", 2)])
    for _ in range(3):
        async with kit.running(picky) as processor:
            reason = await until(lambda: "halted" in (trouble(processor) or "") and trouble(processor))
        assert reason == (
            f"partition 0 halted: 20 records in a row cannot be handled (next: {kit.topics[0]} offset 20)"
        )
        assert len(await kit.dead()) == 19
        assert await kit.outputs() == [("a", 1)]
    async with kit.running(count) as processor:  # the release that can read them
        await kit.until_outputs(33)
        await healthy(processor)


async def test_twenty_in_a_row_that_trickle_in_halt_too_also_over_restarts(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    for run in range(4):
        async with kit.running(picky) as processor:
            await kit.send([Sent("a", BAD) for _ in range(6)])
            if run < 3:
                while len(await kit.dead()) < 6 * (run + 1):
                    pass
            else:
                await until(lambda: "halted" in (trouble(processor) or ""))
    assert len(await kit.dead()) == 19


async def test_half_of_the_last_hundred_halt_the_partition(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send(Sent("a", BAD if n % 2 else 1) for n in range(200))
    async with kit.running(picky) as processor:
        await until(lambda: "50 of the last 100 records" in (trouble(processor) or ""))
    assert len(await kit.dead()) == 49


async def test_a_halted_partition_does_not_stop_the_others(kafka: str) -> None:
    kit = Kit(kafka, partitions=3)
    await kit.make_topics()
    await kit.send([*(Sent("k0", BAD) for _ in range(30)), *(Sent(f"k{n}", 1) for n in range(30))])
    async with kit.running(picky) as processor:
        await until(lambda: "halted" in (trouble(processor) or ""))
        assert (trouble(processor) or "").count("partition") == 1
        await kit.send([Sent(f"k{n}", 2) for n in range(30)])
        elsewhere = [f"k{n}" for n in range(30) if partition_of(f"k{n}", 3) != partition_of("k0", 3)]
        found = await kit.until_outputs(2 * len(elsewhere))
    assert sorted(found) == sorted((key, number) for key in elsewhere for number in (1, 2))


async def test_a_tenant_without_topics_does_not_block_and_one_that_comes_later_is_found(kafka: str) -> None:
    def route(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        name, oin = cause.topic.partition(".")[0], cause.key.partition("/")[2]
        return Effects(1, (counted(cause.topic, cause.key, 1, f"tenant.{oin}.{name}.v1"),))

    kit = Kit(kafka, partitions=1, tenants=True)
    await kit.make_topics()
    first, later, never = (f"{n:020d}" for n in (1, 2, 3))
    await apply(kafka, [PhysicalTopic(name=kit.tenant(first), partitions=1, retention_days=1)])
    async with kit.running(route) as processor:
        many = [Sent(f"a/{never}") for _ in range(30)]  # it may be 20 in a row: no fault of anybody else
        await kit.send([*many, Sent(f"a/{first}"), Sent(f"a/{later}"), Sent(f"a/{first}")])
        await kit.until_outputs(2, topic=kit.tenant(first))
        assert {record.key for record in await kit.dead()} == {f"a/{oin}".encode() for oin in (never, later)}
        assert len(await kit.dead()) == 31
        await apply(kafka, [PhysicalTopic(name=kit.tenant(later), partitions=1, retention_days=1)])
        await until_forgotten(processor, kit.tenant(later))
        await kit.send([Sent(f"a/{later}")])
        await kit.until_outputs(1, topic=kit.tenant(later))
        await healthy(processor)


async def until_forgotten(processor: Any, topic: str) -> None:
    """Wait until the processor is willing to ask for a topic again."""
    from services.common.errors import ContractError
    from services.common.processor.destinations import NewTopicError

    def asks() -> bool:
        try:
            processor._units[0]._destinations.get(topic)
        except NewTopicError:
            return True
        except ContractError:
            return False
        return True

    await until(asks)


async def test_an_output_that_topics_yaml_does_not_name_is_poison(kafka: str) -> None:
    def stray(state: int | None, cause: Message | WakeUp, now: datetime) -> Effects[int]:
        assert isinstance(cause, Message)
        return Effects(1, (counted(cause.topic, cause.key, 1, cause.topic),))

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a")])
    async with kit.running(stray):
        while not (dead := await kit.dead()):
            pass
    assert b"is not an output of" in dict(dead[0].headers)["dlq_error_message"]


class Flaky:
    """A registry that is away until it is told otherwise."""

    def __init__(self) -> None:
        self._real = RepositoryRegistry(Released(REPOSITORY / "schemas"))
        self.away = True
        self.asked = 0

    async def id_of(self, found: SchemaVersion) -> int:
        return await self._real.id_of(found)

    async def resolve(self, schema_id: int) -> SchemaVersion:
        self.asked += 1
        if self.away:
            raise TransientError("schema registry did not answer")
        return SchemaVersion(
            "policies",
            1,
            next(v.schema for v in Released(REPOSITORY / "schemas").ids.values() if v.subject == "policies"),
        )


async def test_a_registry_that_does_not_answer_is_waited_for(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    codec = (await kit.runtime()).codec
    value = codec.encode(Policy(municipality="a", pause_days=1))
    await kit.send([Sent("a", raw=PREFIX.pack(0, 777_777) + value[PREFIX.size :])])
    registry = Flaky()
    async with kit.running(count, registry=registry) as processor:
        await until(lambda: registry.asked > 1)
        assert "schema registry did not answer" in (trouble(processor) or "")
        assert await kit.dead() == []
        registry.away = False
        assert await kit.until_outputs(1) == [("a", 1)]
        await healthy(processor)
