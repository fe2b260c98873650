"""Reads every topic of the hub along, as any consumer would: committed records only, whole history."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord

POLL_MS = 50
_FETCH_MS = 100
_FETCH_BYTES = 64 * 1024
"""Few large answers instead of many small ones: the broker has other customers."""


class Tail:
    """Keeps all records in memory by topic; use as an async context manager."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        settings = {
            "bootstrap_servers": bootstrap,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
        }
        self._reader = AIOKafkaConsumer(
            isolation_level="read_committed",
            fetch_max_wait_ms=_FETCH_MS,
            fetch_min_bytes=_FETCH_BYTES,
            **settings,
        )
        self._looker = AIOKafkaConsumer(**settings)
        self._task: asyncio.Task[None] | None = None
        self._partitions: list[TopicPartition] = []
        self.records: dict[str, list[ConsumerRecord[bytes, bytes]]] = defaultdict(list)
        self.next_offset: dict[tuple[str, int], int] = {}
        """After the last record (transaction markers do not count) of each partition."""

    async def __aenter__(self) -> Self:
        await self._reader.start()
        await self._looker.start()
        await self._follow()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._reader.stop()
        await self._looker.stop()

    async def ends(self) -> dict[TopicPartition, int]:
        """Return where each partition ends now, open transactions and markers included."""
        found: dict[TopicPartition, int] = await self._looker.end_offsets(self._partitions)
        return found

    async def read_up_to(self, ends: dict[TopicPartition, int]) -> bool:
        """Tell whether all before these ends was read; an open transaction says no."""
        for partition, end in ends.items():
            if end and await self._reader.position(partition) < end:
                return False
        return True

    async def _follow(self) -> None:
        topics = sorted(name for name in await self._looker.topics() if _wanted(name))
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            described = await admin.describe_topics(topics)
        finally:
            await admin.close()
        self._partitions = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        self._reader.assign(self._partitions)
        self._looker.assign(self._partitions)
        self._looker.pause(
            *self._partitions
        )  # it only looks: a fetch under way would keep its questions waiting

    async def _read(self) -> None:
        while True:
            batches = await self._reader.getmany(timeout_ms=POLL_MS)
            for partition, records in batches.items():
                self.records[partition.topic].extend(records)
                self.next_offset[partition.topic, partition.partition] = records[-1].offset + 1


def _wanted(topic: str) -> bool:
    """Leave out Kafka's own topics, and the processors' memories."""
    return not topic.startswith("__") and not topic.endswith(".changelog")
