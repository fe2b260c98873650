"""On real Kafka: the same records in another order, and everything twice, come to what the pure rules say."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from services.common.events import EvidenceKind, Role, Signal
from services.common.processor import Processor
from services.common.publish import Publisher, encode
from services.common.reading import read_message
from services.common.records import Message, Outgoing, partition_key
from services.common.runtime import Runtime
from services.common.testing import FakeClock, make_runtime
from services.common.topics import apply, wanted_topics
from services.feedback.domain import Household as Disclosed
from services.feedback.processors import DISCLOSURE
from services.local.kafka import EmbeddedKafka
from services.matcher.domain.facts import Household
from services.matcher.domain.persons import Person
from services.matcher.domain.registrations import Place
from services.matcher.processors import HOUSEHOLDS, PERSONS, REGISTRATIONS
from services.notifier import processors as notifier
from services.notifier.domain import Household as Routed
from tests.flow import happened
from tests.flow.happened import AREAS, BAILIFF, CREDITORS, END, RESULTS, SENDER, START, TOWN, mixed, twice
from tests.flow.hub import Given, Hub, handlers
from tests.flow.results import contents, found_while_help_ran, told
from tests.real.primitives import reader, running, until

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

STATES: dict[str, type[Any] | None] = {
    REGISTRATIONS: Place,
    PERSONS: Person,
    HOUSEHOLDS: Household,
    DISCLOSURE: Disclosed,
    notifier.HOUSEHOLDS: Routed,
    notifier.CREDITORS: None,
    notifier.BAILIFFS: None,
}
PARTIES = {
    TOWN: [Role.MUNICIPALITY],
    BAILIFF: [Role.BAILIFF],
    SENDER: [Role.INTERMEDIARY],
    **{creditor: [Role.CREDITOR] for creditor in CREDITORS},
}
ADDRESSES = 40
SECONDS = 90.0


def story() -> list[Given]:
    """Two months at forty addresses; help that begins runs on, for what was found while it ran may differ."""
    chance, found = Random(1), list[Given]()

    def moment(first: int = 0, last: int = 60) -> datetime:
        return START + timedelta(minutes=chance.randrange(first * 1440, last * 1440))

    for number in range(ADDRESSES):
        house, person = f"{number:032x}", f"{1_000_000 + number:032x}"
        who = happened.traits(number, EvidenceKind.BIRTH_DATE, EvidenceKind.INITIAL)
        sent: list[Signal] = []
        for count in range(chance.randint(1, 4)):
            at = moment()
            records = happened.signal(
                f"s{number}-{count}",
                at,
                house=house,
                creditor=chance.choice(CREDITORS),
                day=(at - timedelta(days=chance.randint(0, 30))).date(),
                evidence=who,
                crisis=chance.random() < 0.1,
                area=chance.choice(AREAS),
                person=person if chance.random() < 0.3 else None,
            )
            found += records
            sent += [each.event for each in records if isinstance(each.event, Signal)]
        of = chance.choice(sent)
        found.append(happened.attempt(f"a{number}", moment(), of))
        for count in range(chance.randint(0, 2)):
            found.append(happened.result(f"o{number}-{count}", moment(), of, chance.choice(RESULTS)))
        if chance.random() < 0.4:
            found.append(happened.helped(f"r{number}", moment(), person=person, house=house, evidence=who))
        if chance.random() < 0.4:
            found.append(happened.check(f"k{number}", moment(), person))
        if chance.random() < 0.2:
            found.append(happened.refusal(f"f{number}", moment(), chance.choice(CREDITORS)))
    return sorted(found, key=lambda each: each.at)


@dataclass
class Town:
    """All processors of the hub in this process, on a broker of their own."""

    runtime: Runtime
    publisher: Publisher
    clock: FakeClock
    consumer: AIOKafkaConsumer
    found: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    """All that was read so far, by topic."""

    async def give(self, records: Sequence[Given]) -> None:
        """Put records on their topics in this order, each with its own time."""
        await self.publisher.write(
            [
                encode(Outgoing(each.topic, each.key, each.event, "happened", each.id), self.runtime, each.at)
                for each in records
            ]
        )

    async def reads(self, expected: dict[str, object]) -> None:
        """Return when all committed records from the start come to what is expected."""
        end = time.monotonic() + SECONDS
        while (found := everything(self.found)) != expected:
            assert time.monotonic() < end, [name for name in found if found[name] != expected[name]]
            await self._more()

    async def _more(self) -> None:
        """Add what has come since, if only after a while."""
        for records in (await self.consumer.getmany(timeout_ms=500)).values():
            for record in records:
                subject = self.runtime.catalogue.subject_of(record.topic)
                self.found[record.topic].append(read_message(record, self.runtime.codec, subject))


def topics(runtime: Runtime) -> list[str]:
    """Return all topics but the hub's own books."""
    hub = [topic.name for topic in runtime.catalogue.topics]
    return hub + [
        topic.name for oin, roles in PARTIES.items() for topic in runtime.catalogue.topics_for(oin, roles)
    ]


def everything(found: Mapping[str, Sequence[Message]]) -> dict[str, object]:
    return told(found) | found_while_help_ran(found)


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    with EmbeddedKafka(Path(mkdtemp(prefix="kafka-", dir=folder))) as broker:
        clock = FakeClock(START)
        runtime = await make_runtime("matcher", clock=clock, kafka=broker.bootstrap)
        await apply(broker.bootstrap, wanted_topics(runtime.catalogue, PARTIES))
        publisher = Publisher(runtime, "test")
        processors = [
            Processor(name, handler, STATES[name], partition_key, runtime)
            for name, handler in handlers().items()
        ]
        async with running(publisher, *processors), reader(broker.bootstrap, *topics(runtime)) as consumer:
            await until(lambda: not any(runtime.health.report().values()), SECONDS, "health")
            yield Town(runtime, publisher, clock, consumer)


def parts(records: Sequence[Given]) -> list[list[Given]]:
    """Return the story in parts of twelve days."""
    found: dict[int, list[Given]] = defaultdict(list)
    for each in records:
        found[(each.at - START).days // 12].append(each)
    return [found[number] for number in sorted(found)]


async def play(kafka: Town, order: Callable[[list[Given]], list[Given]]) -> None:
    """Play the story part by part, on the broker in some order and in memory live; compare after each part.

    Only then time goes on, for both: so on the broker all records of a part come before its timers.
    """
    live = Hub(Random(0))
    for part in parts(story()):
        await kafka.give(order(part))
        live.give(part)
        live.until(kafka.clock.now())
        await kafka.reads(everything(live.topics))
        kafka.clock.set(part[-1].at)
        live.until(part[-1].at)
    kafka.clock.set(END)
    live.until(END)
    await kafka.reads(everything(live.topics))


async def test_another_order_and_everything_twice_come_to_the_same(session_folder: Path) -> None:
    chance = Random(2)
    async with town(session_folder) as kafka:
        await play(kafka, lambda part: mixed(twice(part, chance), chance))
        assert all(len(events) == 1 for events in contents(kafka.found).values())
