"""Collection pauses as their creditors and municipalities read them, and what was said about them."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# every change of a pause; the one with the highest sequence is how it is now. position: as in disclosed
CHANGES = """
CREATE TABLE feedback.pause_changes (
    pause_id text NOT NULL,
    sequence integer NOT NULL,
    creditor text NOT NULL,
    municipality text NOT NULL,
    change text NOT NULL,
    signal_ids text[] NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    end_reason text,
    ground text,
    covered_by text,
    check_id text,
    dossier text,
    changed_at timestamptz NOT NULL,
    position bigint NOT NULL,
    late boolean NOT NULL DEFAULT false,
    PRIMARY KEY (pause_id, sequence)
)
"""

# apart from the changes, because it may be read before them; sequence: the highest that was acknowledged
ACKNOWLEDGED = """
CREATE TABLE feedback.pause_acknowledgements (
    pause_id text PRIMARY KEY,
    sequence integer NOT NULL,
    acknowledged_at timestamptz NOT NULL
)
"""

# as feedback.results: the version of the order last asked for, and of the newest that the broker has
ORDERS = """
CREATE TABLE feedback.pause_orders (
    case_id text PRIMARY KEY,
    version integer NOT NULL,
    content text NOT NULL,
    published integer NOT NULL DEFAULT 0
)
"""

INDEXES = (
    "CREATE INDEX pause_changes_creditor ON feedback.pause_changes (creditor, position)",
    "CREATE INDEX pause_changes_municipality ON feedback.pause_changes (municipality, position)",
    "CREATE INDEX pause_changes_signals ON feedback.pause_changes USING gin (signal_ids)",
)
TABLES = ("pause_changes", "pause_acknowledgements", "pause_orders")


def upgrade() -> None:
    for statement in (CHANGES, ACKNOWLEDGED, ORDERS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE feedback.{table}")
