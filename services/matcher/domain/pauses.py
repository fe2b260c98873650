"""Collection pauses (domain.md 2.4): who waits, and what it is told.

A creditor has one pause for one person at an address, whatever it rests on: the results of cases, running
help, the orders of a team. What rests on more of them is one stretch. A pause keeps the id it was told with
first; when two turn out to be of one person, one goes on and the other ends, saying so. It starts and is
ended by facts at once; only a timer ends its term.
"""

from itertools import count

from services.common.events import PauseChange, PauseEnd
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change, Household, PauseTold
from services.matcher.domain.handover import taken_over
from services.matcher.domain.leases import Step, steps, telling, told_of
from services.matcher.domain.lines import Line, lines_of


def settle_pauses(household: Household, changes: list[Change]) -> Household:
    """Tell each creditor what is new about its pauses."""
    household = taken_over(_carried_over(household))
    left = list(household.pauses)
    kept: list[PauseTold] = []
    for line in lines_of(household):
        mine = sorted((told for told in left if _is_of(told, line)), key=_choice)
        left = [told for told in left if told not in mine]
        taken = {each.pause_id for each in (*household.pauses, *kept)}
        told = _settle(household, line, mine[0] if mine else None, taken, changes)
        kept += [told, *(_covered(other, told, changes) for other in mine[1:])]
    kept += [_taken_back(told, changes) for told in left]
    pauses = tuple(sorted(kept, key=lambda each: each.pause_id))
    return household if pauses == household.pauses else household._replace(pauses=pauses)


def forget_pauses(household: Household, kept: set[str]) -> Household:
    """Return the household without the pauses of signals that are kept no longer, when none runs.

    Of the others nothing of the past is told again: what they rested on may be forgotten.
    """
    found = []
    for told in household.pauses:
        ids = tuple(each for each in told.signal_ids if each in kept)
        if ids:
            found.append(told._replace(signal_ids=ids, final=True))
    leases = tuple(each for each in household.leases if each.signal_id in kept)
    return household._replace(pauses=tuple(found), leases=leases)


def is_running(told: PauseTold) -> bool:
    """Tell whether a pause was told and not ended."""
    return told.reason is None


def _settle(
    household: Household, line: Line, before: PauseTold | None, taken: set[str], changes: list[Change]
) -> PauseTold:
    if before and before.final and line.span.starts_at <= before.ends_at:
        return before
    told = before
    for step in steps(before, line.span, household.woken):
        pause_id = told.pause_id if told else _new_id(household.household, line, taken)
        told = _tell(line, pause_id, told, step, changes)
    if told is None:
        raise ValueError("a pause that was never told has something to tell")
    return told._replace(signal_ids=line.signal_ids)  # a later signal joins without a telling


def _new_id(household: str, line: Line, taken: set[str]) -> str:
    """Return the id of a pause that begins with its first signal; that one's may go on without it."""
    ids = (derived_id("pause", household, line.signal_ids[0], str(number)) for number in count(1))
    return next(each for each in ids if each not in taken)


def _tell(line: Line, pause_id: str, told: PauseTold | None, step: Step, changes: list[Change]) -> PauseTold:
    told = told_of(pause_id, line.creditor, told, step, line.signal_ids)._replace(
        municipality=line.municipality
    )
    changes.append(telling(line.municipality, told, step.change, check=line.check))
    return told


def _covered(told: PauseTold, by: PauseTold, changes: list[Change]) -> PauseTold:
    """Another pause goes on for these signals: this one need not have been."""
    return _ended(told, changes, by.pause_id) if is_running(told) else told


def _taken_back(told: PauseTold, changes: list[Change]) -> PauseTold:
    """What was told follows from no fact any more: a span without length, for the signals it was for."""
    return told if told.final or told.starts_at == told.ends_at else _ended(told, changes)


def _ended(told: PauseTold, changes: list[Change], covered_by: str | None = None) -> PauseTold:
    step = Step(PauseChange.ENDED, told.starts_at, told.starts_at, PauseEnd.RESULT)
    ended = told_of(told.pause_id, told.creditor, told, step, told.signal_ids)
    ended = ended._replace(municipality=told.municipality)
    changes.append(telling(told.municipality, ended, PauseChange.ENDED, covered_by=covered_by))
    return ended


def _is_of(told: PauseTold, line: Line) -> bool:
    return told.municipality == line.municipality and not set(told.signal_ids).isdisjoint(line.signal_ids)


def _choice(told: PauseTold) -> tuple[bool, float, str]:
    """The pause that goes on: of those that run the first, else the one that was the last to end."""
    running = is_running(told)
    return not running, told.starts_at.timestamp() if running else -told.ends_at.timestamp(), told.pause_id


def _carried_over(household: Household) -> Household:
    """Take over the pauses that cases had, in the state of before a pause was one of a person."""
    if not any(case.pauses for case in household.cases):
        return household
    found = [
        told._replace(municipality=case.municipality) for case in household.cases for told in case.pauses
    ]
    cases = tuple(case._replace(pauses=()) for case in household.cases)
    return household._replace(cases=cases, pauses=(*household.pauses, *found))
