"""The loop that the Processor is compared with: getmany, send_batch, a transaction per batch, nothing else.

No schema, state, timers, dead letters, recovery or rebalance. It writes as the Processor does: a producer per
partition, at most 2,000 records in a transaction, offsets in the same one.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.common.producers import discard, new_producer

Change = Callable[[bytes], bytes]
_MOST = 2_000
_POLL_MS = 100


async def bare_loop(
    kafka: str,
    source: str,
    target: str,
    group: str,
    partitions: int,
    change: Change | None,
    seen: Callable[[int], None],
) -> None:
    """Copy `source` to `target` until cancelled; `change` is done to each value, `seen` told each batch."""
    inputs = [TopicPartition(source, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producers = [new_producer(kafka, transactional_id=f"{group}-{each.partition}") for each in inputs]
    try:
        await consumer.start()
        for producer in producers:
            await producer.start()
            await producer.client.set_topics([target])
        consumer.assign(inputs)
        async with asyncio.TaskGroup() as tasks:
            for each, producer in zip(inputs, producers, strict=True):
                tasks.create_task(_partition(consumer, producer, each, target, group, change, seen))
    finally:
        for producer in producers:
            await discard(producer)
        await consumer.stop()


async def _partition(
    consumer: AIOKafkaConsumer,
    producer: AIOKafkaProducer,
    source: TopicPartition,
    target: str,
    group: str,
    change: Change | None,
    seen: Callable[[int], None],
) -> None:
    while True:
        found = await consumer.getmany(source, timeout_ms=_POLL_MS, max_records=_MOST)
        records = found.get(source)
        if records:
            seen(len(records))  # before the work on them, as a handler counts
            await _transaction(producer, records, target, source.partition, group, change)


async def _transaction(
    producer: AIOKafkaProducer,
    records: list[ConsumerRecord],
    target: str,
    partition: int,
    group: str,
    change: Change | None,
) -> None:
    builders = [producer.create_batch()]
    for record in records:
        value = change(record.value) if change else record.value
        headers = list(record.headers)
        if builders[-1].append(timestamp=None, key=record.key, value=value, headers=headers) is None:
            builders.append(producer.create_batch())
            builders[-1].append(timestamp=None, key=record.key, value=value, headers=headers)
    source = TopicPartition(records[0].topic, partition)
    await producer.begin_transaction()
    sent = [await producer.send_batch(builder, target, partition=partition) for builder in builders]
    await asyncio.gather(*sent)
    done = {source: OffsetAndMetadata(records[-1].offset + 1, "")}
    await producer.send_offsets_to_transaction(done, group)
    await producer.commit_transaction()
