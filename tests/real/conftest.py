"""One Apache Kafka and one PostgreSQL for the whole test session: use topics and tables of your own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.local.kafka import EmbeddedKafka
from services.local.postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="signaalhub-"))  # short: a socket's path must fit
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def kafka(session_folder: Path) -> Iterator[str]:
    """Bootstrap servers of a real broker."""
    with EmbeddedKafka(session_folder / "kafka") as broker:
        yield broker.bootstrap


@pytest.fixture(scope="module")
def own_kafka(session_folder: Path) -> Iterator[str]:
    """A broker for one module: what other tests write would be work, or poison, for a whole service."""
    with EmbeddedKafka(Path(tempfile.mkdtemp(prefix="kafka-", dir=session_folder))) as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def database(session_folder: Path) -> Iterator[str]:
    """SQLAlchemy URL of a real PostgreSQL with all migrations applied."""
    from services.common.database import migrate

    with EmbeddedPostgres(session_folder / "postgres", fsync=False) as server:
        migrate(server.url)
        yield server.url
