"""The matcher in this process on real Kafka, with a clock that a test moves on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest

from services.common.events import Agreement, Event, Party, Policy, Registration, Role, Signal
from services.common.publish import Publisher
from services.common.reading import read_message
from services.common.records import Message, Outgoing
from services.common.runtime import Runtime
from services.common.testing import FakeClock, FakeIssuer, make_runtime
from services.common.topics import apply, wanted_topics
from services.common.view import View
from services.matcher.app import build
from tests.flow.examples import example
from tests.real.primitives import reader, running, until

SIGNAL, REGISTRATION = example("signals/rent", Signal), example("registrations/running", Registration)
E = TypeVar("E", bound=Event)


def oin() -> str:
    return f"00000099{uuid4().int % 10**12:012}"


def new_signal(**changes: Any) -> Signal:
    fresh = {"signal_id": str(uuid4()), "household": uuid4().hex, "creditor": oin(), "municipality": oin()}
    return replace(SIGNAL, **(fresh | changes))


def new_registration(**changes: Any) -> Registration:
    fresh = {"registration_id": str(uuid4()), "household": uuid4().hex, "person": uuid4().hex}
    return replace(REGISTRATION, **(fresh | changes))


@dataclass
class House:
    """Writes what other services would, and reads what the matcher tells."""

    runtime: Runtime
    publisher: Publisher
    clock: FakeClock
    client: httpx.AsyncClient
    issuer: FakeIssuer
    views: dict[str, View[Any]]

    async def write(self, topic: str, key: str, event: Event | None, id: str | None = None) -> None:
        found = Outgoing(topic, key, event, "happened", id or str(uuid4()))
        await self.publisher.publish([found], self.clock.now())

    async def signal(self, signal: Signal) -> None:
        await self.write("signals.v1", signal.household, signal)

    async def master(self, topic: str, key: str, event: Party | Agreement | Policy) -> None:
        """Write master data, and return when the matcher has it."""
        await self.write(topic, key, event)
        await until(lambda: self.views[topic].get(key) == event, 20, "the view")

    async def party(self, *roles: Role, active: bool = True) -> str:
        found = oin()
        party = Party(party_id=found, name=found, roles=roles, active=active)
        await self.master("parties.v1", found, party)
        return found

    async def helped(self, registration: Registration) -> None:
        """Write a registration, and return when checks see it."""
        await self.write("registrations.v1", registration.registration_id, registration)
        known = self.views["registrations.by-person.v1"]
        await until(lambda: registration.registration_id in known.under(registration.person), 20, "help")

    async def hear(
        self,
        topic: str,
        kind: type[E],
        key: str,
        enough: Callable[[list[E]], bool] = bool,
        seconds: float = 40,
    ) -> list[E]:
        """Return the events of a key, once they are enough."""
        return [each.event for each in await self.read(topic, kind, key, enough, seconds)]  # type: ignore[misc]

    async def read(
        self,
        topic: str,
        kind: type[E],
        key: str,
        enough: Callable[[list[E]], bool] = bool,
        seconds: float = 40,
    ) -> list[Message]:
        """Return the committed records of a key from the start of the topic, once they are enough."""
        codec, subject = self.runtime.codec, self.runtime.catalogue.subject_of(topic)
        found: list[Message] = []
        events: list[E] = []
        async with asyncio.timeout(seconds), reader(self.runtime.settings.kafka, topic) as consumer:
            while not enough(events):
                record = await consumer.getone()
                if record.key.decode() == key:
                    found.append(read_message(record, codec, subject))
                    event = found[-1].event
                    assert isinstance(event, kind)
                    events.append(event)
        return found

    async def ask(self, party: str, body: dict[str, Any], scope: str = "toetsen") -> httpx.Response:
        headers = self.issuer.headers(party, scope)
        return await self.client.post("/v1/toetsen", json=body, headers=headers)


@pytest.fixture(scope="module")
async def house(own_kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    issuer = FakeIssuer(tmp_path_factory.mktemp("issuer"))
    clock = FakeClock(datetime.fromisoformat("2026-03-25T10:00:00+00:00"))
    runtime = await make_runtime("matcher", clock=clock, kafka=own_kafka, jwks=str(issuer.jwks))
    await apply(own_kafka, wanted_topics(runtime.catalogue))
    publisher, parts = Publisher(runtime, "test"), build(runtime)
    names = ("parties.v1", "agreements.v1", "registrations.by-person.v1", "snapshots.v1", "policies.v1")
    views = dict(zip(names, (each for each in parts.services if isinstance(each, View)), strict=True))
    transport = httpx.ASGITransport(parts.api)
    async with (
        running(publisher, *parts.services),
        httpx.AsyncClient(transport=transport, base_url="http://m") as client,
    ):
        await until(lambda: not any(runtime.health.report().values()), 60, "health")
        yield House(runtime, publisher, clock, client, issuer, views)
