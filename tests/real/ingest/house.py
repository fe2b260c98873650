"""ingest as it runs, in the test's own process, with the parties of a small town."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from joserfc import jwe
from joserfc.jwk import ECKey

from services.common import cloudevents, topics
from services.common.catalogue import PhysicalTopic
from services.common.events import Event
from services.common.host import make_runtime
from services.common.runtime import Runtime
from services.common.settings import Settings
from services.common.testing import TEST_ISSUER, FakeClock, FakeIssuer
from services.common.view import View
from services.ingest.app import build
from services.local.waiting import free_ports

HUB = "00000099000000000001"
TOWN, OTHER_TOWN, CLOSED_TOWN = "00000099000000000363", "00000099000000000518", "00000099000000000344"
LANDLORD, ENERGY, INSURER = "00000099000000001001", "00000099000000002001", "00000099000000003001"
BROKER = "00000099000000005001"
"""Sends for LANDLORD to TOWN; may act for TOWN in registrations."""
STRANGER = "00000099000000006001"
BSN, OTHER_BSN = "999990019", "999993653"
PSEUDONYM_KEY, VAULT_KEY = (base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2))
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ADDRESS = {"postcode": "1234 AB", "huisnummer": 12, "huisletter": "a"}


@dataclass(frozen=True)
class Seen:
    """A record as it is on its topic; `partition` and `offset` say where."""

    key: str
    id: str
    type: str
    event: Event | None
    time: datetime


@dataclass
class House:
    """A running ingest, and what one needs to speak with it."""

    url: str
    runtime: Runtime
    clock: FakeClock
    issuer: FakeIssuer
    client: httpx.AsyncClient
    keys: dict[str, ECKey] = field(default_factory=dict)

    def headers(self, party: str, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(party, scope)}"}

    async def send(self, method: str, path: str, party: str, scope: str, **body: Any) -> httpx.Response:
        headers = self.headers(party, scope) | body.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **body)

    async def master(self, path: str, **body: Any) -> httpx.Response:
        return await self.send("PUT", f"/v1/{path}", HUB, "beheer", json=body)

    async def signal(self, party: str, body: Any, *, trial: bool = False) -> httpx.Response:
        path = "/v1/signalen?proef=true" if trial else "/v1/signalen"
        return await self.send("POST", path, party, "signalen", json=body)

    async def settle(self) -> None:
        for oin, code in ((TOWN, "0363"), (OTHER_TOWN, "0518")):
            self.keys[oin] = ECKey.generate_key("P-256", auto_kid=True)
            key = self.keys[oin].as_dict(private=False)
            await self.made(
                f"partijen/{oin}", naam=code, rollen=["gemeente"], gemeentecode=code, publiekeSleutel=key
            )
        await self.made(f"partijen/{CLOSED_TOWN}", naam="Dicht", rollen=["gemeente"], gemeentecode="0344")
        for oin, kind in ((LANDLORD, "Huur"), (ENERGY, "Energie"), (INSURER, "Zorg")):
            await self.made(f"partijen/{oin}", naam=kind, rollen=["schuldeiser"], signaalpartner=kind)
            agreement = {"soort": "signalen", "gemeente": TOWN, "schuldeiser": oin, "vanaf": "2021-01-01"}
            await self.made(f"overeenkomsten/{oin[-4:]}", **agreement)
        await self.made(f"partijen/{BROKER}", naam="Bureau", rollen=["bemiddelaar", "hulpverlener"])
        await self.made(
            "overeenkomsten/bureau",
            soort="signalen",
            gemeente=TOWN,
            schuldeiser=LANDLORD,
            afzender=BROKER,
            vanaf="2021-01-01",
        )
        await self.made(
            "overeenkomsten/namens",
            soort="vertegenwoordiging",
            opdrachtgever=TOWN,
            gemachtigde=BROKER,
            vanaf="2021-01-01",
        )

    async def made(self, path: str, **body: Any) -> None:
        answer = await self.master(path, **body)
        assert answer.status_code == 200, answer.text

    async def on(self, topic: str) -> list[Seen]:
        """Return all that is on a topic now."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.runtime.settings.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            count = self.runtime.catalogue.topic(topic).partitions
            partitions = [TopicPartition(topic, number) for number in range(count)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            found: list[Seen] = []
            for partition in partitions:
                consumer.seek(partition, 0)
            while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
                batch = await consumer.getmany(timeout_ms=200)
                found += [self._seen(record, topic) for records in batch.values() for record in records]
            return found
        finally:
            await consumer.stop()

    def _seen(self, record: Any, topic: str) -> Seen:
        meta = cloudevents.read(record.headers)
        subject = self.runtime.catalogue.subject_of(topic)
        event = self.runtime.codec.decode(record.value, subject) if record.value is not None else None
        return Seen(record.key.decode(), meta.id, meta.type, event, meta.time)

    def opened(self, personal: bytes, municipality: str = TOWN) -> dict[str, Any]:
        found = jwe.decrypt_compact(personal, self.keys[municipality]).plaintext
        content: dict[str, Any] = json.loads(found or b"")
        return content


def signal_body(reference: str | None = None, **other: Any) -> dict[str, Any]:
    """A signal of LANDLORD that passes the gate at NOW."""
    return {
        "kenmerk": reference or uuid4().hex,
        "gemeentecode": "0363",
        "signaalpartner": "Huur",
        "bedragInCenten": 45_050,
        "ontstaansdatum": "2026-01-01",
        "signaaldatum": "2026-03-09",
        "inspanningen": ["a", "b", "c", "d"],
        "klantnummer": "K-77",
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1980-02-29"},
        "adres": dict(ADDRESS),
        "contact": {"telefoon": "0612345678", "email": "bewoner@example.org"},
    } | other


def new_oin() -> str:
    return f"00000099{uuid4().int % 10**12:012}"


@asynccontextmanager
async def running(bootstrap: str, database: str, folder: Path, **settings: Any) -> AsyncIterator[House]:
    """Run ingest with its HTTP server in this process."""
    own = folder / uuid4().hex
    own.mkdir()
    issuer, clock = FakeIssuer(own), FakeClock(NOW)
    [port] = free_ports(1)
    found = Settings.model_validate(
        {
            "kafka": bootstrap,
            "database_url": database,
            "issuer": TEST_ISSUER,
            "jwks": str(issuer.jwks),
            "pseudonym_key": PSEUDONYM_KEY,
            "vault_key": VAULT_KEY,
            "http_port": port,
        }
        | settings
    )
    async with make_runtime("ingest", found) as plain:
        runtime = replace(plain, clock=clock)
        await topics.apply(bootstrap, own_topics(runtime))
        async with serving(runtime) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield House(url, runtime, clock, issuer, client)


def own_topics(runtime: Runtime) -> list[PhysicalTopic]:
    """What ingest writes: making all topics of the hub would take most of the time."""
    own = {topic.name for topic in runtime.catalogue.topics if "ingest" in topic.producers}
    return [topic for topic in runtime.catalogue.hub_topics() if topic.name in own]


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[str]:
    """Start the parts as the host does."""
    from services.common.server import HttpServer

    parts = build(runtime)
    server = HttpServer(parts.api, runtime.settings)
    started = [server, *parts.services]
    for part in started:
        await part.start()
    await asyncio.gather(*(part.wait_ready() for part in parts.services if isinstance(part, View)))
    try:
        yield f"http://127.0.0.1:{runtime.settings.http_port}"
    finally:
        for part in reversed(started):
            await part.stop()
