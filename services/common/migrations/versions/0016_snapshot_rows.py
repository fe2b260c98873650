"""Which row of a snapshot a registration is of: the same row again is not read again."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# source_hash: keyed digest of the row as it came, and of what its municipality shares
REGISTRATIONS = "ALTER TABLE ingest.registrations ADD COLUMN source_hash text"
INDEX = "CREATE INDEX registrations_source_hash ON ingest.registrations (source_hash)"


def upgrade() -> None:
    for statement in (REGISTRATIONS, INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE ingest.registrations DROP COLUMN source_hash")
