"""What a partner sees: every event on every topic, read with confluent-kafka and a registry client."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.common.catalogue import load_catalogue
from services.common.identifiers import derived_id
from services.common.settings import REPOSITORY
from services.local.erasing import erase
from services.local.waiting import wait_until
from tests.real.hub.town import (
    BAILIFF,
    BSN,
    INSURER,
    LANDLORD,
    OTHER_TOWN,
    PERSON,
    TOWN,
    Town,
    days_ago,
    opened,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
PARTIES = {"MUNICIPALITY": TOWN, "CREDITOR": LANDLORD, "BAILIFF": BAILIFF}
SECONDS = 30

Raw = tuple[str, bytes | None, dict[str, bytes]]
"""Key, value and headers."""


@dataclass(frozen=True)
class Seen:
    """One record as a partner reads it."""

    key: str
    headers: dict[str, bytes]
    event: dict[str, Any] | None


@pytest.fixture(scope="module")
def seen(hub: Town) -> dict[str, list[Seen]]:
    """Live through a month in small, then read everything."""
    assert hub.check().json()["bekend"] is False
    assert hub.signal(INSURER, "Z-1").status_code == 202
    assert hub.signal(LANDLORD, "H-1").status_code == 202
    assert hub.signal(LANDLORD, "H-2", ontstaansdatum=days_ago(0)).status_code == 400
    wait_until(lambda: any(len(case["signalen"]) == 2 for case in hub.cases()), SECONDS, "the case")
    case = next(case for case in hub.cases() if len(case["signalen"]) == 2)
    assert hub.attempt(case["id"]).status_code == 202
    assert hub.result(case["id"]).status_code == 202
    pause_is_prolonged_and_acknowledged(hub, case["id"])
    assert hub.register("SHV-1").is_success
    wait_until(lambda: hub.debts("M-1").status_code == 202, SECONDS, "the registration in ingest")
    answer_a_question(hub)
    answer = send_a_snapshot(hub)
    assert answer.is_success, answer.text
    assert hub.signal(LANDLORD, "H-9", adres={"postcode": "1234 AB", "huisnummer": 99}).status_code == 202
    erased = derived_id("signal", LANDLORD, "H-9")
    assert asyncio.run(erase(hub.endpoints["database"], erased, None)) == [erased]
    late = hub.signal(LANDLORD, "H-3", signaaldatum=days_ago(20)).json()["id"]
    assert hub.send("ingest", "DELETE", f"/v1/signalen/{late}", LANDLORD, "signalen").status_code == 204
    wait_until(lambda: all(raw(hub).values()), SECONDS, "a record on every topic", poll=1)
    with SchemaRegistryClient({"url": hub.endpoints["ingest"]}) as registry:
        deserialize = AvroDeserializer(registry)
        return {
            topic: [Seen(key, headers, decoded(deserialize, topic, value)) for key, value, headers in records]
            for topic, records in raw(hub).items()
        }


def pause_is_prolonged_and_acknowledged(hub: Town, case: str) -> None:
    def pauses() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = hub.send("feedback", "GET", "/v1/pauzes", LANDLORD, "pauzes").json()[
            "pauzes"
        ]
        return found

    wait_until(lambda: bool(pauses()), SECONDS, "the pause")
    body = {"totEnMet": days_ago(-60)}
    answer = hub.send("feedback", "POST", f"/v1/zaken/{case}/pauze", TOWN, "zaken", json=body)
    assert answer.status_code == 202, answer.text
    path = f"/v1/pauzes/{pauses()[0]['id']}/bevestiging"
    assert hub.send("feedback", "POST", path, LANDLORD, "pauzes").status_code == 202


def answer_a_question(hub: Town) -> None:
    """A signal that names no birth date, and says more, may be of somebody in debt help: that is asked."""
    some = {name: PERSON[name] for name in ("voorletters", "geslachtsnaam")}
    assert hub.signal(LANDLORD, "H-7", persoon=some, bedragInCenten=999_999).status_code == 202
    wait_until(lambda: bool(hub.questions()), SECONDS, "the question")
    path = f"/v1/vragen/{hub.questions()[0]['id']}/antwoord"
    answer = hub.send("feedback", "POST", path, TOWN, "zaken", json={"antwoord": "nee"})
    assert answer.status_code == 202, answer.text


def send_a_snapshot(hub: Town) -> httpx.Response:
    """Another municipality sends all that it has: one person."""
    row = {
        "kenmerk": "S-1",
        "burgerservicenummer": "999990020",
        "persoon": {"geslachtsnaam": "Jansen"},
        "adres": {"postcode": "2511 AB", "huisnummer": 1},
        "begindatum": days_ago(1),
        "contact": {"organisatie": "Schuldhulp", "telefoon": "070-0000000", "email": "hulp@example.org"},
    }
    token = hub.token(OTHER_TOWN, "registraties", None)
    return httpx.put(
        f"{hub.endpoints['ingest']}/v1/momentopnames/{days_ago(0)}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        content=json.dumps(row),
        timeout=20,
    )


def decoded(deserialize: AvroDeserializer, topic: str, value: bytes | None) -> dict[str, Any] | None:
    """Decode as a partner does; a tombstone has nothing to decode."""
    if value is None:
        return None
    event: Any = deserialize(value, SerializationContext(topic, MessageField.VALUE))
    assert isinstance(event, dict)
    return event


def raw(hub: Town) -> dict[str, list[Raw]]:
    """Read every topic whole, committed records only: key, value and headers."""
    consumer = Consumer(
        {
            "bootstrap.servers": hub.endpoints["kafka"],
            "group.id": "partner",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    topics = [topic.name for topic in CATALOGUE.topics] + [
        t.name.format(oin=PARTIES[t.roles[0]]) for t in CATALOGUE.tenant_topics
    ]
    found: dict[str, list[Raw]] = {topic: [] for topic in topics}
    try:
        described = consumer.list_topics(timeout=10).topics
        open_ends = {(topic, p) for topic in topics for p in described[topic].partitions}
        consumer.assign([TopicPartition(topic, p, 0) for topic, p in open_ends])
        while open_ends:
            message: Any = consumer.poll(10)
            assert message is not None, f"no end of {open_ends}"
            if message.error() is not None:
                open_ends.discard((message.topic(), message.partition()))
                continue
            headers = dict(message.headers() or [])
            found[message.topic()].append((message.key().decode(), message.value(), headers))
        return found
    finally:
        consumer.close()


def test_every_topic_of_the_catalogue_is_read_by_a_plain_avro_consumer(seen: dict[str, list[Seen]]) -> None:
    assert {name for name, records in seen.items() if not records} == set()


def test_every_event_has_the_cloudevents_headers_of_the_nl_gov_profile(seen: dict[str, list[Seen]]) -> None:
    for name, records in seen.items():
        subject = CATALOGUE.subject_of(name)
        for record in records:
            check_headers(record.headers, subject)


def check_headers(headers: dict[str, bytes], subject: str) -> None:
    text = {key: value.decode() for key, value in headers.items()}
    assert all(re.fullmatch(r"ce_[a-z0-9]{1,20}|content-type|traceparent", key) for key in text)
    assert UUID(text["ce_id"])
    assert re.fullmatch(r"urn:nld:oin:\d{20}:systeem:(ingest|matcher|notifier|feedback)", text["ce_source"])
    assert re.fullmatch(rf"nl\.signaalhub\.{subject}\.[a-z]+(-[a-z]+)*", text["ce_type"])
    assert text["ce_time"].endswith("Z")
    assert datetime.fromisoformat(text["ce_time"]).tzinfo is not None
    assert text["ce_specversion"] == "1.0"
    assert text["content-type"] == "application/avro"


def test_no_event_stands_twice_on_a_topic(seen: dict[str, list[Seen]]) -> None:
    for name, records in seen.items():
        if CATALOGUE.subject_of(name) in {"parties", "agreements", "policies", "teams"}:
            continue  # a PUT is written again with the same id as often as it is sent
        ids = [(r.headers["ce_source"], r.headers["ce_id"]) for r in records]
        assert len(ids) == len(set(ids)), name


def test_the_municipality_opens_the_personal_data_of_its_signals(
    hub: Town, seen: dict[str, list[Seen]]
) -> None:
    by_reference = {
        content["kenmerk"]: content
        for record in seen[f"tenant.{TOWN}.signals.v1"]
        if record.event and (content := opened(record.event["personal"], hub.keys[TOWN]))
    }
    assert by_reference["Z-1"]["persoon"] == {**PERSON, "burgerservicenummer": BSN}
    assert by_reference["H-1"]["adres"]["huisnummer"] == 12


def test_the_municipality_opens_the_debts_that_a_bailiff_tells_its_helper(
    hub: Town, seen: dict[str, list[Seen]]
) -> None:
    [told] = seen[f"tenant.{TOWN}.debt-reports.v1"]
    assert told.event
    content = opened(told.event["personal"], hub.keys[TOWN])
    assert (content["burgerservicenummer"], content["schulden"][0]["dossiernummer"]) == (BSN, "D-9")


def test_no_other_key_opens_them(hub: Town, seen: dict[str, list[Seen]]) -> None:
    stranger = ECKey.generate_key("P-256")
    for record in seen[f"tenant.{TOWN}.signals.v1"]:
        assert record.event
        for key in (hub.keys[OTHER_TOWN], stranger):
            with pytest.raises(JoseError):
                opened(record.event["personal"], key)


def test_no_amount_stands_in_a_key_or_header(seen: dict[str, list[Seen]]) -> None:
    for records in seen.values():
        for record in records:
            assert "45050" not in record.key + b"\n".join(record.headers.values()).decode()


def test_a_creditor_hears_of_its_own_signals_only(seen: dict[str, list[Seen]]) -> None:
    for subject in ("pauses", "feedback", "refusals"):
        for record in seen[f"tenant.{LANDLORD}.{subject}.v1"]:
            assert record.event
            assert record.event["creditor"] == LANDLORD
