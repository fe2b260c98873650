"""Collection pauses (domain.md 2.4): help accepted, and a creditor waits.

From the results of a case follows, for each signal about the person helped, in which span of time its
creditor waits. A creditor's spans of one case are one pause; what it was told before decides what it is told
now. A pause starts and is ended by a result at once; only a timer ends its term.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from services.common.events import PauseEnd
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, Change, Household, PauseTold, ResultFact, SignalFact
from services.matcher.domain.leases import Span, merged, steps, telling, told_of
from services.matcher.domain.statuses import ACCEPTS_HELP, holds_for, is_about


def settle_pauses(household: Household, case: CaseFacts, changes: list[Change]) -> CaseFacts:
    """Tell each creditor what is new about its pause of this case."""
    waiting = _waiting(household, case)
    told = {pause.creditor: pause for pause in case.pauses}
    for creditor in sorted(waiting.keys() | told.keys()):
        found = waiting.get(creditor, [])
        before = told.get(creditor)
        ids = tuple(sorted(signal.signal_id for signal, _ in found)) or _signals_of(before)
        for step in steps(before, _latest(found, before), household.woken):
            pause_id = before.pause_id if before else derived_id("pause", case.case_id, creditor)
            told[creditor] = told_of(pause_id, creditor, told.get(creditor), step, ids)
            changes.append(telling(case.municipality, told[creditor], step.change))
        told[creditor] = told[creditor]._replace(signal_ids=ids)  # a later signal joins without a telling
    kept = tuple(told[creditor] for creditor in sorted(told))
    return case if kept == case.pauses else case._replace(pauses=kept)


def spans_of(case: CaseFacts, signal: SignalFact) -> list[Span]:
    """Return when the creditor of a signal, of this case or a later one, waits by this case's results."""
    spans: list[Span] = []
    for result in case.results:
        if is_about(case, result, signal):
            _take(spans, case, result, signal)
    begun = (replace(span, starts_at=max(span.starts_at, signal.at)) for span in spans)
    return [span for span in begun if span.starts_at < span.ends_at]


def _take(spans: list[Span], case: CaseFacts, result: ResultFact, signal: SignalFact) -> None:
    """Let one result about the signal's person begin, prolong or end the latest span."""
    running = spans[-1] if spans and result.at < spans[-1].ends_at else None
    if result.result not in ACCEPTS_HELP:
        if running:
            spans[-1] = Span(running.starts_at, result.at, PauseEnd.RESULT)
        return
    ends_at = result.at + timedelta(days=result.pause_days)
    if running:
        spans[-1] = replace(running, ends_at=max(running.ends_at, ends_at))
    elif signal.at >= result.at or holds_for(case, result, signal):
        spans.append(Span(result.at, ends_at))


def _waiting(household: Household, case: CaseFacts) -> dict[str, list[tuple[SignalFact, list[Span]]]]:
    """Return, for each creditor that waits, its signals about the person helped with their spans."""
    found: dict[str, list[tuple[SignalFact, list[Span]]]] = {}
    if any(result.result in ACCEPTS_HELP for result in case.results):
        for signal in _signals(household, case.municipality):
            spans = spans_of(case, signal)
            if spans:
                found.setdefault(signal.creditor, []).append((signal, spans))
    return found


def _latest(found: list[tuple[SignalFact, list[Span]]], told: PauseTold | None) -> Span:
    """Return a creditor's latest span; what was told but should not have begun is a span without length."""
    if found:
        return merged(span for _, spans in found for span in spans)[-1]
    if told is None:
        raise ValueError("a creditor waits or was told that it must")
    return Span(told.starts_at, told.starts_at, PauseEnd.RESULT)


def _signals(household: Household, municipality: str) -> Iterator[SignalFact]:
    for case in household.cases:
        if case.municipality == municipality:
            yield from case.signals


def _signals_of(told: PauseTold | None) -> tuple[str, ...]:
    """Return the signals that a pause was for that is taken back: from the facts they follow no more."""
    return told.signal_ids if told else ()
