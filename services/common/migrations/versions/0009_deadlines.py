"""Which case goes first, and by when."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE feedback.cases ADD priority text NOT NULL DEFAULT 'NORMAL', ADD deadline date,
            ADD overdue boolean NOT NULL DEFAULT false, ADD address_doubt boolean NOT NULL DEFAULT false
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE feedback.cases DROP priority, DROP deadline, DROP overdue, DROP address_doubt
    """)
