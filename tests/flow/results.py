"""What the records on the topics come to in the end: all that has to be the same whatever came first."""

from collections.abc import Iterable, Mapping, Sequence

from services.common.events import Event, Pause
from services.common.records import Message
from tests.flow.happened import BAILIFF, TOWN

Topics = Mapping[str, Sequence[Message]]
_TOWN, _PUSHES = f"tenant.{TOWN}", f"tenant.{BAILIFF}.bailiff-matches.v1"


def told(topics: Topics) -> dict[str, object]:
    """Return all that is true in the end, whoever asks for it."""
    tenants = {name: content for name, content in topics.items() if name.startswith("tenant.")}
    return {
        "cases": latest(topics.get("cases.v1", ()), "case_id"),
        "statuses": latest(topics.get("signal-statuses.v1", ()), "signal_id"),
        "pauses": pauses(topics.get("pauses.v1", ())),
        "teams": latest(topics.get("routings.v1", ()), "case_id"),
        "places": {
            (name, key): event
            for name in topics
            if ".by-" in name
            for key, event in {each.key: each.event for each in topics[name]}.items()
            if event is not None
        },
        "tenants' cases": latest(topics.get(f"{_TOWN}.cases.v1", ()), "case_id"),
        "tenants' signals": names(topics.get(f"{_TOWN}.signals.v1", ())),
        "tenants' refusals": {
            (name, id_) for name in tenants if "refusals" in name for id_ in names(tenants[name])
        },
        "tenants' pauses": {
            (name, *each) for name in tenants if "pauses" in name for each in pauses(tenants[name]).items()
        },
    }


def found_while_help_ran(topics: Topics) -> dict[str, object]:
    """Return what is told once and never taken back, and what a creditor sees of it."""
    return {
        "feedback": {
            (name, *each)
            for name in topics
            if name == "feedback.v1" or ".feedback." in name
            for each in latest(topics[name], "signal_id").items()
        },
        "matches": names(topics.get(f"{_TOWN}.matches.v1", ())),
        "pushes": names(topics.get(_PUSHES, ())),
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


def pauses(messages: Iterable[Message]) -> dict[str, Event]:
    """Return the pauses as they ended; one without length was told and taken back."""
    found = latest(messages, "pause_id")
    return {
        name: each
        for name, each in found.items()
        if isinstance(each, Pause) and each.ends_at > each.starts_at
    }


def latest(messages: Iterable[Message], name: str) -> dict[str, Event]:
    """Return the last event of each thing; order within one topic is that of the log."""
    return {getattr(each.event, name): each.event for each in messages if each.event is not None}


def names(messages: Iterable[Message]) -> list[str]:
    return sorted(each.meta.id for each in messages)
