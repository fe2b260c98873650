"""Tables of feedback: the worklist of the teams, and what was disclosed to creditors."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# the JWE as it came: only the municipality can open it
SIGNALS = """
CREATE TABLE feedback.signals (
    signal_id text PRIMARY KEY,
    municipality text NOT NULL,
    personal text NOT NULL
)
"""

# the newest event of each case, whole
CASES = """
CREATE TABLE feedback.cases (
    case_id text PRIMARY KEY,
    municipality text NOT NULL,
    household text NOT NULL,
    month text NOT NULL,
    kind text NOT NULL,
    consecutive boolean NOT NULL,
    status text NOT NULL,
    result text,
    crisis boolean NOT NULL,
    young boolean NOT NULL,
    pc4 text NOT NULL,
    district text,
    neighbourhood text,
    opened_at timestamptz NOT NULL,
    signals jsonb NOT NULL
)
"""

# apart from the cases, because a routing may arrive before its case
CASE_TEAMS = "CREATE TABLE feedback.case_teams (case_id text PRIMARY KEY, team text NOT NULL)"

# content: a digest, to tell the same attempt from another one under its reference
ATTEMPTS = "CREATE TABLE feedback.attempts (attempt_id text PRIMARY KEY, content text NOT NULL)"

# version: of the content last asked for; published: the newest version that the broker acknowledged
RESULTS = """
CREATE TABLE feedback.results (
    case_id text PRIMARY KEY,
    version integer NOT NULL,
    content text NOT NULL,
    published integer NOT NULL DEFAULT 0
)
"""

# position rises with every change, per creditor in the order of commits: one partition holds all of it
POSITIONS = "CREATE SEQUENCE feedback.positions"
DISCLOSED = """
CREATE TABLE feedback.disclosed (
    signal_id text PRIMARY KEY,
    creditor text NOT NULL,
    municipality text NOT NULL,
    status text NOT NULL,
    help_accepted boolean,
    contacts jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    position bigint NOT NULL
)
"""

INDEXES = (
    "CREATE INDEX cases_page ON feedback.cases (municipality, opened_at, case_id)",
    "CREATE INDEX case_teams_team ON feedback.case_teams (team)",
    "CREATE INDEX disclosed_page ON feedback.disclosed (creditor, position)",
)


def upgrade() -> None:
    op.execute("CREATE SCHEMA feedback")
    for statement in (SIGNALS, CASES, CASE_TEAMS, ATTEMPTS, RESULTS, POSITIONS, DISCLOSED, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA feedback CASCADE")
