"""Whatever happens, in whatever order it is handled, the hub says of debt help what a plain model says.

Registrations (single, and as the differences of snapshots), signals with and without a BSN of persons that
are sure, probable or possible, repeated, corrected and withdrawn, what teams find, checks, answers and time;
what a sender may send again comes again at any time.
Longer: `make test ARGS="tests/flow/test_model.py --hypothesis-profile=long"`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.common.events import CaseResult, PauseChange, Registration
from tests.flow.happened import RESULTS, START
from tests.flow.heard import TOPICS, Heard
from tests.flow.hub import Given, Hub
from tests.flow.model import Model
from tests.flow.steps import (
    CREDITORS,
    HOUSES,
    PERSONS,
    REGISTRARS,
    SAYS,
    Ask,
    End,
    Order,
    Put,
    Reply,
    Send,
    Snapshot,
    Step,
    Unask,
    Wait,
    Withdraw,
    Work,
)
from tests.flow.written import CREDITOR, HOUSE, PERSON, Pen

DAY = timedelta(days=1)
LAST = START + timedelta(days=200)
"""Signals are kept a year: none of these is forgotten before the end."""
FORGOTTEN = START + timedelta(days=3 * 365)
SENT_AGAIN = (
    "signals.v1",
    "withdrawals.v1",
    "signal-persons.v1",
    "outcomes.v1",
    "pause-orders.v1",
    "answers.v1",
)
"""By who is not sure that they came; of the same again the first counts."""
NAMES = {id_: name for names in (PERSON, HOUSE, CREDITOR) for name, id_ in names.items()}
registrations = st.builds(
    Put,
    name=st.builds("{} {}".format, st.sampled_from(REGISTRARS), st.integers(1, 2)),
    person=st.sampled_from(PERSONS),
    house=st.sampled_from((*HOUSES, "")),
    organisation=st.sampled_from(["Kredietbank", "Wijkteam"]),
)
signals = st.builds(
    Send,
    name=st.just(""),
    person=st.sampled_from(PERSONS),
    house=st.sampled_from(HOUSES),
    creditor=st.sampled_from(CREDITORS),
    says=st.sampled_from(sorted(SAYS)),
    bsn=st.booleans(),
    amount=st.sampled_from([9_000, 10_000, 11_000]),
)


class HubAndModel(RuleBasedStateMachine):
    """Things happen at the hub and in the model; at quiet moments both are compared."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.hub, self.model, self.now = Hub(Random(seed)), Model(), START
        self.heard, self.story = Heard(self.model, NAMES), list[Step]()
        self.since = START
        self._numbers = count(1)
        self.pen = Pen(self._id)
        self._seen: dict[str, int] = {}
        self._given: dict[tuple[str, str], list[Given]] = {}
        for number in range(seed % 5):
            says, of = sorted(SAYS)[number % len(SAYS)], number % 2
            bsn = seed % 3 == 0
            self.signal(Send("", PERSONS[of], HOUSES[seed % 2], CREDITORS[of], says, bsn, 9_000 + number))
        if seed % 7 > 2:
            self.put(Put("town 1", PERSONS[0], HOUSES[0], "Wijkteam"))

    @rule(step=registrations)
    def put(self, step: Put) -> None:
        self._happen(step)

    @precondition(lambda self: self.model.helps)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        self._happen(End(data.draw(st.sampled_from(sorted(self.model.helps)))))

    @rule(registrar=st.sampled_from(REGISTRARS), rows=st.lists(registrations, max_size=2))
    def snapshot(self, registrar: str, rows: list[Put]) -> None:
        named = [replace(each, name=f"{registrar} {number}") for number, each in enumerate(rows, 1)]
        self._happen(Snapshot(registrar, tuple(named)))

    @rule(step=signals)
    def signal(self, step: Send) -> None:
        self._happen(replace(step, name=self._id()))

    @precondition(lambda self: self.model.signals)
    @rule(data=st.data(), step=signals)
    def correct(self, data: st.DataObject, step: Send) -> None:
        """Its creditor stays the same, and perhaps more of it."""
        before = self.model.signals[data.draw(st.sampled_from(sorted(self.model.signals)))]
        kept = data.draw(st.sets(st.sampled_from(["person", "house", "says", "bsn"])))
        after = replace(step, name=before.name, creditor=before.creditor)
        self._happen(replace(after, **{each: getattr(before, each) for each in kept}))

    @precondition(lambda self: self.model.signals)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self._happen(Withdraw(data.draw(st.sampled_from(sorted(self.model.signals)))))

    @precondition(lambda self: self.model.signals)
    @rule(data=st.data(), found=st.none() | st.sampled_from(RESULTS))
    def work(self, data: st.DataObject, found: CaseResult | None) -> None:
        self._happen(Work(self._id(), data.draw(st.sampled_from(sorted(self.model.signals))), found))

    @precondition(lambda self: self.model.signals)
    @rule(data=st.data(), days=st.sampled_from([None, 5, 40, 90]))
    def order(self, data: st.DataObject, days: int | None) -> None:
        self._happen(Order(self._id(), data.draw(st.sampled_from(sorted(self.model.signals))), days))

    @rule(person=st.sampled_from(PERSONS))
    def ask(self, person: str) -> None:
        """The desk answers from what was handled."""
        step, known, at = Ask(self._id(), person), self._desk(person), self._tick()
        self.story.append(step)
        self._give(self.pen.check(step, known, at))
        self.model.ask(step, known, at)

    @precondition(lambda self: self.model.checks)
    @rule(data=st.data())
    def unask(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.checks)))
        self._happen(Unask(name))
        self.heard.unasked_lately.add(name)

    @precondition(lambda self: self.pen.questions)
    @rule(data=st.data(), same=st.booleans())
    def reply(self, data: st.DataObject, same: bool) -> None:
        self._happen(Reply(self._id(), *data.draw(st.sampled_from(sorted(self.pen.questions))), same))

    @precondition(lambda self: self._given)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """Something comes once more; of a registration that is as it is now."""
        line = data.draw(st.sampled_from(sorted(self._given)))
        last = line[0] not in SENT_AGAIN
        given = self._given[line][-1] if last else data.draw(st.sampled_from(self._given[line]))
        self.hub.give([replace(given, at=self._tick())])

    @precondition(lambda self: self.now < LAST)
    @rule(days=st.sampled_from([1, 10, 27, 29, 31]))
    def wait(self, days: int) -> None:
        """What happened before is handled, what falls due meanwhile is not yet: the hub may be away."""
        self.handle()
        self.story.append(Wait(days))
        self.now += days * DAY
        self.since = self.now

    @rule()
    def handle(self) -> None:
        """A quiet moment: all that happened is handled, and both say the same."""
        self._tick()
        self.hub.until(self.now)
        for topic in TOPICS:
            messages, since = self.hub.topics[topic], self._seen.get(topic, 0)
            self._seen[topic] = len(messages)
            for message in messages[since:]:
                self.heard.take(message.event)
        for person in PERSONS:
            assert self._desk(person) == self.model.helpers(person)
        self.model.settle(self.since, self.now)
        self.heard.agree(self.now)
        self.heard.quiet()
        self.pen.questions, self.since = self.heard.open(), self.now

    def teardown(self) -> None:
        """All help ends and every term: nobody is told that it runs, and nothing is left."""
        if not hasattr(self, "hub"):
            return
        self.handle()
        for registrar in REGISTRARS:
            self._happen(Snapshot(registrar, ()))
        self.handle()
        self.now = FORGOTTEN
        self.handle_the_end()

    def handle_the_end(self) -> None:
        self.hub.until(self.now)
        for message in self.hub.topics["pauses.v1"][self._seen["pauses.v1"] :]:
            self.heard.take(message.event)
        assert not [each for each in self.heard.pauses.values() if each.change is not PauseChange.ENDED]
        assert self.hub.left() == {}

    def _happen(self, step: Step) -> None:
        self.story.append(step)
        at = self._tick()
        for each in self.model.differences(step) if isinstance(step, Snapshot) else (step,):
            self._give(self.pen.write(each, at))
        self.model.happen(step, at)

    def _give(self, records: Sequence[Given]) -> None:
        """Anything may come twice at once."""
        for each in records:
            self.hub.give([each] if self.hub.chance.random() < 0.8 else [each, each])
            if each.topic in (*SENT_AGAIN, "registrations.v1"):
                self._given.setdefault(each.line, []).append(each)

    def _desk(self, person: str) -> frozenset[str]:
        """Return whom the desk names: it reads registrations by person, as far as they were handled."""
        entries = {each.key: each.event for each in self.hub.topics["registrations.by-person.v1"]}
        found = [event for key, event in entries.items() if event and key.startswith(f"{PERSON[person]}/")]
        return frozenset(each.contact.organisation for each in found if isinstance(each, Registration))

    def _tick(self) -> datetime:
        """No two things happen at one moment."""
        self.now += timedelta(minutes=1)
        return self.now

    def _id(self) -> str:
        return f"{next(self._numbers):04}"


LONG = settings.get_current_profile_name() == "long"
HubAndModel.TestCase.settings = settings(
    max_examples=2_000 if LONG else 100, stateful_step_count=60 if LONG else 30, derandomize=not LONG
)
TestHubAndModel = pytest.mark.timeout(7_200 if LONG else 300)(HubAndModel.TestCase)
