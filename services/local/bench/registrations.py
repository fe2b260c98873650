"""A national number of debt-help registrations, written to the topic that checks are answered from.

Only a few thousand BSNs of the test range exist, so most persons are pseudonyms of nobody. They come first:
when those with a BSN are known, all are.
"""

import asyncio
import base64
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

from services.common.errors import TransientError
from services.common.events import Contact, Registration
from services.common.identifiers import derived_id
from services.common.partitioning import partition_of
from services.common.pseudonyms import Pseudonyms
from services.common.publish import encode
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.local.bench.broker import Record, admin_of, bench_runtime, fill, until_committed
from services.local.bench.nation import BAILIFF
from services.local.demo.desk import Desk, good
from services.local.demo.hub import Hub

TOPIC, GROUP = "registrations.by-person.v1", "matcher-persons"
_SEALED = 600
_SAMPLE = 100
_SECONDS = 300.0
_LOOK_SECONDS = 0.2


async def load(hub: Hub, count: int, bsns: Sequence[str]) -> None:
    """Write `count` registrations, the last ones of these persons; returns when matcher has them all."""
    kafka = hub.endpoints["kafka"]
    async with bench_runtime(kafka) as runtime, admin_of(kafka) as admin, asyncio.timeout(_SECONDS):
        persons = [*_nobodies(count - len(bsns)), *_pseudonyms(hub, bsns)]
        await asyncio.to_thread(fill, kafka, _records(persons, runtime))
        await until_committed(admin, GROUP, TOPIC, count)
        for service in hub.replicas("matcher"):
            await _until_known(hub, service, bsns[-_SAMPLE:])


def _nobodies(count: int) -> Iterator[str]:
    return (sha256(f"nobody {number}".encode()).hexdigest()[:32] for number in range(count))


def _pseudonyms(hub: Hub, bsns: Sequence[str]) -> Iterator[str]:
    pseudonyms = Pseudonyms(base64.b64decode(hub.secrets.pseudonym_key))
    return (pseudonyms.person(bsn) for bsn in bsns)


def _records(persons: Sequence[str], runtime: Runtime) -> Iterator[Record]:
    now, sealed = datetime.now(UTC), random.Random(2).randbytes(_SEALED)
    partitions = runtime.catalogue.topic(TOPIC).partitions
    for number, person in enumerate(persons):
        registration = Registration(
            registration_id=derived_id("bench registration", str(number)),
            registrar="00000099100000000000",
            municipality="00000099100000000000",
            person=person,
            household=person[::-1],
            unit="",
            evidence=(),
            started_on=now.date(),
            contact=Contact(organisation="Schuldhulp", phone="0301234567", email=None),
            personal=sealed,
        )
        key = f"{person}/{registration.registration_id}"
        made = encode(
            Outgoing(TOPIC, key, registration, "placed", registration.registration_id), runtime, now
        )
        yield Record(TOPIC, key.encode(), made.value or b"", made.headers, partition_of(key, partitions))


async def _until_known(hub: Hub, service: str, bsns: Sequence[str]) -> None:
    end = monotonic() + _SECONDS
    async with Desk(hub) as desk:
        for bsn in bsns:
            content = {"burgerservicenummer": bsn, "dossiernummer": "D", "reden": "inning"}
            while not await _known(desk, service, content):
                if monotonic() > end:
                    raise TransientError(f"{service} does not know all registrations after {_SECONDS:.0f} s")
                await asyncio.sleep(_LOOK_SECONDS)


async def _known(desk: Desk, service: str, content: dict[str, str]) -> bool:
    answer = await desk.ask(
        "POST", "/v1/toetsen", service=service, party=BAILIFF, scope="toetsen", json=content
    )
    return bool(good(answer)["bekend"])
