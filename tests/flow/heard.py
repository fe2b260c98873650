"""What a hub told everybody, beside what the model says: at once where nothing wrong may ever be told, and of
all that stands in the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.common.events import (
    BailiffMatch,
    Case,
    CaseResult,
    Event,
    Feedback,
    FeedbackStatus,
    HelpChange,
    KnownPerson,
    Pause,
    PauseChange,
    Question,
    QuestionState,
    SignalEnd,
    SignalState,
)
from tests.flow.model import Model

TOPICS = (
    "bailiff-matches.v1",
    "cases.v1",
    "feedback.v1",
    "known-persons.v1",
    "pauses.v1",
    "questions.v1",
    "signal-statuses.v1",
)


@dataclass
class Heard:
    """The last that was told of everything; `names`: of what the hub knows under other ids than the model."""

    model: Model
    names: Mapping[str, str] = field(default_factory=dict)
    states: dict[str, SignalState] = field(default_factory=dict)
    feedback: dict[str, Feedback] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    unasked_lately: set[str] = field(default_factory=set)
    """Checks that were withdrawn since the last quiet moment."""

    def take(self, event: Event | None) -> None:
        """Note what is told; some things are never told, whatever is handled first."""
        match event:
            case BailiffMatch():
                self._pushed(event)
            case SignalState():
                self._only_recent(event.contacts)
                self._keep(self.states, event, _standing(event))
            case Feedback():
                self._only_recent(event.contacts)
                self._keep(self.feedback, event, (event.revision, True))
            case KnownPerson():
                self._only_recent(event.contacts)
            case Pause():
                self._paused(event)
            case Question():
                self.questions[event.question_id] = event
            case Case():
                self.cases[event.case_id] = event

    def agree(self, now: datetime) -> None:
        """All was handled: both say the same of everything."""
        self._agree_on_pushes(now)
        self._agree_on_signals()
        assert self.worklist() == self.model.worklist()
        assert self.open().keys() == self.model.questions().keys()
        self._agree_on_pauses(now)

    def quiet(self) -> None:
        """From here on nothing of before may be told."""
        self.model.quiet()
        self.unasked_lately.clear()

    def open(self) -> dict[tuple[str, str], Question]:
        """Return the questions that wait for an answer, by signal and registration."""
        asked = [each for each in self.questions.values() if each.state is QuestionState.OPEN]
        found = {(self._name(each.signal_id), self._name(each.registration_id)): each for each in asked}
        assert len(found) == len(asked)
        return found

    def worklist(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the signals of cases that somebody may have to look at, with their status."""
        return {
            (self._name(each.household), each.month): {
                self._name(signal.signal_id): signal.status for signal in each.signals
            }
            for each in self.cases.values()
            if not (each.withdrawn or each.known_in_debt_help)
        }

    def _name(self, id_: str) -> str:
        return self.names.get(id_, id_)

    def _keep(self, found: dict[str, Any], event: Any, standing: tuple[int, bool]) -> None:
        """Of a corrected signal the highest revision counts, and where it is before where it is not."""
        name = self._name(event.signal_id)
        before = found.get(name)
        if before is None or standing >= _standing(before):
            found[name] = event

    def _only_recent(self, contacts: tuple[Any, ...]) -> None:
        """Nobody hears of help that was over when the last quiet moment was."""
        assert _organisations(contacts) <= set[str]().union(*self.model.recent.values())

    def _pushed(self, told: BailiffMatch) -> None:
        """Each telling says something new to who may hear it."""
        check = self.model.checks[self._name(told.check_id)]
        contacts = _organisations(told.contacts)
        assert contacts != check.known
        assert (told.change is HelpChange.STARTED) == (not check.known)
        assert (told.change is HelpChange.ENDED) == (not contacts)
        assert contacts <= self.model.recent.get(check.person, set())
        assert not check.withdrawn or check.name in self.unasked_lately
        check.known = contacts

    def _paused(self, told: Pause) -> None:
        """A pause starts, goes on and ends."""
        before = self.pauses.get(told.pause_id)
        assert before or told.change is PauseChange.STARTED
        assert told.sequence == (before.sequence if before else 0) + 1
        self.pauses[told.pause_id] = told

    def _agree_on_pushes(self, now: datetime) -> None:
        for check in self.model.checks.values():
            if not check.withdrawn:
                expected = self.model.believes(check, now)
                assert expected is None or check.known == expected
                assert bool(check.known) or not self.model.hears_of(check)

    def _agree_on_signals(self) -> None:
        for name in self.model.signals:
            known, state, feedback = self.model.known(name), self.states[name], self.feedback[name]
            assert state.end is None
            assert state.status is self.model.status(name)
            assert _organisations(state.contacts) == known
            assert _organisations(feedback.contacts) == known
            by_help = feedback.status is FeedbackStatus.KNOWN_IN_DEBT_HELP
            by_team = self.model.result(name) is CaseResult.KNOWN_IN_DEBT_HELP
            assert by_help == bool(known) or by_team
        for name in self.model.withdrawn:
            assert self.states[name].end is SignalEnd.WITHDRAWN
            assert self.feedback[name].withdrawn

    def _agree_on_pauses(self, now: datetime) -> None:
        """Who must wait does, who waits may; of those that run no two are one creditor's for one signal.

        A later signal of the same person joins a pause untold, and one that is corrected leaves it untold.
        """
        run = [each for each in self.pauses.values() if each.change is not PauseChange.ENDED]
        assert [each for each in run if each.ends_at <= now] == []
        found = [self._name(name) for each in run for name in each.signal_ids]
        here = [name for name in found if name in self.model.signals.keys() - self.model.changed]
        assert len(here) == len(set(here))
        assert [name for name in here if not self.model.may_pause(name, now)] == []
        waiting = set[object]().union(*(self.model.owed[name] for name in found))
        must = [self.model.owed[name] for name in self.model.must_pause(now)]
        assert [each for each in must if each.isdisjoint(waiting)] == []


def _standing(told: SignalState | Feedback) -> tuple[int, bool]:
    return told.revision, not (isinstance(told, SignalState) and told.end is SignalEnd.MOVED)


def _organisations(contacts: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(each.organisation for each in contacts)
