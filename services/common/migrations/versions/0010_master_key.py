"""Which master key wraps a data key: a rotation sees what it has done."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE common.vault ADD COLUMN master text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE common.vault DROP COLUMN master")
