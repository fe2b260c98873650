"""aiokafka producers as this hub uses them, and how to get rid of one whatever state it is in."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer

from services.common.connection import connection, disconnect
from services.common.settings import KafkaSettings

MAX_RECORD_BYTES = 1_000_000
"""Largest record that is sent: a little below the broker's own limit (max.message.bytes, 1,048,588)."""
_REQUEST_MS = 10_000
_BATCH_BYTES = 131_072
_STOP_SECONDS = 5.0


def new_producer(kafka: KafkaSettings | str, **options: Any) -> AIOKafkaProducer:
    """Return a producer, not started, that writes each record once and waits for all replicas."""
    return AIOKafkaProducer(
        **connection(kafka),
        acks="all",
        enable_idempotence=True,
        request_timeout_ms=_REQUEST_MS,
        max_batch_size=_BATCH_BYTES,
        **options,
    )


async def discard(producer: AIOKafkaProducer, seconds: float = _STOP_SECONDS) -> None:
    """Stop a producer; alone, `stop` waits for ever when the broker does not take its records.

    What was not sent after these seconds is given up. What was on its way may or may not arrive.
    """
    try:
        await asyncio.wait_for(producer.stop(), seconds)
    except Exception:  # noqa: BLE001 -- whatever it ends with, the rest has to be closed
        await _break_off(producer)


async def _break_off(producer: AIOKafkaProducer) -> None:
    sender: asyncio.Task[None] | None = producer._sender.sender_task  # noqa: SLF001 -- no public way to end it
    while sender is not None and not sender.done():
        sender.cancel()  # each time it ends one request that waits for an answer
        await asyncio.wait([sender], timeout=0.1)
    if sender is not None and not sender.cancelled():
        sender.exception()
    disconnect(producer.client)
