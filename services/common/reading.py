"""Kafka records to messages."""

from functools import partial

from aiokafka.structs import ConsumerRecord

from services.common import cloudevents
from services.common.codec import Codec
from services.common.dlq.letters import without_replay
from services.common.errors import ContractError
from services.common.records import Message


def read_message(record: ConsumerRecord, codec: Codec, subject: str) -> Message:
    """Return what a record says, or a `ContractError`; `codec` must have learnt its schema id."""
    message = unread_message(record, codec, subject)
    message.event  # noqa: B018 -- decoded now, so that what cannot be read shows here
    return message


def unread_message(record: ConsumerRecord, codec: Codec, subject: str) -> Message:
    """Return the same with an event that is decoded, or raises, when a handler asks for it.

    Decoding is half of what a Processor does for a record, and who only passes it on needs none.
    """
    value, headers = record.value, without_replay(tuple(record.headers))
    return Message(
        record.topic,
        key_of(record.key),
        None if value is None else partial(codec.decode, value, subject),
        cloudevents.read(headers),
        value,
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
