"""The pauses of a household as they follow from its facts: one for each creditor and person."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.matcher.domain.facts import CaseFacts, Household, LeaseFact, SignalFact
from services.matcher.domain.identity import is_sure, same_person
from services.matcher.domain.leases import Span, merged
from services.matcher.domain.statuses import decisions_of
from services.matcher.domain.timelines import spans_of


class Waiting(NamedTuple):
    """A signal whose creditor waits, when, and what among it rests on running help or on a check."""

    signal: SignalFact
    spans: list[Span]
    leases: list[LeaseFact]


class Line(NamedTuple):
    """The pause of a creditor for one person: for which signals, its latest stretch, and a check in it."""

    creditor: str
    municipality: str
    signal_ids: tuple[str, ...]
    span: Span
    check: tuple[str, str] | None = None


def lines_of(household: Household) -> Iterator[Line]:
    """Yield the pauses as they follow from the facts, in the order of their first signals."""
    towns = dict.fromkeys(case.municipality for case in household.cases)
    for town in towns:
        cases = [case for case in household.cases if case.municipality == town]
        for creditor, waiting in _waiting(cases, household.leases).items():
            for group in _persons(waiting):
                yield _line(creditor, town, group)


def _line(creditor: str, town: str, group: list[Waiting]) -> Line:
    span = merged(span for each in group for span in each.spans)[-1]
    ids = tuple(sorted(each.signal.signal_id for each in group))
    return Line(creditor, town, ids, span, _check(group, span))


def _check(group: list[Waiting], span: Span) -> tuple[str, str] | None:
    """Return the last check in a stretch: its client recognises the dossier of it."""
    found = [
        (lease.since, lease.check)
        for each in group
        for lease in each.leases
        if lease.check and span.starts_at <= lease.since <= span.ends_at
    ]
    return max(found)[1] if found else None


def _waiting(cases: list[CaseFacts], leases: Iterable[LeaseFact]) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    helped: dict[str, list[LeaseFact]] = {}
    for lease in leases:
        helped.setdefault(lease.signal_id, []).append(lease)
    decided = [(case, decisions_of(case)) for case in cases]
    for signal in (signal for case in cases for signal in case.signals):
        mine = helped.get(signal.signal_id, [])
        spans = spans_of(decided, mine, signal)
        if spans:
            found.setdefault(signal.creditor, []).append(Waiting(signal, spans, mine))
    return {creditor: found[creditor] for creditor in sorted(found)}


def _persons(waiting: list[Waiting]) -> list[list[Waiting]]:
    """Return a creditor's signals by person: what is surely the same as one of them is the same as all."""
    groups: list[list[Waiting]] = []
    for each in sorted(waiting, key=lambda one: one.signal.signal_id):
        near = [group for group in groups if any(_is_same(each, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(one for group in near for one in group), each])
    return sorted(groups, key=lambda group: min(each.signal.signal_id for each in group))


def _is_same(one: Waiting, other: Waiting) -> bool:
    return is_sure(same_person(one.signal.evidence, other.signal.evidence))
