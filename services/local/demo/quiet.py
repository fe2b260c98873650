"""When everything that was sent has had its effect: seen on the broker and in the database, not slept for."""

import asyncio
import time
from typing import Self

import psycopg
from aiokafka.admin import AIOKafkaAdminClient

from services.common.catalogue import Catalogue
from services.common.errors import TransientError
from services.local.demo.tail import Tail

LOOK_SECONDS = 0.1
LIMIT_SECONDS = 180.0
"""Far more than it ever takes, also on a machine that does ten other things."""
OFFSETS = "SELECT projection, topic, partition, next_offset FROM common.projection_offsets"


class Quiet:
    """Knows who reads what, and how far they are; use as an async context manager."""

    def __init__(self, bootstrap: str, database: str, catalogue: Catalogue, tail: Tail) -> None:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self._database = database.replace("postgresql+psycopg://", "postgresql://")
        self._catalogue = catalogue
        self._tail = tail
        self._behind = "nothing looked at yet"

    async def __aenter__(self) -> Self:
        await self._admin.start()
        self._connection = await psycopg.AsyncConnection.connect(self._database, autocommit=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        await self._admin.close()

    async def wait(self) -> None:
        """Return when, seen twice in a row, every reader is at the end and no topic has grown."""
        end, before = time.monotonic() + LIMIT_SECONDS, None
        while time.monotonic() < end:
            ends = await self._tail.ends()
            settled = await self._settled(ends)
            if settled and ends == before:
                return
            before = ends if settled else None
            await asyncio.sleep(LOOK_SECONDS)
        raise TransientError(f"the hub did not come to rest in {LIMIT_SECONDS:.0f} s: {self._behind}")

    async def _settled(self, ends: dict[object, int]) -> bool:
        if not await self._tail.read_up_to(ends):
            self._behind = "a topic holds an open transaction"
            return False
        return await self._groups_done() and await self._projections_done()

    async def _groups_done(self) -> bool:
        for spec in self._catalogue.processors:
            committed = await self._admin.list_consumer_group_offsets(spec.name)
            done = {(tp.topic, tp.partition): offset.offset for tp, offset in committed.items()}
            for (topic, partition), wanted in self._tail.next_offset.items():
                if topic in spec.inputs and done.get((topic, partition), 0) < wanted:
                    self._behind = f"{spec.name} is behind on {topic} {partition}"
                    return False
        return True

    async def _projections_done(self) -> bool:
        cursor = await self._connection.execute(OFFSETS)
        for projection, topic, partition, reached in await cursor.fetchall():
            if reached < self._tail.next_offset.get((topic, partition), 0):
                self._behind = f"projection {projection} is behind on {topic} {partition}"
                return False
        return True
