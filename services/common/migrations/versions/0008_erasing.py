"""Erasing: what was asked for, and what was erased."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# requested: erased because somebody asked, whatever its case does
VAULT = "ALTER TABLE common.vault ADD COLUMN requested boolean NOT NULL DEFAULT false"

# the reference is a digest from now on: what was remembered under the creditor's own is found no more
MEMORY = "DELETE FROM ingest.signals"

# what was erased: a case or status that was under way brings it back no more
ERASED = "CREATE TABLE feedback.erased (signal_id text PRIMARY KEY, erased_at timestamptz NOT NULL)"

# the attempts of a case go with it
ATTEMPTS = "ALTER TABLE feedback.attempts ADD COLUMN case_id text"

INDEXES = (
    "CREATE INDEX attempts_case ON feedback.attempts (case_id)",
    "CREATE INDEX cases_household ON feedback.cases (household)",
)


def upgrade() -> None:
    for statement in (VAULT, MEMORY, ERASED, ATTEMPTS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX feedback.cases_household")
    op.execute("ALTER TABLE feedback.attempts DROP COLUMN case_id")
    op.execute("DROP TABLE feedback.erased")
    op.execute("ALTER TABLE common.vault DROP COLUMN requested")
