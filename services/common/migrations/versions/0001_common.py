"""Tables of the primitives: projections' offsets, deliveries to the outside, wrapped data keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROJECTION_OFFSETS = """
CREATE TABLE common.projection_offsets (
    projection text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    outcomes text NOT NULL DEFAULT '',
    PRIMARY KEY (projection, topic, partition)
)
"""

DELIVERIES = """
CREATE TABLE common.deliveries (
    id text PRIMARY KEY,
    sender text NOT NULL,
    target text NOT NULL,
    body bytea NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
)
"""

# what a sender looks for, and nothing else: done rows do not make it larger
DELIVERIES_DUE = """
CREATE INDEX deliveries_due ON common.deliveries (sender, next_at) WHERE state = 'pending'
"""

DELIVERIES_DEAD = """
CREATE INDEX deliveries_dead ON common.deliveries (sender) WHERE state = 'dead'
"""

VAULT = """
CREATE TABLE common.vault (
    id text PRIMARY KEY,
    household text NOT NULL,
    municipality text NOT NULL,
    class text NOT NULL,
    wrapped_key bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
)
"""

VAULT_EXPIRY = "CREATE INDEX vault_expires_at ON common.vault (expires_at)"
VAULT_HOUSEHOLD = "CREATE INDEX vault_household ON common.vault (household)"


def upgrade() -> None:
    tables = (PROJECTION_OFFSETS, DELIVERIES, VAULT)
    for statement in (*tables, DELIVERIES_DUE, DELIVERIES_DEAD, VAULT_EXPIRY, VAULT_HOUSEHOLD):
        op.execute(statement)


def downgrade() -> None:
    for table in ("vault", "deliveries", "projection_offsets"):
        op.execute(f"DROP TABLE common.{table}")
