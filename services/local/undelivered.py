"""Webhooks that were given up: the operator sees them, and has them tried again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from services.common import deliveries
from services.common.database import make_engine, transaction
from services.common.deliveries import DeadDelivery
from services.common.errors import ConfigurationError
from services.notifier.webhooks import SENDER


async def dead(database: str) -> list[DeadDelivery]:
    """Return what was given up, oldest first; `database` is a SQLAlchemy URL."""
    async with _connected(database) as connection:
        return await deliveries.dead(connection, SENDER)


async def restart(database: str, delivery_id: str) -> None:
    """Give a dead delivery all its attempts again; one that is not dead is a `ConfigurationError`."""
    async with _connected(database) as connection:
        if not await deliveries.restart(connection, SENDER, delivery_id):
            raise ConfigurationError(f"no dead delivery {delivery_id}; see: signaalhub deliveries list")


@asynccontextmanager
async def _connected(database: str) -> AsyncIterator[AsyncConnection]:
    engine = make_engine(database)
    try:
        async with transaction(engine) as connection:
            yield connection
    finally:
        await engine.dispose()
