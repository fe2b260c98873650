"""Whom a bailiff's debt report goes to, and what was told: pseudonyms and digests only."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HELPED = """
CREATE TABLE ingest.helped (
    registration_id text PRIMARY KEY,
    person text NOT NULL,
    household text NOT NULL,
    municipality text NOT NULL,
    registrar text NOT NULL
)
"""

# report_id: what one registration was told, also the id of its key; content_hash goes when that is erased
REPORTS = """
CREATE TABLE ingest.debt_reports (
    report_id text PRIMARY KEY,
    message_id text NOT NULL,
    registration_id text NOT NULL,
    content_hash text NOT NULL,
    reported_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    op.execute(HELPED)
    op.execute("CREATE INDEX helped_person ON ingest.helped (person)")
    op.execute(REPORTS)
    for column in ("message_id", "registration_id"):
        op.execute(f"CREATE INDEX debt_reports_{column} ON ingest.debt_reports ({column})")


def downgrade() -> None:
    op.execute("DROP TABLE ingest.debt_reports")
    op.execute("DROP TABLE ingest.helped")
