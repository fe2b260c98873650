"""Snapshots of registrations: whose each one is, and where each stream of snapshots stands."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# touched: number of the last request that said something of it, also when that changed nothing; from before
# this migration nobody knows the registrar: its next PUT or snapshot says it
REGISTRATIONS = """
ALTER TABLE ingest.registrations
    ADD COLUMN registrar text,
    ADD COLUMN municipality text,
    ADD COLUMN touched bigint NOT NULL DEFAULT 0
"""
OF_SOURCE = """
CREATE INDEX registrations_of_source ON ingest.registrations (registrar, municipality)
"""

# of who sends snapshots: what was ended by a single request; a file from before does not bring it back
ENDS = """
CREATE TABLE ingest.registration_ends (
    registration_id text PRIMARY KEY,
    touched bigint NOT NULL,
    ended_at timestamptz NOT NULL
)
"""

# day, digest, mark, persons, taken_at: the snapshot in force; next_*: one that is being taken in or held;
# missing_on: the last day of which it was told that none came. Marks are of the sequence registration_changes
SNAPSHOTS = """
CREATE TABLE ingest.snapshots (
    registrar text NOT NULL,
    municipality text NOT NULL,
    day date,
    digest text,
    mark bigint,
    persons integer,
    taken_at timestamptz,
    next_day date,
    next_digest text,
    next_mark bigint,
    next_persons integer,
    next_held boolean NOT NULL DEFAULT false,
    missing_on date,
    PRIMARY KEY (registrar, municipality)
)
"""


def upgrade() -> None:
    for statement in (REGISTRATIONS, OF_SOURCE, ENDS, SNAPSHOTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE ingest.snapshots")
    op.execute("DROP TABLE ingest.registration_ends")
    op.execute("DROP INDEX ingest.registrations_of_source")
    for column in ("registrar", "municipality", "touched"):
        op.execute(f"ALTER TABLE ingest.registrations DROP COLUMN {column}")
