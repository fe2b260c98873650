"""PostgreSQL: the engine, one transaction at a time, and the migrations."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.common.errors import TransientError
from services.common.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x51_67_6E_6C
"""Key of the advisory lock that lets one process migrate at a time; any number, never changed."""
_CONNECT_SECONDS = 5
_LOCK_SECONDS = 10
_IDLE_SECONDS = 30
"""How long a transaction waits for what another holds, and how long one may be silent that holds something,
unless it says otherwise: a process that froze, or whose machine is gone, must not stop the others."""
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""Seconds (the last: milliseconds) until a peer that is gone without a word is known to be gone."""
_ALIVE_TOO = {f"tcp_{name}": value for name, value in _ALIVE.items() if name.startswith("keepalives")}
"""The same at the server, which else keeps the locks of a machine that is gone for two hours."""
_POOL_SECONDS = 10
_CONNECTIONS = 10
"""All of a process; they stay open, because PostgreSQL starts a process for each new one (some 10 ms)."""


def make_engine(database: Settings | str) -> AsyncEngine:
    """Return the engine of a process; it connects at its first use.

    A connection is not tried before each use (a round trip): after a restart of the database whoever was
    under way has a `TransientError`, and all connections are made anew. A str is the SQLAlchemy URL, for who
    has no settings.
    """
    return create_async_engine(
        database if isinstance(database, str) else database.database_url.get_secret_value(),
        connect_args={"connect_timeout": _CONNECT_SECONDS, "options": _limits(), **_ALIVE},
        hide_parameters=True,  # an error's text must not hold personal data
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
    )


def _limits() -> str:
    seconds = {"lock_timeout": _LOCK_SECONDS, "idle_in_transaction_session_timeout": _IDLE_SECONDS}
    limits = {name: f"{value}s" for name, value in seconds.items()} | _ALIVE_TOO
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Commit what is done inside, or roll it back on any error.

    A database that does not answer, or that breaks a transaction off for reasons of its own (deadlock,
    shutdown), is a `TransientError`. Raised at the commit it means: nobody knows whether it happened.
    """
    with answering():
        async with engine.begin() as connection:
            yield connection


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a connection for SELECTs that need not agree with each other: no BEGIN, no COMMIT."""
    with answering():
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            yield connection


@contextmanager
def answering() -> Iterator[None]:
    """Make a `TransientError` of what a database in trouble raises."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise TransientError("the database did not answer or broke the transaction off") from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise TransientError("the connection with the database broke") from error


def migrate(url: str) -> None:
    """Bring the database of this SQLAlchemy URL to the newest migration; of several at once one does it."""
    from alembic import command  # noqa: PLC0415 - 0.3 s that no service has to spend at its start
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS})
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS common"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
