"""Tables of ingest: its memory of signals and registrations, deliveries with their rows, areas of CBS."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SIGNALS = """
CREATE TABLE ingest.signals (
    creditor text NOT NULL,
    reference text NOT NULL,
    signal_id text NOT NULL,
    content_hash text NOT NULL,
    household text NOT NULL,
    accepted_at timestamptz NOT NULL,
    PRIMARY KEY (creditor, reference)
)
"""

# numbers the changes of all registrations: one that ended and comes back never repeats the id of an event
CHANGES = "CREATE SEQUENCE ingest.registration_changes"

REGISTRATIONS = """
CREATE TABLE ingest.registrations (
    registration_id text PRIMARY KEY,
    content_hash text NOT NULL,
    change bigint NOT NULL
)
"""

DELIVERIES = """
CREATE TABLE ingest.deliveries (
    delivery_id text PRIMARY KEY,
    sender text NOT NULL,
    replica text NOT NULL,
    status text NOT NULL DEFAULT 'bezig' CHECK (status IN ('bezig', 'klaar', 'afgebroken')),
    accepted integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    conflict integer NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL
)
"""

BUSY = "CREATE INDEX deliveries_busy ON ingest.deliveries (replica) WHERE status = 'bezig'"

ROWS = """
CREATE TABLE ingest.delivery_rows (
    delivery_id text NOT NULL REFERENCES ingest.deliveries ON DELETE CASCADE,
    row integer NOT NULL,
    reference text,
    signal_id text,
    outcome text NOT NULL CHECK (outcome IN ('geaccepteerd', 'geweigerd', 'conflict')),
    reasons text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (delivery_id, row)
)
"""

# replaced as a whole by `signaalhub import areas`, see services/ingest/areas.py
AREAS = """
CREATE TABLE ingest.areas (
    postcode text NOT NULL,
    number integer NOT NULL,
    neighbourhood text NOT NULL,
    district text NOT NULL,
    municipality_code text NOT NULL,
    PRIMARY KEY (postcode, number)
)
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA ingest")
    for statement in (SIGNALS, CHANGES, REGISTRATIONS, DELIVERIES, BUSY, ROWS, AREAS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA ingest CASCADE")
