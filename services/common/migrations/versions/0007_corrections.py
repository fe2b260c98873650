"""Signals that are corrected or withdrawn: which revision stands, and where it was before."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UPGRADES = (
    # null: accepted before this was remembered; earlier: other places where the signal was published
    """
    ALTER TABLE ingest.signals ADD municipality text, ADD unit text, ADD signal_date date, ADD person text,
        ADD revision integer NOT NULL DEFAULT 1, ADD withdrawn boolean NOT NULL DEFAULT false,
        ADD earlier jsonb NOT NULL DEFAULT '[]'
    """,
    # a hash: half the size of a tree of random ids, and nobody asks for a range of them
    "CREATE INDEX signals_signal_id ON ingest.signals USING hash (signal_id)",
    "ALTER TABLE feedback.signals ALTER personal DROP NOT NULL, ADD revision integer NOT NULL DEFAULT 1",
    "ALTER TABLE feedback.cases ADD withdrawn boolean NOT NULL DEFAULT false",
    """
    ALTER TABLE feedback.disclosed
        ADD revision integer NOT NULL DEFAULT 1, ADD withdrawn boolean NOT NULL DEFAULT false
    """,
)
DOWNGRADES = (
    "DROP INDEX ingest.signals_signal_id",
    """
    ALTER TABLE ingest.signals DROP municipality, DROP unit, DROP signal_date, DROP person, DROP revision,
        DROP withdrawn, DROP earlier
    """,
    "ALTER TABLE feedback.disclosed DROP revision, DROP withdrawn",
    "ALTER TABLE feedback.cases DROP withdrawn",
    "DELETE FROM feedback.signals WHERE personal IS NULL",
    "ALTER TABLE feedback.signals ALTER personal SET NOT NULL, DROP revision",
)


def upgrade() -> None:
    for statement in UPGRADES:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADES:
        op.execute(statement)
