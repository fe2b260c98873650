"""The database beside the topics that it was made from: a check for every projection of topics.yaml.

Not compared: when and in which order rows were written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from services.common.clock import AMSTERDAM
from services.common.events import (
    Case,
    ErasedKind,
    Erasure,
    Event,
    Feedback,
    Pause,
    PauseAcknowledgement,
    Question,
    QuestionState,
    Refusal,
    Registration,
    Routing,
    Signal,
    SignalState,
    Withdrawal,
)
from tests.real.crash.compare import compared, compared_by_key, events
from tests.real.crash.forms import derived
from tests.real.crash.read import CATALOGUE, Library, Topics, rows

TOPICS = tuple(sorted({topic for spec in CATALOGUE.projections for topic in spec.inputs}))
NEVER_FILLED = frozenset({"feedback.pause_acknowledgements"})
"""Nobody of the load says what would be there."""
_PAUSE = (
    *("creditor", "municipality", "change", "signal_ids", "starts_at", "ends_at", "end_reason", "ground"),
    *("covered_by", "check_id", "dossier"),
)
_QUESTION = ("municipality", "household", "case_id", "signal_id", "registration_id", "reasons", "state")
_CASE = (
    *("municipality", "household", "month", "kind", "consecutive", "status", "result", "crisis", "young"),
    *("opened_at", "withdrawn", "priority", "deadline", "overdue", "address_doubt", "known_in_debt_help"),
)
_HELPED = ("person", "household", "municipality", "registrar")
_DISCLOSED = ("creditor", "municipality", "status", "help_accepted", "revision", "withdrawn")
_TALLIED = ("creditor", "municipality", "status", "revision")
_REFUSED = ("creditor", "municipality")

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A database, the party that it delivers webhooks to, and the keys of those that arrived there."""

    database: str
    webhook: str
    received: set[str]

    def differs(self, table: str, key: Sequence[str], expected: Mapping[Key, Row]) -> Iterator[str]:
        """Compare a table in the columns that are expected; where nothing is expected nothing is proved."""
        if not expected and table not in NEVER_FILLED:
            yield f"nothing was said that belongs in {table}"
        columns = next(iter(expected.values()), {}).keys()
        found = {
            tuple(row[each] for each in key): {each: row[each] for each in columns}
            for row in rows(self.database, f"SELECT * FROM {table}")
        }
        yield from compared_by_key(f"row of {table}", expected, found)


Check = Callable[[Topics, Stored], Iterator[str]]


def projections(reader: Library, stored: Stored) -> list[str]:
    """Return how the database differs from the topics it was made from."""
    topics = reader.whole(TOPICS)
    lines = [line for check in CHECKS.values() for line in check(topics, stored)]
    if any(event.kind is ErasedKind.SIGNAL for event in events(topics["erasures.v1"], Erasure)):
        lines.append("a signal was erased, which no check here reckons with")
    return lines


def _helped(topics: Topics, stored: Stored) -> Iterator[str]:
    """The last of each registration, unless that is its end."""
    last = {seen.key: seen.event for seen in topics["registrations.v1"]}
    running = [event for event in last.values() if isinstance(event, Registration)]
    expected = {(each.registration_id,): _told(each, _HELPED) for each in running}
    yield from stored.differs("ingest.helped", ("registration_id",), expected)


def _worklist(topics: Topics, stored: Stored) -> Iterator[str]:
    cases = {event.case_id: event for event in events(topics["cases.v1"], Case)}
    expected = {(case_id,): _case(event) for case_id, event in cases.items()}
    yield from stored.differs("feedback.cases", ("case_id",), expected)
    teams = {(event.case_id,): {"team": event.team} for event in events(topics["routings.v1"], Routing)}
    yield from stored.differs("feedback.case_teams", ("case_id",), teams)
    yield from stored.differs("feedback.signals", ("signal_id",), _signals(topics))
    yield from stored.differs("feedback.questions", ("question_id",), _questions(topics))


def _case(case: Case) -> Row:
    area = {"pc4": case.area.pc4, "district": case.area.district, "neighbourhood": case.area.neighbourhood}
    return _told(case, _CASE) | area | {"signals": msgspec.to_builtins(list(case.signals))}


def _signals(topics: Topics) -> dict[Key, Row]:
    """The highest revision of each; of two that are equal that which is there, not that which left."""
    here = [
        (each.signal_id, each.revision, True, each.municipality, each.personal.decode())
        for each in events(topics["signals.v1"], Signal)
    ]
    gone = [
        (each.signal_id, each.revision, False, each.municipality, None)
        for each in events(topics["withdrawals.v1"], Withdrawal)
    ]
    return {
        (id_,): {"revision": revision, "municipality": municipality, "personal": personal}
        for id_, revision, _, municipality, personal in sorted([*here, *gone], key=lambda each: each[1:3])
    }


def _questions(topics: Topics) -> dict[Key, Row]:
    """The last of each, when it was asked at first; with its registration a question is erased."""
    erased = {event.erased_id for event in events(topics["erasures.v1"], Erasure)}
    found: dict[Key, Row] = {}
    for seen, event in zip(topics["questions.v1"], events(topics["questions.v1"], Question), strict=True):
        before = found.get((event.question_id,), {})
        if event.registration_id not in erased and (before or event.state is not QuestionState.WITHDRAWN):
            found[event.question_id,] = _told(event, _QUESTION) | {
                "asked_at": before.get("asked_at", seen.at)
            }
    return found


def _disclosed(topics: Topics, stored: Stored) -> Iterator[str]:
    told = sorted(events(topics["feedback.v1"], Feedback), key=lambda each: each.revision)
    expected = {
        (each.signal_id,): _told(each, _DISCLOSED) | {"contacts": msgspec.to_builtins(list(each.contacts))}
        for each in told
    }
    yield from stored.differs("feedback.disclosed", ("signal_id",), expected)


def _pauses(topics: Topics, stored: Stored) -> Iterator[str]:
    changes = {(each.pause_id, each.sequence): each for each in events(topics["pauses.v1"], Pause)}
    expected = {key: _told(each, _PAUSE) for key, each in changes.items()}
    yield from stored.differs("feedback.pause_changes", ("pause_id", "sequence"), expected)
    confirmed = events(topics["pause-acknowledgements.v1"], PauseAcknowledgement)
    heard = {
        (each.pause_id,): {"sequence": each.sequence}
        for each in sorted(confirmed, key=lambda each: each.sequence)
    }
    yield from stored.differs("feedback.pause_acknowledgements", ("pause_id",), heard)


def _quality(topics: Topics, stored: Stored) -> Iterator[str]:
    """Signals in the month of their first status, as their highest revision stands now where it is."""
    states = events(topics["signal-statuses.v1"], SignalState)
    here = [
        (event, seen.at)
        for event, seen in zip(states, topics["signal-statuses.v1"], strict=True)
        if event.end is None
    ]
    months: dict[str, str] = {}
    for event, at in here:
        months[event.signal_id] = min(months.get(event.signal_id, "9999-12"), _month(at))
    expected = {
        (event.signal_id,): _told(event, _TALLIED) | {"month": months[event.signal_id]}
        for event, _ in sorted(here, key=lambda each: each[0].revision)
    }
    yield from stored.differs("feedback.tallied_signals", ("signal_id",), expected)
    refusals = {
        (event.refusal_id,): _told(event, _REFUSED) | {"reasons": sorted({*event.reasons})}
        for event in events(topics["refusals.v1"], Refusal)
    }
    yield from stored.differs("feedback.tallied_refusals", ("refusal_id",), refusals)


def _webhooks(topics: Topics, stored: Stored) -> Iterator[str]:
    """One delivery per event for the party with a webhook; done, and its receiver has had it.

    One that told of help and waited while something newer was told may have given way.
    """
    expected = {
        derived("webhook", stored.webhook, seen.source, seen.id)
        for topic in ("pauses.v1", "feedback.v1")
        for seen in topics[topic]
        if seen.key == stored.webhook
    }
    found = rows(stored.database, "SELECT id, state FROM common.deliveries")
    yield from compared("common.deliveries", expected, {row["id"] for row in found})
    left = Counter(row["state"] for row in found if row["state"] not in ("done", "replaced"))
    if left:
        yield f"deliveries that are not done: {dict(left)}"
    replaced = {row["id"] for row in found if row["state"] == "replaced"}
    yield from compared("webhooks received", expected - replaced, stored.received, replaced)


CHECKS: Mapping[str, Check] = {
    "ingest-helped": _helped,
    "notifier-webhooks": _webhooks,
    "feedback-worklist": _worklist,
    "feedback-disclosed": _disclosed,
    "feedback-pauses": _pauses,
    "feedback-quality": _quality,
}
"""By the names in topics.yaml."""


def _told(event: Event, columns: Iterable[str]) -> Row:
    """Return what an event says, as the database gives it."""
    said = msgspec.to_builtins(event, builtin_types=(date, datetime, bytes))
    return {each: list(said[each]) if isinstance(said[each], tuple) else said[each] for each in columns}


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%Y-%m}"
