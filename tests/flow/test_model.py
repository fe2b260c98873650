"""Whatever happens, in whatever order it is handled, the hub says of debt help what a plain model says.

Registrations (single, and as the differences of snapshots), signals with and without a BSN of persons that
are sure, probable or possible, what teams find, checks, withdrawals, answers and time.
Longer: `make test ARGS="tests/flow/test_model.py --hypothesis-profile=long"`.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.common.events import (
    Answer,
    BailiffMatch,
    CaseResult,
    Contact,
    Event,
    EvidenceKind,
    Feedback,
    FeedbackStatus,
    HelpChange,
    KnownPerson,
    Pause,
    PauseChange,
    Question,
    QuestionState,
    Registration,
    Signal,
    SignalState,
)
from tests.flow import happened
from tests.flow.happened import CREDITORS, HOUSES, PERSONS, RESULTS, START, traits
from tests.flow.hub import Given, Hub
from tests.flow.model import SAYS, VALID_FOR, Asked, Help, Model, Sent

E = TypeVar("E", bound=Event)
DAY = timedelta(days=1)
LAST = START + timedelta(days=200)
"""Signals are kept a year: none of these is forgotten before the end."""
FORGOTTEN = START + timedelta(days=3 * 365)
REGISTRARS = ("town", "team")
KINDS = {
    "everything": (EvidenceKind.BIRTH_DATE, EvidenceKind.INITIAL),
    "birth date": (EvidenceKind.BIRTH_DATE,),
    "initial": (EvidenceKind.INITIAL,),
    "surname": (),
}
names = st.builds("{} {}".format, st.sampled_from(REGISTRARS), st.integers(1, 2))
persons, houses = st.sampled_from(PERSONS), st.sampled_from(HOUSES)
organisations = st.sampled_from(["Kredietbank", "Wijkteam"])
contents = st.tuples(persons, st.sampled_from((*HOUSES, "")), organisations)


class HubAndModel(RuleBasedStateMachine):
    """Things happen at the hub and in the model; at quiet moments both are compared."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.hub, self.model, self.now = Hub(Random(seed)), Model(), START
        self.sent: dict[str, Signal] = {}
        self.states: dict[str, SignalState] = {}
        self.feedback: dict[str, Feedback] = {}
        self.pauses: dict[str, Pause] = {}
        self.questions: dict[tuple[str, str], Question] = {}
        self.withdrawn_lately: set[str] = set()
        self._numbers = count(1)
        self._seen: dict[str, int] = {}
        for number in range(seed % 5):
            says = sorted(SAYS)[number % len(SAYS)]
            self.signal(PERSONS[number % 2], HOUSES[seed % 2], CREDITORS[number % 2], says, seed % 3 == 0)
        if seed % 7 > 2:
            self.put("town 1", (PERSONS[0], HOUSES[0], "Wijkteam"))

    @rule(name=names, content=contents)
    def put(self, name: str, content: tuple[str, str, str]) -> None:
        person, house, organisation = content
        at, who = self._tick(), traits(PERSONS.index(person), *KINDS["everything"])
        event = happened.helped(name, at, person=person, house=house, evidence=who, organisation=organisation)
        self.hub.give([replace(event, id=self._id())])
        self.model.put(Help(name, person, house, organisation, at))

    @precondition(lambda self: self.model.helps)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.helps)))
        self.hub.give([replace(happened.help_ended(name, self._tick()), id=self._id())])
        self.model.delete(name)

    @rule(registrar=st.sampled_from(REGISTRARS), rows=st.dictionaries(st.integers(1, 2), contents))
    def snapshot(self, registrar: str, rows: dict[int, tuple[str, str, str]]) -> None:
        found = {f"{registrar} {number}": content for number, content in rows.items()}
        for name in [*self.model.differences(registrar, found)]:
            if name in found:
                self.put(name, found[name])
            else:
                self.hub.give([replace(happened.help_ended(name, self._tick()), id=self._id())])
                self.model.delete(name)

    @rule(
        person=persons,
        house=houses,
        creditor=st.sampled_from(CREDITORS[:2]),
        says=st.sampled_from(sorted(SAYS)),
        bsn=st.booleans(),
    )
    def signal(self, person: str, house: str, creditor: str, says: str, bsn: bool) -> None:
        at, name = self._tick(), self._id()
        first, *link = happened.signal(
            name,
            at,
            house=house,
            creditor=creditor,
            day=at.date(),
            evidence=traits(PERSONS.index(person), *KINDS[says]),
            person=person if bsn else None,
        )
        assert isinstance(first.event, Signal)
        higher = replace(first.event, amount_cents=10_000 + 100 * int(name))  # so it repeats nothing
        self.hub.give([replace(first, event=higher), *link])
        self.sent[name] = higher
        self.model.signals[name] = Sent(name, person, house, creditor, f"{at:%Y-%m}", says, bsn)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), found=st.none() | st.sampled_from(RESULTS))
    def team(self, data: st.DataObject, found: CaseResult | None) -> None:
        """A contact attempt, or a result that names its signal."""
        name = data.draw(st.sampled_from(sorted(self.sent)))
        at, signal = self._tick(), self.model.signals[name]
        if found:
            self.hub.give([happened.result(self._id(), at, self.sent[name], found, (name,))])
            signal.result = found
        else:
            self.hub.give([happened.attempt(self._id(), at, self.sent[name])])
        case = signal.house, signal.month
        if found or case not in self.model.touched:
            self.model.touched[case] = name, found, at

    @rule(person=persons)
    def check(self, person: str) -> None:
        """The desk answers from what was handled."""
        at, name, known = self._tick(), self._id(), self._desk(person)
        given = happened.check(name, at, person, known=bool(known))
        contacts = tuple(Contact(organisation=each) for each in sorted(known))
        self.hub.give([replace(given, event=replace(given.event, contacts=contacts))])  # type: ignore[type-var]
        self.model.checks[name] = Asked(name, person, at + VALID_FOR, known)

    @precondition(lambda self: self.model.checks)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        check = self.model.checks[data.draw(st.sampled_from(sorted(self.model.checks)))]
        self.hub.give([Given("checks.v1", f"{check.person}/{check.name}", None, self._id(), self._tick())])
        check.withdrawn = True
        self.withdrawn_lately.add(check.name)

    @precondition(lambda self: self._open())
    @rule(data=st.data(), same=st.booleans())
    def answer(self, data: st.DataObject, same: bool) -> None:
        pair = data.draw(st.sampled_from(sorted(self._open())))
        question, id_ = self.questions[pair], self._id()
        event = Answer(
            answer_id=id_,
            question_id=question.question_id,
            household=question.household,
            municipality=question.municipality,
            signal_id=question.signal_id,
            registration_id=question.registration_id,
            same=same,
            version=int(id_),
        )
        self.hub.give([Given("answers.v1", question.household, event, id_, self._tick())])
        self.model.answers[pair] = same

    @precondition(lambda self: self.now < LAST)
    @rule(days=st.sampled_from([1, 10, 27, 29, 31]))
    def wait(self, days: int) -> None:
        """What happened before is handled, what falls due meanwhile is not yet: the hub may be away."""
        self.handle()
        self.now += days * DAY

    @rule()
    def handle(self) -> None:
        """A quiet moment: all that happened is handled, and both say the same."""
        self._tick()
        self.hub.until(self.now)
        self._compare_answers()
        self._compare_pushes()
        self._compare_signals()
        self._compare_questions()
        self._compare_pauses()
        self.model.quiet()
        self.withdrawn_lately.clear()

    def teardown(self) -> None:
        """All help ends and every term: nobody is told that it runs, and nothing is left."""
        if not hasattr(self, "hub"):
            return
        self.handle()
        self.snapshot(REGISTRARS[0], {})
        self.snapshot(REGISTRARS[1], {})
        self.handle()
        self.now = FORGOTTEN
        self.handle()
        assert not [each for each in self.pauses.values() if each.change is not PauseChange.ENDED]
        assert self.hub.left() == {}

    def _compare_answers(self) -> None:
        for person in PERSONS:
            assert self._desk(person) == self.model.helpers(person)

    def _compare_pushes(self) -> None:
        """Each telling says something new to who may hear it; at the end everybody believes what is so."""
        for told in self._fresh("bailiff-matches.v1", BailiffMatch):
            check = self.model.checks[told.check_id]
            contacts = frozenset(each.organisation for each in told.contacts)
            assert contacts != check.known
            assert (told.change is HelpChange.STARTED) == (not check.known)
            assert (told.change is HelpChange.ENDED) == (not contacts)
            assert contacts <= self.model.recent.get(check.person, set())
            assert not check.withdrawn or check.name in self.withdrawn_lately
            check.known = contacts
        for check in self.model.checks.values():
            if not check.withdrawn:
                expected = self.model.believes(check, self.now)
                assert expected is None or check.known == expected
                assert bool(check.known) or not self.model.hears_of(check)

    def _compare_signals(self) -> None:
        for state in self._fresh("signal-statuses.v1", SignalState):
            self._assert_recent(state.signal_id, state.contacts)
            self.states[state.signal_id] = state
        for feedback in self._fresh("feedback.v1", Feedback):
            self._assert_recent(feedback.signal_id, feedback.contacts)
            self.feedback[feedback.signal_id] = feedback
        for told in self._fresh("known-persons.v1", KnownPerson):
            self._assert_recent(told.signal_id, told.contacts)
        for name, signal in self.model.signals.items():
            known, state = self.model.known(signal), self.states[name]
            assert state.status is self.model.status(signal)
            assert {each.organisation for each in state.contacts} == known
            feedback = self.feedback[name]
            assert {each.organisation for each in feedback.contacts} == known
            by_help = feedback.status is FeedbackStatus.KNOWN_IN_DEBT_HELP
            assert by_help == bool(known) or signal.result is CaseResult.KNOWN_IN_DEBT_HELP

    def _assert_recent(self, signal: str, contacts: tuple[Any, ...]) -> None:
        """Nobody hears of help that was over when the last quiet moment was."""
        helpers = set[str]().union(*self.model.recent.values())
        assert {each.organisation for each in contacts} <= helpers

    def _compare_questions(self) -> None:
        for question in self._fresh("questions.v1", Question):
            self.questions[question.signal_id, question.registration_id] = question
        assert self._open() == self.model.questions()

    def _open(self) -> set[tuple[str, str]]:
        return {pair for pair, each in self.questions.items() if each.state is QuestionState.OPEN}

    def _compare_pauses(self) -> None:
        """A pause starts, goes on and ends; of those that run no two are one creditor's for one signal."""
        for told in self._fresh("pauses.v1", Pause):
            before = self.pauses.get(told.pause_id)
            assert before or told.change is PauseChange.STARTED
            assert told.sequence == (before.sequence if before else 0) + 1
            self.pauses[told.pause_id] = told
        run = [each for each in self.pauses.values() if each.change is not PauseChange.ENDED]
        assert [each for each in run if each.ends_at <= self.now] == []
        found = [(each.creditor, name) for each in run for name in each.signal_ids]
        assert len(found) == len(set(found))
        assert self.model.must_pause(self.now) <= set(found)

    def _fresh(self, topic: str, kind: type[E]) -> Iterator[E]:
        """Yield what was told since the last quiet moment."""
        messages = self.hub.topics[topic]
        since, self._seen[topic] = self._seen.get(topic, 0), len(messages)
        for message in messages[since:]:
            assert isinstance(message.event, kind)
            yield message.event

    def _desk(self, person: str) -> frozenset[str]:
        """Return whom the desk names: it reads registrations by person, as far as they were handled."""
        entries = {each.key: each.event for each in self.hub.topics["registrations.by-person.v1"]}
        found = [event for key, event in entries.items() if event and key.startswith(f"{person}/")]
        return frozenset(each.contact.organisation for each in found if isinstance(each, Registration))

    def _tick(self) -> datetime:
        """No two things happen at one moment."""
        self.now += timedelta(minutes=1)
        return self.now

    def _id(self) -> str:
        return f"{next(self._numbers):04}"


LONG = settings.get_current_profile_name() == "long"
HubAndModel.TestCase.settings = settings(
    max_examples=2_000 if LONG else 150, stateful_step_count=60 if LONG else 30, derandomize=not LONG
)
TestHubAndModel = pytest.mark.timeout(7_200 if LONG else 300)(HubAndModel.TestCase)
