"""`signaalhub erase`: asks for it in the database; ingest tells the municipality, then erases."""

import asyncio
import re
import time

from services.common.database import make_engine, transaction
from services.common.errors import ConfigurationError, TransientError
from services.common.expiry import left, request

SECONDS = 60.0
"""Longer than a process of ingest needs to see it, and to be answered by a broker that is slow."""
_POLL_SECONDS = 0.5
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOUSEHOLD = re.compile(r"[0-9a-f]{32}")


async def erase(
    database: str, signal: str | None, household: str | None, seconds: float = SECONDS
) -> list[str]:
    """Return what was erased (ids), once it is; what was not there is nothing. `database`: SQLAlchemy URL."""
    _check(signal, household)
    engine = make_engine(database)
    try:
        async with transaction(engine) as connection:
            asked = await request(connection, signal=signal, household=household)
        end = time.monotonic() + seconds
        while True:
            async with transaction(engine) as connection:
                count = await left(connection, asked)
            if not count:
                return asked
            if time.monotonic() > end:
                raise TransientError(f"{count} asked for, not erased yet: ingest does it as soon as it runs")
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        await engine.dispose()


def _check(signal: str | None, household: str | None) -> None:
    if (signal is None) == (household is None):
        raise ConfigurationError("give either --signaal ID or --huishouden PSEUDONYM")
    if signal is not None and not _ID.fullmatch(signal):
        raise ConfigurationError("--signaal takes the id of a signal: a UUID in small letters")
    if household is not None and not _HOUSEHOLD.fullmatch(household):
        raise ConfigurationError("--huishouden takes a pseudonym: 32 hex characters, never an address")
