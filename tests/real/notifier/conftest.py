"""The notifier in this process on real Kafka and PostgreSQL, with a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.structs import ConsumerRecord

from services.common.events import Event, Party, Role, Team
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.testing import FakeClock, make_runtime
from services.common.topics import apply, wanted_topics
from services.common.view import View
from services.local.kafka import EmbeddedKafka
from services.notifier.app import build
from tests.flow.examples import NOW
from tests.real.primitives import reader, running, until


def oin() -> str:
    return f"00000099{uuid4().int % 10**12:012}"


@dataclass
class Post:
    """Writes what other services would, and reads the topics of tenants."""

    runtime: Runtime
    publisher: Publisher
    clock: FakeClock
    views: dict[type[Event], View[Event]]
    """The notifier's own, by type of event."""

    async def write(self, topic: str, key: str, *events: Event, what: str = "happened") -> list[str]:
        """Return the ids of the events."""
        found = [Outgoing(topic, key, event, what, str(uuid4())) for event in events]
        await self.publisher.publish(found, NOW)
        return [each.id for each in found]

    async def party(self, *roles: Role, webhook: str | None = None) -> str:
        """Make a party with its topics, as ingest would, and return its OIN."""
        found = oin()
        await apply(self.runtime.settings.kafka, self.runtime.catalogue.topics_for(found, roles))
        party = Party(party_id=found, name=found, roles=roles, webhook=webhook, active=True)
        await self.master("parties.v1", found, party)
        return found

    async def master(self, topic: str, key: str, event: Party | Team) -> None:
        """Write master data, and return when the notifier has it."""
        await self.write(topic, key, event)
        await until(lambda: self.views[type(event)].get(key) == event, 20, "the view")

    async def read(self, topic: str, count: int, key: str | None = None) -> Sequence[ConsumerRecord]:
        """Return the first `count` committed records (of a key)."""
        found: list[ConsumerRecord] = []
        async with asyncio.timeout(40), reader(self.runtime.settings.kafka, topic) as consumer:
            while len(found) < count:
                record = await consumer.getone()
                if key in (None, record.key.decode()):
                    found.append(record)
        return found


@pytest.fixture(scope="session")
def broker(session_folder: Path) -> Iterator[str]:
    """A broker of its own: what other tests write is for parties without topics, and halts a processor."""
    with EmbeddedKafka(session_folder / "notifier-kafka") as found:
        yield found.bootstrap


@pytest.fixture(scope="module")
async def post(broker: str, database: str) -> AsyncIterator[Post]:
    clock = FakeClock(NOW)
    runtime = await make_runtime("notifier", clock=clock, kafka=broker, database_url=database)
    await apply(broker, wanted_topics(runtime.catalogue))
    publisher = Publisher(runtime, "test")
    services = build(runtime).services
    teams, parties = (each for each in services if isinstance(each, View))
    async with running(publisher, *services):
        await until(lambda: not any(runtime.health.report().values()), 60, "health")
        yield Post(runtime, publisher, clock, {Team: teams, Party: parties})
