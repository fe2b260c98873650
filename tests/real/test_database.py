from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from services.common import database as module
from services.common.database import answering, make_engine, migrate, transaction
from services.common.errors import TransientError
from services.local.postgres import EmbeddedPostgres
from tests.real.primitives import settings_for, unique

pytestmark = pytest.mark.real
NO_KAFKA = "127.0.0.1:1"


def test_services_that_start_together_migrate_once(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, fsync=False) as server:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(migrate, [server.url] * 4))
        engine = create_engine(server.url, poolclass=NullPool)
        with engine.connect() as connection:
            versions = connection.execute(text("SELECT version_num FROM common.alembic_version")).all()
    assert [tuple(row) for row in versions] == [("0018",)]


async def test_a_transaction_is_rolled_back_by_any_error(database: str) -> None:
    engine, table = make_engine(settings_for(NO_KAFKA, database)), unique("t").replace("-", "_")
    async with transaction(engine) as connection:
        await connection.execute(text(f"CREATE TABLE {table} (n integer PRIMARY KEY)"))

    async def insert_and_fail() -> None:
        async with transaction(engine) as connection:
            await connection.execute(text(f"INSERT INTO {table} VALUES (1)"))
            raise LookupError

    with pytest.raises(LookupError):
        await insert_and_fail()
    async with transaction(engine) as connection:
        assert (await connection.execute(text(f"SELECT * FROM {table}"))).all() == []
    await engine.dispose()


async def test_a_mistake_in_sql_is_no_transient_error_and_quotes_no_values(database: str) -> None:
    engine, table = make_engine(settings_for(NO_KAFKA, database)), unique("t").replace("-", "_")
    async with transaction(engine) as connection:
        await connection.execute(text(f"CREATE TABLE {table} (n text CHECK (n <> 'Jansen'))"))
    with pytest.raises(IntegrityError) as error:
        async with transaction(engine) as connection:
            await connection.execute(text(f"INSERT INTO {table} VALUES (:n)"), {"n": "Jansen"})
    assert "SQL parameters hidden" in str(error.value)
    await engine.dispose()


async def test_a_process_that_froze_in_a_transaction_holds_up_nobody_for_long(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 1)
    settings, table = settings_for(NO_KAFKA, database), unique("t").replace("-", "_")
    frozen, other = make_engine(settings), make_engine(settings)
    async with transaction(other) as connection:
        await connection.execute(text(f"CREATE TABLE {table} (n integer PRIMARY KEY)"))
    held = await frozen.connect()
    await held.execute(text(f"INSERT INTO {table} VALUES (1)"))
    async with transaction(other) as connection:  # it waits, and does not give up
        await connection.execute(text(f"INSERT INTO {table} VALUES (1)"))
    with pytest.raises(TransientError), answering():
        await held.commit()
    await frozen.dispose()
    await other.dispose()


async def test_the_server_too_asks_whether_the_other_side_is_there_yet(database: str) -> None:
    engine = make_engine(settings_for(NO_KAFKA, database))
    query = "SELECT name, reset_val FROM pg_settings WHERE name LIKE 'tcp_keepalives%' ORDER BY name"
    async with transaction(engine) as connection:
        found = (await connection.execute(text(query))).all()
    assert [tuple(row) for row in found] == [
        ("tcp_keepalives_count", "3"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
    ]
    await engine.dispose()


async def test_who_waits_too_long_for_what_another_holds_is_told_to_come_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS", 1)
    engine, table = make_engine(settings_for(NO_KAFKA, database)), unique("t").replace("-", "_")
    async with transaction(engine) as connection:
        await connection.execute(text(f"CREATE TABLE {table} (n integer PRIMARY KEY)"))

    async def insert() -> None:
        async with transaction(engine) as connection:
            await connection.execute(text(f"INSERT INTO {table} VALUES (1)"))

    async with transaction(engine) as connection:
        await connection.execute(text(f"INSERT INTO {table} VALUES (1)"))
        with pytest.raises(TransientError):
            await insert()
    with pytest.raises(IntegrityError):
        await insert()
    await engine.dispose()


async def test_a_session_that_the_server_ends_is_a_transient_error_and_the_next_works(database: str) -> None:
    engine = make_engine(settings_for(NO_KAFKA, database))

    async def end_own_session() -> None:
        async with transaction(engine) as connection:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(TransientError):
        await end_own_session()
    async with transaction(engine) as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()


async def test_a_database_that_is_not_there_is_a_transient_error() -> None:
    engine = make_engine(settings_for(NO_KAFKA, "postgresql+psycopg://nobody@127.0.0.1:1/none"))
    with pytest.raises(TransientError):
        async with transaction(engine):
            pass
