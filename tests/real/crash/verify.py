"""The hub's topics beside what the reference model says: every difference is a line."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from services.common.events import (
    BailiffMatch,
    Case,
    Feedback,
    HelpChange,
    Match,
    MatchKind,
    Pause,
    PauseEnd,
    Refusal,
    Signal,
    SignalState,
    Withdrawal,
)
from tests.real.crash import model
from tests.real.crash.compare import E, compared, compared_by_key, events
from tests.real.crash.forms import KINDS, team_of
from tests.real.crash.history import History, Moment
from tests.real.crash.model import Truth, departures, truth
from tests.real.crash.read import DEAD_LETTERS, Library, Seen, Topics
from tests.real.hub.town import BAILIFF, OTHER_TOWN, TOWN

TOWNS = (TOWN, OTHER_TOWN)
INNER = ("cases.v1", "matches.v1", "pauses.v1", "feedback.v1")
PASSED_ON = {"cases": TOWNS, "matches": TOWNS, "pauses": tuple(KINDS), "feedback": tuple(KINDS)}
TENANTS = tuple(f"tenant.{oin}.{subject}.v1" for subject, oins in PASSED_ON.items() for oin in oins)
SIGNALS = {oin: f"tenant.{oin}.signals.v1" for oin in TOWNS}
GONE = {oin: f"tenant.{oin}.withdrawals.v1" for oin in TOWNS}
REFUSALS = tuple(f"tenant.{oin}.refusals.v1" for oin in KINDS)
CHECKED = f"tenant.{BAILIFF}.bailiff-matches.v1"
STATUSES = "signal-statuses.v1"
ALL = (STATUSES, *INNER, *TENANTS, *SIGNALS.values(), *GONE.values(), *REFUSALS, CHECKED, *DEAD_LETTERS)
_MILLISECOND = timedelta(milliseconds=1)
"""What the wire rounds off."""


def differences(reader: Library, history: History) -> list[str]:
    """Return how the topics differ from what must be there when March is closed and all pauses are over."""
    topics = reader.whole(ALL)
    return [
        *_once(topics),
        *_signals(topics, history),
        *_conclusions(topics, truth(history, _early, team_of), truth(history, _late, team_of)),
    ]


def _early(moment: Moment) -> Any:
    return moment.early - _MILLISECOND


def _late(moment: Moment) -> Any:
    return moment.late


def _once(topics: Topics) -> Iterator[str]:
    """Nothing is put aside, nothing is told twice, and what was concluded reached its tenant."""
    for topic in DEAD_LETTERS:
        if topics[topic]:
            yield f"{len(topics[topic])} records on {topic}"
    for topic in ("cases.v1", "matches.v1", "pauses.v1", "feedback.v1", *TENANTS, CHECKED):
        twice = [id_ for id_, count in Counter(_ids(topics[topic])).items() if count > 1]
        if twice:
            yield f"{len(twice)} events are more than once on {topic}, for example {twice[0]}"
    for subject, oins in PASSED_ON.items():
        inside = set(_ids(topics[f"{subject}.v1"]))
        outside = {id_ for oin in oins for id_ in _ids(topics[f"tenant.{oin}.{subject}.v1"])}
        yield from compared(f"{subject}.v1 on the tenants' topics", inside, outside)


def _ids(records: list[Seen]) -> Iterator[str]:
    return (each.id for each in records)


def _signals(topics: Topics, history: History) -> Iterator[str]:
    """Every accepted signal, correction and withdrawal exactly once; every refused signal at least once (a
    repetition is told again)."""
    for town, topic in SIGNALS.items():
        own = {id_: sent for id_, sent in history.sent.items() if sent.now.town == town}
        expected = Counter((id_, n) for id_, sent in own.items() for n in range(1, len(sent.versions) + 1))
        found = Counter((e.signal_id, e.revision) for e in events(topics[topic], Signal))
        yield from compared(f"signals on {topic}", set(expected.items()), set(found.items()))
        over = {(id_, *each) for id_, sent in own.items() for each in departures(sent).items()}
        ends = Counter((e.signal_id, e.revision, e.end) for e in events(topics[GONE[town]], Withdrawal))
        told = {(id_, (revision, end.value), count) for (id_, revision, end), count in ends.items()}
        yield from compared(f"withdrawals on {GONE[town]}", over, told)
    refused = {event.signal_id for topic in REFUSALS for event in events(topics[topic], Refusal)}
    yield from compared("refusals", history.refused, refused)


def _conclusions(topics: Topics, early: Truth, late: Truth) -> Iterator[str]:
    names = _names(topics)
    found = latest_cases(topics).items()
    hidden = {id_ for id_, event in found if event.known_in_debt_help or event.withdrawn}
    cases = {names[id_]: _case(event) for id_, event in found if id_ not in hidden}
    yield from compared_by_key("case", early.cases, cases)
    last = {event.match_id: event for event in events(topics["matches.v1"], Match)}
    matches = {_match(event, names) for event in last.values() if not event.withdrawn}
    yield from compared("matches", early.matches, matches, early.maybe_matches)
    told = sorted(_of(topics, "feedback", Feedback), key=lambda each: each.revision)
    feedback = {each.signal_id: _feedback(each) for each in told}
    yield from compared_by_key("feedback", early.feedback, feedback)
    yield from _pauses(topics, early, late)
    matched = list(events(topics[CHECKED], BailiffMatch))
    started = {each.dossier for each in matched if each.change is HelpChange.STARTED}
    yield from compared("dossiers that hear of help", early.told, started, early.maybe_told)
    ended = {each.dossier for each in matched if each.change is HelpChange.ENDED}
    yield from compared("dossiers that hear of its end", early.ended, ended, early.maybe_ended)


def _names(topics: Topics) -> dict[str, str]:
    """Return the smallest signal of each case, also of those that no municipality heard of.

    What is told last at an address counts: of a signal that is at another one now, that it is over.
    """
    last = {(event.household, event.signal_id): event for event in events(topics[STATUSES], SignalState)}
    found: dict[str, str] = {}
    for event in last.values():
        if event.end is None:
            found[event.case_id] = min(found.get(event.case_id, event.signal_id), event.signal_id)
    return found


def latest_cases(topics: Topics) -> dict[str, Case]:
    """Return the cases as their municipalities have them."""
    return {event.case_id: event for event in _of(topics, "cases", Case)}


def _of(topics: Topics, subject: str, kind: type[E]) -> Iterator[E]:
    for oin in PASSED_ON[subject]:
        yield from events(topics[f"tenant.{oin}.{subject}.v1"], kind)


def _case(event: Case) -> model.Case:
    """Not compared: times on the case, which the tests of the rules cover."""
    return model.Case(
        town=event.municipality,
        month=event.month,
        kind=event.kind.value,
        consecutive=event.consecutive,
        status=event.status.value,
        result=event.result.value if event.result else None,
        crisis=event.crisis,
        team=event.team,
        signals=frozenset((s.signal_id, s.creditor, s.amount_cents, s.status.value) for s in event.signals),
    )


def _match(event: Match, names: Mapping[str, str]) -> tuple[str, str]:
    """Not compared: confidence, signals and reasons of a match, which are those of when it was told."""
    known = event.kind is MatchKind.KNOWN_IN_DEBT_HELP
    return event.kind.value, event.signal_ids[0] if known else names.get(event.case_id, event.case_id)


def _feedback(event: Feedback) -> model.Feedback:
    contacts = frozenset(each.organisation for each in event.contacts)
    return model.Feedback(event.status.value, event.help_accepted, contacts, event.withdrawn)


def _pauses(topics: Topics, early: Truth, late: Truth) -> Iterator[str]:
    """The last that was told of each pause. A pause without length was taken back, or another one covers it.

    It is told when a signal that came after the end of a pause overtook, from its own topic, the result that
    ended it. For the same reason a signal can be missing from a pause that a result has ended already. One
    that was withdrawn or moved since can be in it.
    """
    told = {event.pause_id: event for event in _of(topics, "pauses", Pause) if event.signal_ids}.values()
    if unended := [pause for pause in told if pause.end_reason is None]:
        yield f"{len(unended)} pauses run for ever, for example {unended[0]}"
    stood = [pause for pause in told if pause.starts_at < pause.ends_at]
    found = {_person(each, early): each for each in stood}
    if len(found) < len(stood):
        yield f"{len(stood)} pauses for {len(found)} persons of a creditor"
    yield from compared("pauses", set(early.pauses), set(found), early.maybe_pauses)
    for key in found.keys() & early.pauses.keys():
        pause, first, last = found[key], early.pauses[key], late.pauses[key]
        signals = frozenset(each for each in pause.signal_ids if early.persons.get(each) == key)
        ended = pause.end_reason is PauseEnd.RESULT
        right = (
            pause.end_reason is not None
            and pause.end_reason.value == first.reason
            and (signals <= first.signals if ended else signals == first.signals)
            and first.start <= pause.starts_at <= last.start
            and first.end <= pause.ends_at <= last.end
        )
        if not right:
            yield f"pause {key}: {pause}, expected {first} to {last}"


def _person(pause: Pause, truth: Truth) -> tuple[str, str]:
    """Return whose pause it is: the person of the first of its signals that are still there."""
    here = (truth.persons[each] for each in pause.signal_ids if each in truth.persons)
    return next(here, (pause.signal_ids[0], "whose signals are all gone"))
