"""What goes to whose tenant topics. Everything is copied as it is, but a case gets its team filled in."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.common.catalogue import tenant_topic
from services.common.errors import PermanentError
from services.common.events import (
    BailiffMatch,
    Case,
    DebtReport,
    Erasure,
    Event,
    Feedback,
    Match,
    Pause,
    Question,
    Refusal,
    Role,
    Routing,
    Signal,
    Withdrawal,
)
from services.common.identifiers import derived_id
from services.common.records import Effects, Forward, Handler, Message, Outgoing, WakeUp
from services.notifier.domain import (
    Household,
    Route,
    TeamsOf,
    assign,
    erased,
    forget,
    forwarded,
    is_erased,
    next_forget,
    receivers,
)

HOUSEHOLDS = "notifier-households"
CREDITORS = "notifier-creditors"
BAILIFFS = "notifier-bailiffs"
ROUTINGS_TOPIC = "routings.v1"
_SUBJECTS: dict[type[Event], str] = {
    Signal: "signals",
    Withdrawal: "withdrawals",
    Match: "matches",
    Question: "questions",
}

RolesOf = Callable[[str], Collection[Role]]
"""The roles of a party (OIN); none of a party that is not known."""


def households(teams: TeamsOf) -> Handler[Household]:
    """Return the handler of all about a household; `teams` reads a view in memory."""

    def handle(state: Household | None, happened: Message | WakeUp, now: datetime) -> Effects[Household]:
        known = state or Household()
        if isinstance(happened, WakeUp):
            return _effects(forget(known, now))
        match happened.event:
            case Case() as case:
                return _case(case, known, happened, teams, now)
            case Signal() | Withdrawal() | Match() | Question() as event:
                return _copied(event, known, happened, now)
            case Erasure() as erasure:
                known = erased(known, erasure.erased_id, now)
                return _once(known, _forward(erasure.municipality, "erasures", happened), now)
            case _:
                raise _unexpected(happened)

    return handle


def _copied(
    event: Signal | Withdrawal | Match | Question, known: Household, cause: Message, now: datetime
) -> Effects[Household]:
    if isinstance(event, Signal | Question) and is_erased(known, event.signal_id):
        return _effects(known)
    return _once(known, _forward(event.municipality, _SUBJECTS[type(event)], cause), now)


def _case(case: Case, known: Household, cause: Message, teams: TeamsOf, now: datetime) -> Effects[Household]:
    known, route = assign(case, known, teams, now)
    assigned = known.cases.get(case.case_id)
    copy = Outgoing(
        topic=tenant_topic(case.municipality, "cases"),
        key=cause.key,
        event=replace(case, team=assigned.team if assigned else None),
        what=cause.meta.type.rpartition(".")[2],
        id=cause.meta.id,
    )
    return _effects(known, *((_routing(case, route), copy) if route else (copy,)))


def _routing(case: Case, route: Route) -> Outgoing:
    """A case comes to a team once, and leaves at most once, for a crisis team."""
    return Outgoing(
        topic=ROUTINGS_TOPIC,
        key=case.household,
        event=Routing(
            case_id=case.case_id,
            household=case.household,
            municipality=case.municipality,
            team=route.team,
            reason=route.reason,
            priority=case.priority,
            deadline=case.deadline,
        ),
        what="assigned",
        id=derived_id("routing", case.case_id, route.team),
    )


def creditors(roles: RolesOf) -> Handler[Any]:
    """Return the handler of refusals, pauses and feedback; `roles` reads a view in memory."""

    def handle(state: None, happened: Message | WakeUp, now: datetime) -> Effects[Any]:
        if not isinstance(happened, Message):
            raise PermanentError("a stateless processor has no timers")
        match happened.event:
            case Refusal() as refusal:
                parties = receivers(refusal, roles(refusal.sender))
                return Effects(None, tuple(_forward(oin, "refusals", happened) for oin in parties))
            case Pause(creditor=creditor):
                return Effects(None, (_forward(creditor, "pauses", happened),))
            case Feedback(creditor=creditor):
                return Effects(None, (_forward(creditor, "feedback", happened),))
            case _:
                raise _unexpected(happened)

    return handle


def bailiffs(state: None, happened: Message | WakeUp, now: datetime) -> Effects[Any]:
    """Forward a match to the bailiff who asked, and what a bailiff tells to the municipality that helps."""
    if not isinstance(happened, Message):
        raise PermanentError("a stateless processor has no timers")
    match happened.event:
        case BailiffMatch(asker=asker):
            return Effects(None, (_forward(asker, "bailiff-matches", happened),))
        case DebtReport(municipality=None):
            return Effects(None, ())
        case DebtReport(municipality=str(municipality)):
            return Effects(None, (_forward(municipality, "debt-reports", happened),))
        case _:
            raise _unexpected(happened)


def _once(known: Household, forward: Forward, now: datetime) -> Effects[Household]:
    """A sender that repeats a signal has it published again, under the same id; here it stands once."""
    after = forwarded(known, forward.message.meta.id, now)
    return _effects(after) if after is known else _effects(after, forward)


def _effects(known: Household, *outputs: Outgoing | Forward) -> Effects[Household]:
    left = known.cases or known.forwarded
    return Effects(known if left else None, outputs, next_forget(known))


def _forward(oin: str, subject: str, message: Message) -> Forward:
    return Forward(tenant_topic(oin, subject), message)


def _unexpected(message: Message) -> PermanentError:
    kind = type(message.event).__name__ if message.event else "tombstone"
    return PermanentError(f"{kind} is not what {message.topic} is for")
