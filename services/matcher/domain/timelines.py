"""When the creditor of one signal waits (domain.md 2.4): by results, by running help, by orders of a team.

Each case with results, and each time that help ran, is a timeline of acts: each begins, prolongs or ends its
latest span. An order of a team is an act on all of them: it is about the pause, whatever that rests on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.common.events import PauseEnd, PauseGround
from services.matcher.domain.facts import CaseFacts, GoneFact, LeaseFact, OrderFact, ResultFact, SignalFact
from services.matcher.domain.identity import is_sure, same_person
from services.matcher.domain.leases import Span
from services.matcher.domain.statuses import ACCEPTS_HELP, Decision, holds_for, is_about


class Act(NamedTuple):
    """What happens to a span at a moment; `until` None ends it. Without a ground it begins none."""

    at: datetime
    until: datetime | None
    ground: PauseGround | None = None


Decided = tuple[CaseFacts, Sequence[Decision]]
"""A case with its results."""


def spans_of(cases: Sequence[Decided], leases: Iterable[LeaseFact], signal: SignalFact) -> list[Span]:
    """Return when a signal's creditor waits; `cases`: those of its municipality, `leases`: of the signal."""
    orders = [*_orders((case for case, _ in cases), signal)]
    lines = [_timeline(_acts(*each, signal), orders) for each in cases if each[1]]
    begun = [replace(span, starts_at=max(span.starts_at, signal.at)) for line in lines for span in line]
    begun += [span for lease in leases for span in _timeline(_leased(lease, signal), orders)]
    return [span for span in begun if span.starts_at < span.ends_at]


def _timeline(acts: Iterable[Act], orders: Sequence[Act]) -> list[Span]:
    spans: list[Span] = []
    for act in _in_time(acts, orders) if orders else acts:
        running = spans[-1] if spans and act.at < spans[-1].ends_at else None
        if running and act.until is None:
            spans[-1] = replace(running, ends_at=act.at, reason=PauseEnd.RESULT)
        elif running and act.until:
            spans[-1] = replace(running, ends_at=max(running.ends_at, act.until))
        elif act.until and act.ground:
            spans.append(Span(act.at, act.until, ground=act.ground))
    return spans


def _in_time(acts: Iterable[Act], orders: Sequence[Act]) -> Iterator[Act]:
    """Yield orders between acts; results stay in their own order, whatever their times say."""
    left = list(acts)
    for order in sorted(orders, key=lambda each: each.at):
        while left and left[0].at <= order.at:
            yield left.pop(0)
        yield order
    yield from left


def _acts(case: CaseFacts, decisions: Iterable[Decision], signal: SignalFact) -> Iterator[Act]:
    """Yield what the results of a case about the signal's person do to its pause."""
    for decision in decisions:
        result = decision.result
        if not is_about(decision, signal):
            continue
        if result.result not in ACCEPTS_HELP:
            yield Act(result.at, None)
        else:
            begins = signal.at >= result.at or (_is_of(case, signal) and holds_for(decision, signal))
            yield Act(result.at, _until(result), PauseGround.HELP_ACCEPTED if begins else None)


def _is_of(case: CaseFacts, signal: SignalFact) -> bool:
    return any(signal.signal_id == member.signal_id for member in case.signals)


def _until(result: ResultFact) -> datetime:
    return result.at + timedelta(days=result.pause_days)


def _leased(lease: LeaseFact, signal: SignalFact) -> Iterator[Act]:
    """Yield what help that runs, or ran, does: a pause for one term, which is over when the help is.

    That of a check is of the dossier too: it began when the check said so, whenever the signal came.
    """
    if lease.until:
        yield Act(lease.since, lease.until, PauseGround.CHECK)
    else:
        begin = max(lease.since, signal.at)
        yield Act(begin, begin + timedelta(days=lease.days), PauseGround.KNOWN_IN_DEBT_HELP)
    if lease.ended_at:
        yield Act(lease.ended_at, None)


def _orders(cases: Iterable[CaseFacts], signal: SignalFact) -> Iterator[Act]:
    for case in cases:
        for order in case.orders:
            if _is_meant(case, order, signal):
                yield Act(order.at, order.until)


def _is_meant(case: CaseFacts, order: OrderFact, signal: SignalFact) -> bool:
    """Tell whether an order is about a signal: of its case, or of the same person in another one."""
    anchors: list[SignalFact | GoneFact] = [*case.signals, *case.gone]
    for anchor in anchors:
        if order.signal_ids and anchor.signal_id not in order.signal_ids:
            continue
        if anchor.signal_id == signal.signal_id or is_sure(same_person(anchor.evidence, signal.evidence)):
            return True
    return False
