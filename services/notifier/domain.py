"""Which team a case belongs to, what went out already, which parties a refusal is for. Pure rules."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.common.events import Case, Lane, Refusal, Role, RoutingReason, Team

REMEMBERED = timedelta(days=548)
"""A case may still change up to 18 months after it closed (domain.md 1.10); then its team is forgotten, and
what went out at that time."""

REFUSAL_ROLES = frozenset({Role.CREDITOR, Role.INTERMEDIARY})
"""The kinds of party that have a topic for refusals (topics.yaml; a test compares)."""

TeamsOf = Callable[[str], Iterable[Team]]
"""The teams of a municipality (OIN)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Where a case went: `crisis` is what the case was when it was last seen."""

    team: str
    crisis: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The cases of a household (by case_id) that have a team, and which signals and matches went out when."""

    cases: dict[str, Assigned] = field(default_factory=dict)
    forwarded: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A team, and why."""

    team: str
    reason: RoutingReason


def route(case: Case, teams: Iterable[Team]) -> Route | None:
    """Return the team of a case: lanes before areas, small areas before large ones, then the fallback.

    Among equals the lowest team_id; None when no team of the municipality takes it.
    """
    own = sorted((t for t in teams if t.municipality == case.municipality), key=lambda t: t.team_id)
    for reason, takes in _rules(case):
        for team in own:
            if takes(team):
                return Route(team=team.team_id, reason=reason)
    return None


def _rules(case: Case) -> Iterator[tuple[RoutingReason, Callable[[Team], bool]]]:
    if case.crisis:
        yield RoutingReason.CRISIS, lambda team: Lane.CRISIS in team.lanes
    if case.young:
        yield RoutingReason.YOUTH, lambda team: Lane.YOUTH in team.lanes
    for code in (case.area.neighbourhood, case.area.district, case.area.pc4):
        if code:
            yield RoutingReason.AREA, _owner(code)
    yield RoutingReason.FALLBACK, lambda team: team.fallback


def _owner(code: str) -> Callable[[Team], bool]:
    return lambda team: code in team.areas


def assign(case: Case, known: Household, teams: TeamsOf, now: datetime) -> tuple[Household, Route | None]:
    """Return what is known after a change of a case, and where the case goes if that is new.

    A team keeps its case, unless the case became a crisis and there is a crisis team. A case that found no
    team is tried again at its next change.
    """
    before = known.cases.get(case.case_id)
    found = _first(case, teams) if before is None else _moved(case, before, teams)
    team = found.team if found else before.team if before else None
    if team is None:
        return known, None
    assigned = Assigned(team=team, crisis=case.crisis, seen_at=now)
    return replace(known, cases={**known.cases, case.case_id: assigned}), found


def _first(case: Case, teams: TeamsOf) -> Route | None:
    return route(case, teams(case.municipality))


def _moved(case: Case, before: Assigned, teams: TeamsOf) -> Route | None:
    if before.crisis or not case.crisis:
        return None
    found = route(case, teams(case.municipality))
    if found is None or found.reason is not RoutingReason.CRISIS or found.team == before.team:
        return None
    return found


def forwarded(known: Household, id: str, now: datetime) -> Household:
    """Return what is known once a signal or match went out; the very same when it had gone out before."""
    if id in known.forwarded:
        return known
    return replace(known, forwarded={**known.forwarded, id: now})


def erased(known: Household, signal_id: str, now: datetime) -> Household:
    """Return what is known once a signal was erased: none of it that is under way yet goes out any more."""
    return replace(known, forwarded={**known.forwarded, _erased(signal_id): now})


def is_erased(known: Household, signal_id: str) -> bool:
    return _erased(signal_id) in known.forwarded


def _erased(signal_id: str) -> str:
    return f"erased {signal_id}"


def forget(known: Household, now: datetime) -> Household:
    """Drop the cases that have not changed for `REMEMBERED`, and what went out longer ago."""
    return Household(
        cases={k: case for k, case in known.cases.items() if now < case.seen_at + REMEMBERED},
        forwarded={k: at for k, at in known.forwarded.items() if now < at + REMEMBERED},
    )


def next_forget(known: Household) -> datetime | None:
    """Return when there is something to forget."""
    moments = [*(case.seen_at for case in known.cases.values()), *known.forwarded.values()]
    return min(moments) + REMEMBERED if moments else None


def receivers(refusal: Refusal, sender_roles: Collection[Role]) -> tuple[str, ...]:
    """Return the parties that a refusal is for: the creditor, and who sent it on the creditor's behalf.

    ingest names as creditor only a party for which the sender may act. A sender of another kind (a bailiff's
    office named in an agreement) has no topic for refusals; it had the answer to its request.
    """
    if refusal.sender == refusal.creditor or not REFUSAL_ROLES & frozenset(sender_roles):
        return (refusal.creditor,)
    return (refusal.creditor, refusal.sender)
