"""The SQL that docs/operations.md gives for a database that is older than Kafka, on a real one."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from services.common.settings import REPOSITORY

pytestmark = pytest.mark.real
REGISTRAR, TOWN = "00000099000000005001", "00000099000000000363"
KNOWN = text("SELECT registration_id, content_hash, source_hash FROM ingest.registrations ORDER BY 1")
ROWS = f"""
    INSERT INTO ingest.snapshots (registrar, municipality, day, digest, mark, persons)
    VALUES ('{REGISTRAR}', '{TOWN}', '2026-11-20', 'digest', 7, 2);
    INSERT INTO ingest.registrations
        (registration_id, content_hash, change, registrar, municipality, source_hash)
    VALUES ('both', 'older', 1, '{REGISTRAR}', '{TOWN}', 'row'),
        ('ended-since', 'older', 2, '{REGISTRAR}', '{TOWN}', 'row'),
        ('single', 'own', 3, '{TOWN}', '{TOWN}', NULL);
    INSERT INTO ingest.helped (registration_id, person, household, municipality, registrar)
    VALUES ('both', 'p', 'h', '{TOWN}', '{REGISTRAR}'), ('came-since', 'p', 'h', '{TOWN}', '{REGISTRAR}'),
        ('single', 'p', 'h', '{TOWN}', '{TOWN}')
"""


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """A connection of which nothing is committed: other tests have their rows in these tables."""
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as made:
        for table in ("registrations", "helped", "snapshots"):
            made.execute(text(f"DELETE FROM ingest.{table}"))
        for each in ROWS.split(";"):
            made.execute(text(each))
        yield made
        made.rollback()


def execute(connection: Connection, name: str) -> None:
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    block = page.partition(f"-- {name}\n")[2].partition("```")[0]
    for each in filter(str.strip, block.split(";")):
        connection.execute(text(each))


def test_registrations_are_those_that_kafka_has_and_the_next_snapshot_says_all_of_them_anew(
    connection: Connection,
) -> None:
    before = connection.execute(text("SELECT nextval('ingest.registration_changes')")).scalar_one()
    execute(connection, "older database")
    assert [tuple(row) for row in connection.execute(KNOWN)] == [
        ("both", "", None),
        ("came-since", "", None),
        ("single", "own", None),
    ]
    assert connection.execute(text("SELECT digest FROM ingest.snapshots")).scalar_one() == ""
    after = connection.execute(text("SELECT nextval('ingest.registration_changes')")).scalar_one()
    assert after > before + 1_000_000
