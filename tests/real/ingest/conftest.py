"""One ingest for these tests: use references and parties of your own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.real.ingest.house import House, running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(kafka: str, database: str, session_folder: Path) -> AsyncIterator[House]:
    async with running(kafka, database, session_folder) as found:
        await found.settle()
        yield found
