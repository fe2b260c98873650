"""Collection pauses (domain.md 2.4): help accepted, and a creditor waits.

From the results of a case follows, for each signal about the person helped, in which span of time its
creditor waits. A creditor's spans of one case are one pause; what it was told before decides what it is told
now. A pause starts and is ended by a result at once; only a timer ends its term.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.common.events import Pause, PauseChange, PauseEnd
from services.common.identifiers import derived_id
from services.matcher.domain.facts import CaseFacts, Change, Household, PauseTold, ResultFact, SignalFact
from services.matcher.domain.statuses import ACCEPTS_HELP, holds_for, is_about


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [starts_at, ends_at) in which a creditor waits, and what ends it."""

    starts_at: datetime
    ends_at: datetime
    reason: PauseEnd = PauseEnd.TERM


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to tell a creditor about its pause."""

    change: PauseChange
    starts_at: datetime
    ends_at: datetime
    reason: PauseEnd | None = None


def settle_pauses(household: Household, case: CaseFacts, changes: list[Change]) -> CaseFacts:
    """Tell each creditor what is new about its pause of this case."""
    waiting = _waiting(household, case)
    told = {pause.creditor: pause for pause in case.pauses}
    for creditor in sorted(waiting.keys() | told.keys()):
        found = waiting.get(creditor, [])
        before = told.get(creditor)
        ids = tuple(sorted(signal.signal_id for signal, _ in found)) or _signals_of(before)
        for step in steps(before, _latest(found, before), household.woken):
            told[creditor] = _told(case, creditor, told.get(creditor), step, ids)
            changes.append(_change(case, told[creditor], step.change))
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


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans as stretches that do not touch."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.starts_at, each.ends_at, each.reason)):
        if not found or span.starts_at > found[-1].ends_at:
            found.append(span)
        elif span.ends_at > found[-1].ends_at:
            found[-1] = replace(span, starts_at=found[-1].starts_at)
    return found


def steps(told: PauseTold | None, span: Span, woken: datetime | None) -> list[Step]:
    """Return what a creditor must hear so that it knows its latest span."""
    over = span.reason is PauseEnd.RESULT or (woken is not None and woken >= span.ends_at)
    reason = span.reason if over else None
    if told and (told.starts_at, told.ends_at, told.reason) == (span.starts_at, span.ends_at, reason):
        return []
    found = []
    if told and told.reason is None and span.starts_at > told.ends_at:
        found.append(Step(PauseChange.ENDED, told.starts_at, told.ends_at, PauseEnd.TERM))
    if told is None or span.starts_at > told.ends_at or (not over and _again(told, span)):
        found.append(Step(PauseChange.STARTED, span.starts_at, span.ends_at))
    elif not over:
        found.append(Step(PauseChange.PROLONGED, span.starts_at, span.ends_at))
    if over:
        found.append(Step(PauseChange.ENDED, span.starts_at, span.ends_at, reason))
    return found


def _again(told: PauseTold, span: Span) -> bool:
    """An ended pause that runs after all, or one whose end came nearer without a result: told anew."""
    return told.reason is not None or span.ends_at < told.ends_at


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


def _told(
    case: CaseFacts, creditor: str, told: PauseTold | None, step: Step, ids: tuple[str, ...]
) -> PauseTold:
    return PauseTold(
        pause_id=told.pause_id if told else derived_id("pause", case.case_id, creditor),
        creditor=creditor,
        starts_at=step.starts_at,
        ends_at=step.ends_at,
        reason=step.reason,
        tellings=told.tellings + 1 if told else 1,
        signal_ids=ids,
    )


def _change(case: CaseFacts, told: PauseTold, change: PauseChange) -> Change:
    event = Pause(
        pause_id=told.pause_id,
        creditor=told.creditor,
        municipality=case.municipality,
        change=change,
        signal_ids=told.signal_ids,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        end_reason=told.reason,
    )
    change_id = derived_id("pause-change", told.pause_id, str(told.tellings))
    return Change(event, change.value.lower(), change_id)


def _signals(household: Household, municipality: str) -> Iterator[SignalFact]:
    for case in household.cases:
        if case.municipality == municipality:
            yield from case.signals


def _signals_of(told: PauseTold | None) -> tuple[str, ...]:
    """Return the signals that a pause was for that is taken back: from the facts they follow no more."""
    return told.signal_ids if told else ()
