"""Kafka records to messages."""

from aiokafka.structs import ConsumerRecord

from services.common import cloudevents
from services.common.codec import Codec
from services.common.dlq.letters import without_replay
from services.common.errors import ContractError
from services.common.records import Message


def read_message(record: ConsumerRecord, codec: Codec, subject: str) -> Message:
    """Return what a record says, or a `ContractError`; `codec` must have learnt its schema id."""
    headers = without_replay(tuple(record.headers))
    return Message(
        topic=record.topic,
        key=key_of(record.key),
        event=None if record.value is None else codec.decode(record.value, subject),
        meta=cloudevents.read(headers),
        value=record.value,
        headers=headers,
        partition=record.partition,
        offset=record.offset,
    )


def key_of(key: bytes | None) -> str:
    """Return the text of a key, or a `ContractError`."""
    if key is None:
        raise ContractError("record has no key")
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise ContractError("key is not UTF-8") from error
