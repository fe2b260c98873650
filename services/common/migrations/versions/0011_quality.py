"""How careful creditors signal: a row per signal and per refusal, without anything of a resident."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# month: YYYY-MM in which the signal was taken in; an erased signal keeps its row under an id of nothing
SIGNALS = """
CREATE TABLE feedback.tallied_signals (
    signal_id text PRIMARY KEY,
    month text NOT NULL,
    creditor text NOT NULL,
    municipality text NOT NULL,
    status text NOT NULL,
    revision integer NOT NULL
)
"""

REFUSALS = """
CREATE TABLE feedback.tallied_refusals (
    refusal_id text PRIMARY KEY,
    month text NOT NULL,
    creditor text NOT NULL,
    municipality text,
    reasons text[] NOT NULL
)
"""

TABLES = {"tallied_signals": SIGNALS, "tallied_refusals": REFUSALS}


def upgrade() -> None:
    for table, statement in TABLES.items():
        op.execute(statement)
        for whose in ("creditor", "municipality"):
            op.execute(f"CREATE INDEX {table}_{whose} ON feedback.{table} ({whose}, month)")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE feedback.{table}")
