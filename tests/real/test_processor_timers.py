"""A key's one timer: when it goes off, in what order, and that it is never lost."""

from datetime import datetime, timedelta

import pytest

from services.common.cloudevents import read
from services.common.events import Policy
from services.common.records import Effects, Message, WakeUp
from tests.real.processor_kit import START, Kit, Sent, counted, healthy, trouble, until

pytestmark = pytest.mark.real

DAY = timedelta(days=1)
RANG = 1_000_000


def alarm(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
    """Emit the number of each record, and RANG a day after the last one. State: where to write to."""
    if isinstance(cause, WakeUp):
        assert state is not None
        assert now == cause.due
        return Effects(None, (counted(state, cause.key, RANG),))
    assert isinstance(cause.event, Policy)
    source = cause.topic
    return Effects(source + cause.meta.id, (counted(source, cause.key, cause.event.pause_days),), now + DAY)


def monthly(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
    """Ring each day, counting, for thirty days."""
    if isinstance(cause, Message):
        return Effects(f"{cause.topic}|0", (), now + DAY)
    assert state is not None
    source, _, days = state.partition("|")
    number = int(days) + 1
    again = now + DAY if number < 30 else None
    return Effects(f"{source}|{number}" if again else None, (counted(source, cause.key, number),), again)


async def test_a_timer_goes_off_when_it_is_due_with_its_due_time_as_now(kafka: str) -> None:
    kit = Kit(kafka)
    await kit.make_topics()
    async with kit.running(alarm, str):
        await kit.send([Sent("a", 1)])
        await kit.until_outputs(1)
        kit.clock.forward(hours=23)
        await kit.send([Sent("b", 1)])
        assert sorted(await kit.until_outputs(2)) == [("a", 1), ("b", 1)]
        kit.clock.forward(hours=2)
        assert ("a", RANG) in await kit.until_outputs(4)
    rang = [record for record in await kit.read(kit.out) if b"1000000" in dict(record.headers)["ce_id"]]
    assert {read(record.headers).time for record in rang} == {START + DAY}
    assert set((await kit.changelog()).values()) == {None}


async def test_a_key_has_one_timer_and_a_later_wake_at_replaces_it(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(alarm, str):
        await kit.send([Sent("a", 1), Sent("a", 2, time=START + timedelta(hours=12))])
        await kit.until_outputs(2)
        kit.clock.forward(hours=30)
        await kit.send([Sent("b", 3, time=START + timedelta(hours=30))])
        assert await kit.until_outputs(3) == [("a", 1), ("a", 2), ("b", 3)]
        kit.clock.forward(hours=10)
        assert await kit.until_outputs(4) == [("a", 1), ("a", 2), ("b", 3), ("a", RANG)]


async def test_a_timer_does_not_overtake_the_backlog_of_an_outage(kafka: str) -> None:
    kit = Kit(kafka, inputs=3, partitions=1)
    await kit.make_topics()
    async with kit.running(alarm, str):
        await kit.send([Sent("a", 1)])
        await kit.until_outputs(1)
    kit.clock.forward(days=2)
    for number in range(3):
        await kit.send(Sent(f"k{n}", 2, input=number) for n in range(3000))
    async with kit.running(alarm, str):
        found = await kit.until_outputs(1 + 9000 + 1)
    ring = found.index(("a", RANG))
    assert ring == 9001, "handled after everything that was in all three inputs when it fell due"


async def test_a_timer_waits_for_records_of_an_open_transaction(kafka: str) -> None:
    from services.common.producers import new_producer

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    codec = (await kit.runtime()).codec
    async with kit.running(alarm, str) as processor:
        await kit.send([Sent("a", 1)])
        await kit.until_outputs(1)
        producer = new_producer(kafka, transactional_id=f"{kit.name}-sender")
        await producer.start()
        await producer.begin_transaction()
        late = Sent("a", 2, time=START + timedelta(hours=20))
        await (await producer.send(kit.topics[0], late.encoded(codec), b"a", 0, headers=late.headers))
        kit.clock.forward(days=1, hours=1)
        await until(lambda: processor._units[0]._horizon is not None, what="the timer was seen")
        assert await kit.outputs() == [("a", 1)]
        await producer.commit_transaction()
        await producer.stop()
        assert await kit.until_outputs(2) == [("a", 1), ("a", 2)]
        kit.clock.forward(days=1)
        assert await kit.until_outputs(3) == [("a", 1), ("a", 2), ("a", RANG)]


async def test_timers_survive_a_restart_also_when_they_fell_due_meanwhile(kafka: str) -> None:
    kit = Kit(kafka)
    await kit.make_topics()
    async with kit.running(alarm, str):
        await kit.send(Sent(f"k{n}", 1) for n in range(50))
        await kit.until_outputs(50)
    kit.clock.forward(days=3)
    async with kit.running(alarm, str):
        found = await kit.until_outputs(100)
    assert sorted(key for key, number in found if number == RANG) == sorted(f"k{n}" for n in range(50))


async def test_a_jump_of_a_month_rings_every_day_of_it_in_order(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(monthly, str):
        await kit.send([Sent("a"), Sent("b", time=START + timedelta(hours=1))])
        await until_changes(kit, 2)
        kit.clock.forward(days=31)
        found = await kit.until_outputs(60)
    assert found == [(key, day) for day in range(1, 31) for key in "ab"]


async def until_changes(kit: Kit, count: int) -> None:
    while len(await kit.changelog()) < count:
        pass


def broken(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
    if isinstance(cause, WakeUp) and cause.key == "bad":
        raise ValueError("secret")
    return alarm(state, cause, now)


async def test_a_wake_up_that_fails_is_kept_and_told_and_stops_nobody_else(kafka: str) -> None:
    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(broken, str) as processor:
        await kit.send([Sent("bad", 1), Sent("good", 1)])
        await kit.until_outputs(2)
        kit.clock.forward(days=2)
        assert ("good", RANG) in await kit.until_outputs(3)
        await until(lambda: trouble(processor) == "partition 0 1 wake-ups failed (ValueError)")
        await kit.send([Sent("other", 1, time=kit.clock.now())])
        await kit.until_outputs(4)
    async with kit.running(alarm, str) as processor:  # the release that can handle it
        assert ("bad", RANG) in await kit.until_outputs(5)
        await healthy(processor)


async def test_a_wake_up_that_sets_itself_again_does_not_run_for_ever(kafka: str) -> None:
    def again(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
        if isinstance(cause, WakeUp):
            return Effects(state, (), cause.due)
        return alarm(state, cause, now)

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    async with kit.running(again, str) as processor:
        await kit.send([Sent("a", 1)])
        await kit.until_outputs(1)
        kit.clock.forward(days=2)
        await until(lambda: trouble(processor) == "partition 0 1 wake-ups failed (ContractError)")


async def test_a_timer_without_state_or_time_zone_is_poison(kafka: str) -> None:
    def wrong(state: str | None, cause: Message | WakeUp, now: datetime) -> Effects[str]:
        assert isinstance(cause, Message)
        if cause.key == "a":
            return Effects(None, (), now)
        return Effects("x", (), now.replace(tzinfo=None))

    kit = Kit(kafka, partitions=1)
    await kit.make_topics()
    await kit.send([Sent("a"), Sent("b")])
    async with kit.running(wrong, str):
        while len(dead := await kit.dead()) < 2:
            pass
    messages = [dict(record.headers)["dlq_error_message"].decode() for record in dead]
    assert messages == [
        "wake_at without state: a timer belongs to a key's state",
        "wake_at has no time zone",
    ]
