"""Kafka records to messages."""

from functools import partial

from aiokafka.structs import ConsumerRecord

from services.common import cloudevents
from services.common.codec import Codec
from services.common.dlq.letters import without_replay
from services.common.errors import ContractError
from services.common.events import Event
from services.common.records import Message, Unread


def read_message(record: ConsumerRecord, codec: Codec, subject: str) -> Message:
    """Return what a record says, or a `ContractError`; `codec` must have learnt its schema id."""
    return _message(record, None if record.value is None else codec.decode(record.value, subject))


def unread_message(record: ConsumerRecord, codec: Codec, subject: str) -> Message:
    """Return the same with an event that is decoded, or raises, when a handler asks for it.

    Decoding is half of what a Processor does for a record, and who only passes it on needs none.
    """
    value = record.value
    return _message(record, None if value is None else partial(codec.decode, value, subject))


def _message(record: ConsumerRecord, content: Event | Unread | None) -> Message:
    headers = without_replay(tuple(record.headers))
    return Message(
        record.topic,
        key_of(record.key),
        content,
        cloudevents.read(headers),
        record.value,
        headers,
        record.partition,
        record.offset,
    )


def key_of(key: bytes | None) -> str:
    """Return the text of a key, or a `ContractError`."""
    if key is None:
        raise ContractError("record has no key")
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise ContractError("key is not UTF-8") from error
