"""Deliveries as a trial: which they are, and what a row said, which a later row may contradict."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ingest.deliveries ADD trial boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE ingest.delivery_rows ADD content_hash text")
    # rows of a trial only: a delivery in earnest pays nothing for it
    op.execute("""
        CREATE INDEX delivery_rows_tried ON ingest.delivery_rows (delivery_id, signal_id)
        WHERE content_hash IS NOT NULL
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE ingest.delivery_rows DROP content_hash")
    op.execute("ALTER TABLE ingest.deliveries DROP trial")
