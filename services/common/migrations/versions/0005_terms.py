"""Finding what has had its term: small indexes over times that only rise."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = {
    "ingest.signals_accepted_at": "ingest.signals USING brin (accepted_at)",
    "ingest.deliveries_started_at": "ingest.deliveries (started_at)",
}


def upgrade() -> None:
    for name, over in INDEXES.items():
        op.execute(f"CREATE INDEX {name.partition('.')[2]} ON {over}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
