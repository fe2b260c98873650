"""Questions whether a signal and a registration are of one person, and what municipalities answered."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# the newest event of each question, whole; asked_at: when it was first told
QUESTIONS = """
CREATE TABLE feedback.questions (
    question_id text PRIMARY KEY,
    municipality text NOT NULL,
    household text NOT NULL,
    case_id text NOT NULL,
    signal_id text NOT NULL,
    registration_id text NOT NULL,
    reasons text[] NOT NULL,
    state text NOT NULL,
    asked_at timestamptz NOT NULL
)
"""

# as feedback.results: version of the answer last given, and the newest one that the broker acknowledged
ANSWERS = """
CREATE TABLE feedback.answers (
    question_id text PRIMARY KEY REFERENCES feedback.questions ON DELETE CASCADE,
    version integer NOT NULL,
    content text NOT NULL,
    published integer NOT NULL DEFAULT 0
)
"""

# nobody looks at a case whose residents are all in debt help already
KNOWN = "ALTER TABLE feedback.cases ADD COLUMN known_in_debt_help boolean NOT NULL DEFAULT false"

OPEN = """
CREATE INDEX questions_page ON feedback.questions (municipality, asked_at, question_id) WHERE state = 'OPEN'
"""
INDEXES = (
    OPEN,
    "CREATE INDEX questions_signal ON feedback.questions (signal_id)",
    "CREATE INDEX questions_registration ON feedback.questions (registration_id)",
)


def upgrade() -> None:
    for statement in (QUESTIONS, ANSWERS, KNOWN, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE feedback.cases DROP COLUMN known_in_debt_help")
    op.execute("DROP TABLE feedback.answers")
    op.execute("DROP TABLE feedback.questions")
