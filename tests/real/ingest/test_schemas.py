"""The registry's paths, with the client and deserializer of confluent-kafka itself."""

import asyncio
import json

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.real.ingest.house import LANDLORD, House, signal_body

pytestmark = pytest.mark.real


async def test_confluents_deserializer_reads_a_topic_with_nothing_but_our_address(house: House) -> None:
    accepted = (await house.signal(LANDLORD, signal_body())).json()["id"]
    consumer = AIOKafkaConsumer(
        "signals.v1", bootstrap_servers=house.runtime.settings.kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            while True:
                record = await consumer.getone()
                if dict(record.headers)["ce_id"].decode() == accepted:
                    break
    finally:
        await consumer.stop()
    context = SerializationContext("signals.v1", MessageField.VALUE)
    with SchemaRegistryClient({"url": house.url}) as client:
        found = await asyncio.to_thread(AvroDeserializer(client), record.value, context)
    assert (found["signal_id"], found["creditor"]) == (accepted, LANDLORD)


async def test_the_registry_client_finds_subjects_and_versions(house: House) -> None:
    with SchemaRegistryClient({"url": house.url}) as client:
        subjects = await asyncio.to_thread(client.get_subjects)
        versions = await asyncio.to_thread(client.get_versions, "signals")
        latest = await asyncio.to_thread(client.get_latest_version, "signals")
    assert "signals" in subjects
    assert versions == list(range(1, latest.version + 1))
    assert latest.subject == "signals"
    assert json.loads(latest.schema.schema_str or "")["name"] == "Signal"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/schemas/ids/9999", 40403),
        ("/schemas/ids/x", 40403),
        ("/subjects/nothing/versions", 40401),
        ("/subjects/nothing/versions/1", 40401),
        ("/subjects/signals/versions/9", 40402),
    ],
)
async def test_what_is_not_there_is_said_in_the_registrys_own_terms(
    house: House, path: str, code: int
) -> None:
    answer = await house.client.get(path)
    assert (answer.status_code, answer.json()["error_code"]) == (404, code)
