"""Questions to a municipality, as they were told, and its answers, to answers.v1. PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.clock import Clock
from services.common.database import transaction
from services.common.events import Answer, Question, QuestionState
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.records import Message, Outgoing
from services.feedback.storage import Versions, Whose

ANSWERS_TOPIC = "answers.v1"

_TOLD = text("""
    INSERT INTO feedback.questions (question_id, municipality, household, case_id, signal_id, registration_id,
        reasons, state, asked_at)
    VALUES (:question_id, :municipality, :household, :case_id, :signal_id, :registration_id,
        :reasons, :state, :asked_at)
    ON CONFLICT (question_id) DO UPDATE SET case_id = EXCLUDED.case_id, state = EXCLUDED.state
""")
_WITHDRAWN = text("UPDATE feedback.questions SET state = :state WHERE question_id = :question_id")
"""Never makes a row: the one there was may have been erased."""
_COLUMNS = "q.* FROM feedback.questions q LEFT JOIN feedback.case_teams t USING (case_id)"
_OWN = "q.municipality = :municipality AND (CAST(:team AS text) IS NULL OR t.team = :team)"
_PAGE = text(f"""
    SELECT {_COLUMNS} WHERE {_OWN} AND q.state = 'OPEN'
      AND (CAST(:asked_at AS timestamptz) IS NULL OR (q.asked_at, q.question_id) > (:asked_at, :question_id))
    ORDER BY q.asked_at, q.question_id LIMIT :limit
""")
_ONE = text(f"SELECT {_COLUMNS} WHERE {_OWN} AND q.question_id = :question_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow:
    """A question as its municipality reads it."""

    question_id: str
    household: str
    case_id: str
    signal_id: str
    registration_id: str
    reasons: tuple[str, ...]
    state: QuestionState
    asked_at: datetime


async def write(connection: AsyncConnection, told: Sequence[Message]) -> None:
    """Write what was told of questions, in its order."""
    for message in told:
        if isinstance(message.event, Question):
            row = _row(message.event, message.meta.time)
            withdrawn = message.event.state is QuestionState.WITHDRAWN
            await connection.execute(_WITHDRAWN if withdrawn else _TOLD, row)


class Questions:
    """The questions of municipalities; nothing of another municipality or team ever comes out."""

    def __init__(self, engine: AsyncEngine, publisher: Publisher, clock: Clock) -> None:
        self._engine = engine
        self._versions = Versions(engine, "answers", "question_id")
        self._publisher = publisher
        self._clock = clock

    async def page(self, whose: Whose, after: tuple[datetime, str] | None, limit: int) -> list[QuestionRow]:
        """Return open questions in the order of asking, after `after` (asked_at, question_id)."""
        asked_at, question_id = after or (None, None)
        values = asdict(whose) | {"asked_at": asked_at, "question_id": question_id, "limit": limit}
        async with transaction(self._engine) as connection:
            return [_question(row) for row in (await connection.execute(_PAGE, values)).mappings()]

    async def question(self, whose: Whose, question_id: str) -> QuestionRow | None:
        async with transaction(self._engine) as connection:
            found = await connection.execute(_ONE, asdict(whose) | {"question_id": question_id})
            row = found.mappings().first()
            return _question(row) if row else None

    async def answer(self, whose: Whose, question: QuestionRow, *, same: bool) -> str:
        """Publish an answer, return its id; another answer to the same question is its next version."""
        version = await self._versions.version(question.question_id, str(same))
        answer = Answer(
            answer_id=derived_id("answer", question.question_id, str(version)),
            question_id=question.question_id,
            household=question.household,
            municipality=whose.municipality,
            team=whose.team,
            signal_id=question.signal_id,
            registration_id=question.registration_id,
            same=same,
            version=version,
        )

        async def write() -> None:
            outgoing = Outgoing(ANSWERS_TOPIC, answer.household, answer, "given", answer.answer_id)
            await self._publisher.publish([outgoing], self._clock.now())

        await self._versions.publish(question.question_id, version, write)
        return answer.answer_id


def _row(question: Question, asked_at: datetime) -> dict[str, Any]:
    return {
        "question_id": question.question_id,
        "municipality": question.municipality,
        "household": question.household,
        "case_id": question.case_id,
        "signal_id": question.signal_id,
        "registration_id": question.registration_id,
        "reasons": list(question.reasons),
        "state": question.state.value,
        "asked_at": asked_at,
    }


def _question(row: RowMapping) -> QuestionRow:
    return QuestionRow(
        question_id=row["question_id"],
        household=row["household"],
        case_id=row["case_id"],
        signal_id=row["signal_id"],
        registration_id=row["registration_id"],
        reasons=tuple(row["reasons"]),
        state=QuestionState(row["state"]),
        asked_at=row["asked_at"],
    )
