"""Topics -> PostgreSQL: the worklist of the teams, and what was disclosed to creditors.

A topic is read in order per key, and one process at a time has a partition; so what arrives last is the
newest, whatever its ce_time says (a signal and an outcome of one case are stamped by different machines).
What comes of one signal from two households (its address was corrected) does not: there the revision decides.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.clock import Clock
from services.common.events import (
    Case,
    Erasure,
    Event,
    Feedback,
    Question,
    QuestionState,
    Routing,
    Signal,
    Withdrawal,
)
from services.common.expiry import keep_until
from services.common.records import Message
from services.common.terms import Terms, case_ends
from services.feedback.domain import allowed
from services.feedback.erasing import erase
from services.feedback.questions import write

E = TypeVar("E", bound=Event)
Row = dict[str, object]
Apply = Callable[[AsyncConnection, Sequence[Message]], Awaitable[None]]

WORKLIST = "feedback-worklist"
WORKLIST_TOPICS = (
    *("signals.v1", "withdrawals.v1", "cases.v1", "routings.v1", "questions.v1", "erasures.v1"),
)
DISCLOSED = "feedback-disclosed"
DISCLOSED_TOPICS = ("feedback.v1", "erasures.v1")

_SIGNAL = text("""
    INSERT INTO feedback.signals AS old (signal_id, municipality, personal, revision)
    VALUES (:signal_id, :municipality, :personal, :revision)
    ON CONFLICT (signal_id) DO UPDATE SET municipality = EXCLUDED.municipality, personal = EXCLUDED.personal,
        revision = EXCLUDED.revision
    WHERE (old.revision, old.personal IS NOT NULL)
       <= (EXCLUDED.revision, EXCLUDED.personal IS NOT NULL)
""")
"""Of one revision the one that is there counts, not the one that left another household."""
_CASE = text("""
    INSERT INTO feedback.cases (case_id, municipality, household, month, kind, consecutive, status, result,
        crisis, young, pc4, district, neighbourhood, opened_at, signals, withdrawn,
        priority, deadline, overdue, address_doubt, known_in_debt_help)
    VALUES (:case_id, :municipality, :household, :month, :kind, :consecutive, :status, :result,
        :crisis, :young, :pc4, :district, :neighbourhood, :opened_at, CAST(:signals AS jsonb), :withdrawn,
        :priority, :deadline, :overdue, :address_doubt, :known_in_debt_help)
    ON CONFLICT (case_id) DO UPDATE SET kind = EXCLUDED.kind, consecutive = EXCLUDED.consecutive,
        status = EXCLUDED.status, result = EXCLUDED.result, crisis = EXCLUDED.crisis, young = EXCLUDED.young,
        pc4 = EXCLUDED.pc4, district = EXCLUDED.district, neighbourhood = EXCLUDED.neighbourhood,
        opened_at = EXCLUDED.opened_at, signals = EXCLUDED.signals, withdrawn = EXCLUDED.withdrawn,
        priority = EXCLUDED.priority, deadline = EXCLUDED.deadline, overdue = EXCLUDED.overdue,
        address_doubt = EXCLUDED.address_doubt, known_in_debt_help = EXCLUDED.known_in_debt_help
""")
_TEAM = text("""
    INSERT INTO feedback.case_teams (case_id, team) VALUES (:case_id, :team)
    ON CONFLICT (case_id) DO UPDATE SET team = EXCLUDED.team
""")
_FEEDBACK = text("""
    INSERT INTO feedback.disclosed AS old (signal_id, creditor, municipality, status, help_accepted,
        contacts, changed_at, position, revision, withdrawn)
    VALUES (:signal_id, :creditor, :municipality, :status, :help_accepted, CAST(:contacts AS jsonb),
        :changed_at, nextval('feedback.positions'), :revision, :withdrawn)
    ON CONFLICT (signal_id) DO UPDATE SET municipality = EXCLUDED.municipality, status = EXCLUDED.status,
        help_accepted = EXCLUDED.help_accepted, contacts = EXCLUDED.contacts,
        changed_at = EXCLUDED.changed_at,
        position = EXCLUDED.position, revision = EXCLUDED.revision, withdrawn = EXCLUDED.withdrawn
    WHERE old.revision <= EXCLUDED.revision
""")


def worklist(terms: Terms) -> Apply:
    """Return what writes the worklist, and keeps the keys of its signals as long as their case lives."""

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        await _write(connection, messages)
        await write(connection, messages)
        cases = {case.case_id: case for case in _events(messages, Case)}.values()
        ends = {id_: at for case in cases if (at := case_ends(case, terms)) for id_ in _ids(case)}
        if ends:
            await keep_until(connection, ends)
        touched = {each.signal_id: each.household for each in _events(messages, Signal)}
        touched |= {each.signal_id: each.household for each in _events(messages, Withdrawal)}
        touched |= {id_: case.household for case in cases for id_ in _ids(case)}
        touched |= {id_: each.household for each in _events(messages, Question) for id_ in _about(each)}
        await erase(connection, _events(messages, Erasure), touched)

    return apply


async def _write(connection: AsyncConnection, messages: Sequence[Message]) -> None:
    """Write signals, withdrawals, cases and routings; they come in any order relative to each other."""
    rows: dict[TextClause, list[Row]] = {_SIGNAL: [], _CASE: [], _TEAM: []}
    for message in messages:
        match message.event:
            case Signal() as signal:
                rows[_SIGNAL].append(_signal_row(signal))
            case Withdrawal() as withdrawal:
                rows[_SIGNAL].append(_withdrawn_row(withdrawal))
            case Case() as case:
                rows[_CASE].append(_case_row(case))
            case Routing() as routing:
                rows[_TEAM].append({"case_id": routing.case_id, "team": routing.team})
            case _:
                pass  # questions and erasures; no tombstones on these topics
    for statement, found in rows.items():
        if found:
            await connection.execute(statement, found)


def disclosed(clock: Clock) -> Apply:
    """Return what writes feedback as it is read by creditors.

    `changed_at` is the moment of writing, not ce_time: a creditor asks for "all since" the last change it
    saw, and would miss what happened before that moment but came through later.
    """

    async def apply(connection: AsyncConnection, messages: Sequence[Message]) -> None:
        rows = [_feedback_row(event, clock.now()) for event in _events(messages, Feedback)]
        if rows:
            await connection.execute(_FEEDBACK, rows)
        await erase(connection, _events(messages, Erasure), {str(row["signal_id"]): "" for row in rows})

    return apply


def _events(messages: Sequence[Message], kind: type[E]) -> list[E]:
    return [message.event for message in messages if isinstance(message.event, kind)]


def _about(question: Question) -> tuple[str, ...]:
    """An erased registration may be registered again: its questions go when they are taken back."""
    withdrawn = question.state is QuestionState.WITHDRAWN
    return (question.signal_id, question.registration_id) if withdrawn else (question.signal_id,)


def _ids(case: Case) -> list[str]:
    return [signal.signal_id for signal in case.signals]


def _signal_row(signal: Signal) -> Row:
    return {
        "signal_id": signal.signal_id,
        "municipality": signal.municipality,
        "personal": signal.personal.decode("ascii"),
        "revision": signal.revision,
    }


def _withdrawn_row(withdrawal: Withdrawal) -> Row:
    """The personal data go; the row stays, because the signal itself may still be on its way."""
    return {
        "signal_id": withdrawal.signal_id,
        "municipality": withdrawal.municipality,
        "personal": None,
        "revision": withdrawal.revision,
    }


def _case_row(case: Case) -> Row:
    return {
        "case_id": case.case_id,
        "municipality": case.municipality,
        "household": case.household,
        "month": case.month,
        "kind": case.kind.value,
        "consecutive": case.consecutive,
        "status": case.status.value,
        "result": case.result.value if case.result else None,
        "crisis": case.crisis,
        "young": case.young,
        "pc4": case.area.pc4,
        "district": case.area.district,
        "neighbourhood": case.area.neighbourhood,
        "opened_at": case.opened_at,
        "signals": json.dumps(msgspec.to_builtins(case.signals)),
        "withdrawn": case.withdrawn,
        "priority": case.priority.value,
        "deadline": case.deadline,
        "overdue": case.overdue,
        "address_doubt": case.address_doubt,
        "known_in_debt_help": case.known_in_debt_help,
    }


def _feedback_row(feedback: Feedback, now: datetime) -> Row:
    shown = allowed(feedback)
    return {
        "signal_id": shown.signal_id,
        "creditor": shown.creditor,
        "municipality": shown.municipality,
        "status": shown.status.value,
        "help_accepted": shown.help_accepted,
        "contacts": json.dumps(msgspec.to_builtins(shown.contacts)),
        "changed_at": now,
        "revision": shown.revision,
        "withdrawn": shown.withdrawn,
    }
