"""A process with one sender, for tests that kill it.

Arguments: database URL, name of the sender, key of an advisory lock. A call is a row in `calls_<name>`; after
it, the delivery waits for that lock before its end is booked.
"""

import asyncio
import sys

from sqlalchemy import text

from services.common.database import make_engine
from services.common.deliveries import Delivery
from services.common.sender import Sender
from tests.real.primitives import make_runtime


def table_of(name: str) -> str:
    return "calls_" + name.replace("-", "_")


async def main() -> None:
    url, name, lock = sys.argv[1:]
    runtime = await make_runtime("127.0.0.1:1", database_url=url)
    engine = make_engine(runtime.settings)

    async def deliver(delivery: Delivery) -> None:
        async with engine.begin() as connection:
            call = text(f"INSERT INTO {table_of(name)} VALUES (:id, :body)")
            await connection.execute(call, {"id": delivery.id, "body": delivery.body})
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": int(lock)})

    await Sender(name, deliver, runtime, engine).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
