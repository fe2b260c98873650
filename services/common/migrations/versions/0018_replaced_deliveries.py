"""Deliveries that tell what holds for a while are replaced by what is told of the same thing later."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# about: what a delivery tells of; rank: a higher one of the same thing is newer; place: else the later one is
DELIVERIES = """
ALTER TABLE common.deliveries
    ADD COLUMN about text,
    ADD COLUMN rank integer NOT NULL DEFAULT 0,
    ADD COLUMN fleeting boolean NOT NULL DEFAULT false,
    ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY,
    DROP CONSTRAINT deliveries_state_check,
    ADD CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'done', 'dead', 'replaced'))
"""
ABOUT = "CREATE INDEX deliveries_about ON common.deliveries (about) WHERE about IS NOT NULL"


def upgrade() -> None:
    op.execute(DELIVERIES)
    op.execute(ABOUT)


def downgrade() -> None:
    op.execute("DROP INDEX common.deliveries_about")
    op.execute("UPDATE common.deliveries SET state = 'done' WHERE state = 'replaced'")
    op.execute("""
        ALTER TABLE common.deliveries
            DROP COLUMN about, DROP COLUMN rank, DROP COLUMN fleeting, DROP COLUMN place,
            DROP CONSTRAINT deliveries_state_check,
            ADD CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'done', 'dead'))
    """)
