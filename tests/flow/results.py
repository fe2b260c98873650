"""What the records on the topics come to in the end: all that has to be the same whatever came first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from services.common.events import (
    BailiffMatch,
    Case,
    Event,
    Feedback,
    Match,
    Pause,
    PauseChange,
    Signal,
    SignalEnd,
    SignalState,
)
from services.common.records import Message
from tests.flow.happened import BAILIFF, TOWN

Topics = Mapping[str, Sequence[Message]]
_TOWN, _PUSHES = f"tenant.{TOWN}", f"tenant.{BAILIFF}.bailiff-matches.v1"


def told(topics: Topics) -> dict[str, object]:
    """Return all that is true in the end, whoever asks for it."""
    tenants = {name: content for name, content in topics.items() if name.startswith("tenant.")}
    seen, left = cases(topics.get(f"{_TOWN}.cases.v1", ())), _may_leave(topics)
    return {
        "cases": cases(topics.get("cases.v1", ())),
        "statuses": statuses(topics.get("signal-statuses.v1", ())),
        "teams": teams(topics),
        "places": {
            (name, key): event
            for name in topics
            if ".by-" in name
            for key, event in {each.key: each.event for each in topics[name]}.items()
            if event is not None
        },
        "tenants' cases": {name: replace(case, team=None) for name, case in seen.items()} if left else seen,
        "tenants' signals": names(topics.get(f"{_TOWN}.signals.v1", ())),
        "tenants' withdrawals": names(topics.get(f"{_TOWN}.withdrawals.v1", ())),
        "tenants' refusals": {
            (name, id_) for name in tenants if "refusals" in name for id_ in names(tenants[name])
        },
    }


def found_while_help_ran(topics: Topics) -> dict[str, object]:
    """Return what is told once and never taken back, and what a creditor sees of it."""
    return {
        "feedback": {
            (name, *each)
            for name in topics
            if name == "feedback.v1" or ".feedback." in name
            for each in feedback(topics[name]).items()
        },
        "matches": matches(topics.get(f"{_TOWN}.matches.v1", ())),
        "pushes": {
            each.event.check_id for each in topics.get(_PUSHES, ()) if isinstance(each.event, BailiffMatch)
        },
        "pauses": {} if _is_helped_by_mistake(topics) else _pauses(topics),
    }


def contents(topics: Topics) -> dict[tuple[str, str], list[Event | None]]:
    """Return by topic and id what the hub wrote under it: a receiver drops an id that it had."""
    found: dict[tuple[str, str], list[Event | None]] = {}
    for name in topics:
        if name not in {"signals.v1", "refusals.v1"} and ".by-" not in name:
            for each in topics[name]:
                known = found.setdefault((name, each.meta.id), [])
                if each.event not in known:
                    known.append(each.event)
    return found


def teams(topics: Topics) -> dict[str, Event]:
    """Return where cases went, unless they may have been gone from the worklist for a while."""
    return {} if _may_leave(topics) else latest(topics.get("routings.v1", ()), "case_id")


def _may_leave(topics: Topics) -> bool:
    """A team keeps its case when the signal for which it went there is withdrawn, or its person known."""
    return bool(topics.get("withdrawals.v1") or topics.get("registrations.v1"))


def cases(messages: Iterable[Message]) -> dict[str, Case]:
    """Return the cases as they were told last; one whose signals went or are known may be told to nobody."""
    found = latest(messages, "case_id")
    return {
        name: each
        for name, each in found.items()
        if isinstance(each, Case) and not each.withdrawn and not each.known_in_debt_help
    }


def statuses(messages: Iterable[Message]) -> dict[str, Event]:
    """Return how each signal stands: of two households the higher revision, and who has it, says so."""
    found = (each.event for each in messages)
    states = [each for each in found if isinstance(each, SignalState)]
    ends = (SignalEnd.MOVED, SignalEnd.WITHDRAWN, None)
    states.sort(key=lambda each: (each.revision, ends.index(each.end)))
    return {each.signal_id: each for each in states}


def feedback(messages: Iterable[Message]) -> dict[str, Event]:
    """Return what a creditor may know, as it reads it: by revision."""
    found = [each.event for each in messages if isinstance(each.event, Feedback)]
    return {each.signal_id: each for each in sorted(found, key=lambda each: each.revision)}


def matches(messages: Iterable[Message]) -> list[str]:
    """Return the matches that were not taken back."""
    found = latest(messages, "match_id")
    return sorted(name for name, each in found.items() if isinstance(each, Match) and not each.withdrawn)


def _is_helped_by_mistake(topics: Topics) -> bool:
    """Help may have been known for somebody before a correction said that it is somebody else."""
    signals = (each.event for each in topics.get("signals.v1", ()))
    corrected = any(isinstance(each, Signal) and each.revision > 1 for each in signals)
    return corrected and bool(topics.get("registrations.v1"))


def _pauses(topics: Topics) -> dict[str, list[str]]:
    found = {name: pauses(topics[name]) for name in topics if "pauses." in name}
    return {name: stood for name, stood in found.items() if stood}


def pauses(messages: Iterable[Message]) -> list[str]:
    """Return the pauses as they ended; one without length was told and taken back.

    With which signal a pause began (its id), how often and by which change it was told depends on the order.
    """
    found = latest(messages, "pause_id").values()
    stood = [each for each in found if isinstance(each, Pause) and each.ends_at > each.starts_at]
    return sorted(str(replace(each, pause_id="", sequence=0, change=PauseChange.STARTED)) for each in stood)


def latest(messages: Iterable[Message], name: str) -> dict[str, Event]:
    """Return the last event of each thing; order within one topic is that of the log."""
    return {getattr(each.event, name): each.event for each in messages if each.event is not None}


def names(messages: Iterable[Message]) -> list[str]:
    return sorted(each.meta.id for each in messages)
