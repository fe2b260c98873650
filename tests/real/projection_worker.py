"""A process with one projection, for tests that kill or freeze it.

Arguments: bootstrap servers, database URL, name of the projection, topic, replica, key of an advisory lock.
Each record becomes a row of `applied_<topic>`. With a lock key other than 0 a transaction waits for that lock
after its rows were written, so that a test can keep it there.
"""

import asyncio
import sys
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.database import make_engine
from services.common.projection import Apply, Projection
from services.common.records import Message
from tests.real.primitives import make_runtime


def table_of(topic: str) -> str:
    return "applied_" + topic.replace("-", "_")


def writing(table: str, lock: int = 0) -> Apply:
    """Return an `apply` that writes a row per record; nothing makes it idempotent, so doubles show."""
    insert = text(f'INSERT INTO {table} (key, partition, "offset") VALUES (:key, :partition, :offset)')

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        rows = [{"key": m.key, "partition": m.partition, "offset": m.offset} for m in messages]
        await connection.execute(insert, rows)
        if lock:
            await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": lock})

    return apply


async def main() -> None:
    bootstrap, url, name, topic, replica, lock = sys.argv[1:]
    runtime = await make_runtime(bootstrap, topic, database_url=url, replica=replica)
    engine = make_engine(runtime.settings)
    projection = Projection(name, (topic,), writing(table_of(topic), int(lock)), runtime, engine)
    await projection.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
