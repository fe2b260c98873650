"""What a creditor writes to its own topic, the one place where the hub has clear text of others."""

import json

from confluent_kafka import Consumer, Producer, TopicPartition

from services.common.catalogue import load_catalogue
from services.common.settings import REPOSITORY
from services.local.waiting import wait_until
from tests.real.hub.town import BSN, LANDLORD
from tests.real.hub.watched import BROKEN, EMAIL, HOME, NAME, SECONDS, WRONG, Watched, row

(_TOPIC,) = load_catalogue(REPOSITORY / "schemas").intake_topics
INTAKE = _TOPIC.name.format(oin=LANDLORD)


def write(town: Watched) -> None:
    """Write right and wrong records; whoever has the right to may put anything in key and headers too."""
    right = row("I-1") | {"adres": HOME | {"huisnummer": 14}}
    town.sent += [right, WRONG]
    values = [right, WRONG, right | {"bedragInCenten": 1}, [NAME], BSN]
    producer = Producer({"bootstrap.servers": town.endpoints["kafka"]})
    texts = [*map(json.dumps, values), BROKEN]
    for value in [*(text.encode() for text in texts), NAME.encode("utf-16")]:
        producer.produce(INTAKE, value, BSN, headers=[(EMAIL, NAME.encode())])
    assert producer.flush(SECONDS) == 0


def wait_for_it(town: Watched) -> None:
    """Wait until all of it is taken in or refused."""
    consumer = Consumer({"bootstrap.servers": town.endpoints["kafka"], "group.id": _TOPIC.group})
    place = TopicPartition(INTAKE, 0)
    try:
        _, end = consumer.get_watermark_offsets(place, timeout=SECONDS)
        wait_until(
            lambda: consumer.committed([place], timeout=SECONDS)[0].offset == end, SECONDS, "the intake"
        )
    finally:
        consumer.close()
