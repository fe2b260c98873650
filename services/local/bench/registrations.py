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
from itertools import chain
from time import monotonic

from services.common.errors import TransientError
from services.common.events import Contact, Evidence, EvidenceKind, Registration
from services.common.partitioning import partition_of
from services.common.pseudonyms import Pseudonyms
from services.common.publish import Encoded, encode
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.local.bench.broker import Record, admin_of, bench_runtime, fill, until_committed
from services.local.bench.nation import BAILIFF
from services.local.demo.desk import Desk, good
from services.local.demo.hub import Hub
from services.local.keys import Secrets

TOPIC, GROUP = "registrations.by-person.v1", "matcher-persons"
REGISTRAR = "00000099100000000000"
_NAME, _PERSON = b"N" * 36, b"P" * 32
"""Where the ids of a registration stand in the one that all are made of."""
_EVIDENCE = tuple(
    Evidence(kind=kind, digest=f"{number:x}" * (16 + 6 * slips))
    for number, (kind, slips) in enumerate(
        [
            (EvidenceKind.BSN, 0),
            (EvidenceKind.BIRTH_DATE, 8),
            (EvidenceKind.SURNAME, 6),
            (EvidenceKind.SURNAME, 6),
            (EvidenceKind.INITIAL, 1),
        ]
    )
)
_SEALED = 600
_SAMPLE = 100
_SECONDS = 300.0
_LOOK_SECONDS = 0.2


async def load(hub: Hub, count: int, bsns: Sequence[str]) -> None:
    """Write `count` registrations, the last ones of these persons; returns when matcher has them all."""
    kafka, pseudonyms = hub.endpoints["kafka"], pseudonyms_of(hub.secrets)
    async with bench_runtime(kafka) as runtime, admin_of(kafka) as admin, asyncio.timeout(_SECONDS):
        await asyncio.to_thread(fill, kafka, records(count, bsns, pseudonyms, runtime))
        await until_committed(admin, GROUP, TOPIC, count)
        for service in hub.replicas("matcher"):
            await _until_known(hub, service, bsns[-_SAMPLE:])


def pseudonyms_of(secrets: Secrets) -> Pseudonyms:
    """Return the pseudonyms of a hub with these secrets."""
    return Pseudonyms(base64.b64decode(secrets.pseudonym_key))


def records(count: int, bsns: Sequence[str], pseudonyms: Pseudonyms, runtime: Runtime) -> Iterator[Record]:
    """Yield `count` registrations, the last ones of these persons: one record that only ids differ in.

    To encode each anew would take most of the minute that a million may take.
    """
    one = _encoded(runtime)
    value, headers = one.value or b"", one.headers
    partitions = runtime.catalogue.topic(TOPIC).partitions
    persons = chain(_nobodies(count - len(bsns)), map(pseudonyms.person, bsns))
    for number, person in enumerate(persons):
        name = f"{number:08x}-0000-4000-8000-000000000000"
        own = value.replace(_NAME, name.encode()).replace(_PERSON, person.encode())
        id_ = [(key, name.encode() if key == "ce_id" else text) for key, text in headers]
        key = f"{person}/{name}"
        yield Record(TOPIC, key.encode(), own, id_, partition_of(key, partitions))


def _nobodies(count: int) -> Iterator[str]:
    return (sha256(f"nobody {number}".encode()).hexdigest()[:32] for number in range(count))


def _encoded(runtime: Runtime) -> Encoded:
    now, name = datetime.now(UTC), _NAME.decode()
    registration = Registration(
        registration_id=name,
        registrar=REGISTRAR,
        municipality=REGISTRAR,
        person=_PERSON.decode(),
        household=sha256(b"household").hexdigest()[:32],
        unit="",
        evidence=_EVIDENCE,
        started_on=now.date(),
        contact=Contact(organisation="Schuldhulp", phone="0301234567", email=None),
        personal=random.Random(2).randbytes(_SEALED),
    )
    return encode(Outgoing(TOPIC, name, registration, "placed", name), runtime, now)


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
