"""Deliveries that go on where they broke off, and what is wrong with which field of a row."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# key: what the sender calls the delivery; attempt: who may note its rows; digest: of the rows that are noted
DELIVERIES = """
ALTER TABLE ingest.deliveries
    ADD COLUMN key text,
    ADD COLUMN attempt integer NOT NULL DEFAULT 1,
    ADD COLUMN digest text NOT NULL DEFAULT ''
"""

# one for each of `reasons`; '-' is the row as a whole
ROWS = "ALTER TABLE ingest.delivery_rows ADD COLUMN fields text[] NOT NULL DEFAULT '{}'"

OF_SENDER = "CREATE INDEX deliveries_of_sender ON ingest.deliveries (sender, started_at)"


def upgrade() -> None:
    for statement in (DELIVERIES, ROWS, OF_SENDER):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ingest.deliveries_of_sender")
    op.execute("ALTER TABLE ingest.delivery_rows DROP COLUMN fields")
    op.execute("ALTER TABLE ingest.deliveries DROP COLUMN key, DROP COLUMN attempt, DROP COLUMN digest")
