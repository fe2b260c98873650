"""A pause as a lease: in which spans of time a creditor waits, and what it must hear of the latest one.

Pure, for whoever pauses: households by signals, persons by the checks of bailiffs. A lease begins on a
ground, is never longer than its term unless somebody prolongs it, and ends when its ground is gone. What its
creditor was told before decides what it is told now; only a timer ends a term.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.common.events import Pause, PauseChange, PauseEnd, PauseGround
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change, PauseTold


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [starts_at, ends_at) in which a creditor waits, what ends it, on what it rests."""

    starts_at: datetime
    ends_at: datetime
    reason: PauseEnd = PauseEnd.TERM
    ground: PauseGround = PauseGround.HELP_ACCEPTED


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to tell a creditor about its pause."""

    change: PauseChange
    starts_at: datetime
    ends_at: datetime
    reason: PauseEnd | None = None
    ground: PauseGround | None = None


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans as stretches that do not touch; of two grounds the one that says less counts."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.starts_at, each.ends_at, each.reason, each.ground)):
        if not found or span.starts_at > found[-1].ends_at:
            found.append(span)
            continue
        last = found[-1]
        ends = span if span.ends_at > last.ends_at else last
        ground = min(last.ground, span.ground, key=_ORDER.index)
        found[-1] = replace(ends, starts_at=last.starts_at, ground=ground)
    return found


def steps(told: PauseTold | None, span: Span, woken: datetime | None) -> list[Step]:
    """Return what a creditor must hear so that it knows its latest span; `woken`: the last timer."""
    over = span.reason is PauseEnd.RESULT or (woken is not None and woken >= span.ends_at)
    reason = span.reason if over else None
    dates = span.starts_at, span.ends_at, reason
    if told and (told.starts_at, told.ends_at, told.reason) == dates and (over or _rests(told, span)):
        return []
    found = []
    if told and told.reason is None and span.starts_at > told.ends_at:
        found.append(Step(PauseChange.ENDED, told.starts_at, told.ends_at, PauseEnd.TERM))
    if told is None or span.starts_at > told.ends_at or (not over and _again(told, span)):
        found.append(Step(PauseChange.STARTED, span.starts_at, span.ends_at, ground=span.ground))
    elif not over:
        found.append(Step(PauseChange.PROLONGED, span.starts_at, span.ends_at, ground=span.ground))
    if over:
        found.append(Step(PauseChange.ENDED, span.starts_at, span.ends_at, reason))
    return found


def told_of(
    pause_id: str, creditor: str, before: PauseTold | None, step: Step, ids: tuple[str, ...]
) -> PauseTold:
    """Return what a creditor knows once it heard of a step; `ids`: the signals its pause is for."""
    return PauseTold(
        pause_id=pause_id,
        creditor=creditor,
        starts_at=step.starts_at,
        ends_at=step.ends_at,
        reason=step.reason,
        tellings=before.tellings + 1 if before else 1,
        signal_ids=ids,
        ground=step.ground,
    )


def telling(
    municipality: str,
    told: PauseTold,
    change: PauseChange,
    *,
    covered_by: str | None = None,
    check: tuple[str, str] | None = None,
) -> Change:
    """Return what tells it; `check`: id and dossier number, of a pause for the client of a check."""
    check_id, dossier = check or (None, None)
    event = Pause(
        pause_id=told.pause_id,
        creditor=told.creditor,
        municipality=municipality,
        change=change,
        signal_ids=told.signal_ids,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        end_reason=told.reason,
        ground=told.ground,
        sequence=told.tellings,
        covered_by=covered_by,
        check_id=check_id,
        dossier=dossier,
    )
    change_id = derived_id("pause-change", told.pause_id, str(told.tellings))
    return Change(event, change.value.lower(), change_id)


_ORDER = (PauseGround.HELP_ACCEPTED, PauseGround.KNOWN_IN_DEBT_HELP, PauseGround.CHECK)


def _rests(told: PauseTold, span: Span) -> bool:
    """Tell whether a pause rests on what was told; state from before grounds has none."""
    return told.ground in (None, span.ground)


def _again(told: PauseTold, span: Span) -> bool:
    """An ended pause that runs after all, or one whose end came nearer without a result: told anew."""
    return told.reason is not None or span.ends_at < told.ends_at
