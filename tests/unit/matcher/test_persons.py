"""Registrations x signals with a BSN x checks: the same in the end whichever came first."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import (
    BailiffMatch,
    Check,
    CheckPurpose,
    Contact,
    KnownPerson,
    Registration,
    SignalPerson,
)
from services.matcher.domain.checks import VALID_FOR, answer
from services.matcher.domain.facts import Change, RegistrationEnded, Woken
from services.matcher.domain.persons import Fact, Person, handle
from tests.unit.matcher.household import AT, GM, HOUSEHOLD, days, make

PERSON = "p" * 32


def signal(name: str = "s1") -> SignalPerson:
    return SignalPerson(person=PERSON, signal_id=name, household=HOUSEHOLD, municipality=GM)


def check(name: str = "k1", at: datetime = AT, *, known: bool = False) -> Check:
    return Check(
        check_id=name,
        person=PERSON,
        asker="bailiff",
        purpose=CheckPurpose.SUMMONS,
        dossier="D-1",
        known=known,
        contacts=(),
        data_date=date(2026, 1, 25),
        valid_until=at + VALID_FOR,
    )


def helped(name: str = "reg1", organisation: str = "Wijkteam") -> Registration:
    return replace(make.registration(name, organisation=organisation), person=PERSON)


def ended(name: str = "reg1") -> RegistrationEnded:
    return RegistrationEnded(registration_id=name)


@dataclass
class Desk:
    """Plays facts of one person in the order given, and lets timers go off as the Processor does."""

    state: Person | None = None
    wake_at: datetime | None = None
    told: list[Change] = field(default_factory=list)

    def take(self, fact: Fact, at: datetime = AT) -> list[Change]:
        step = handle(self.state, PERSON, fact, at)
        self.state, self.wake_at = step.person, step.wake_at
        self.told.extend(step.changes)
        return list(step.changes)

    def until(self, moment: datetime) -> None:
        while self.wake_at is not None and self.wake_at <= moment:
            due = self.wake_at
            self.take(Woken(), due)
            assert self.wake_at is None or self.wake_at > due

    def known(self) -> dict[str, tuple[str, ...]]:
        """Return by signal the organisations that its household was told last."""
        events = (change.event for change in self.told)
        return {
            each.signal_id: tuple(contact.organisation for contact in each.contacts)
            for each in events
            if isinstance(each, KnownPerson)
        }

    def matches(self) -> list[str]:
        return [change.event.check_id for change in self.told if isinstance(change.event, BailiffMatch)]


def test_a_signal_and_a_registration_meet_whichever_came_first() -> None:
    orders: tuple[list[Fact], list[Fact]] = ([signal(), helped()], [helped(), signal()])
    for facts in orders:
        desk = Desk()
        for fact in facts:
            desk.take(fact)
        assert desk.known() == {"s1": ("Wijkteam",)}


def test_a_person_is_known_until_all_registrations_have_ended_and_each_contact_is_told_once() -> None:
    desk = Desk()
    desk.take(signal())
    desk.take(helped("reg1", "Wijkteam"))
    desk.take(helped("reg2", "Kredietbank"))
    assert desk.take(helped("reg3", "Kredietbank")) == []
    assert desk.known() == {"s1": ("Kredietbank", "Wijkteam")}
    desk.take(ended("reg1"))
    desk.take(ended("reg2"))
    assert desk.known() == {"s1": ("Kredietbank",)}
    desk.take(ended("reg3"))
    assert desk.known() == {"s1": ()}


def test_help_that_starts_while_a_check_is_valid_is_pushed_once() -> None:
    desk = Desk()
    desk.take(check())
    desk.take(helped("reg1"), AT + days(28))
    desk.take(helped("reg2", "Kredietbank"), AT + days(28))
    assert desk.matches() == ["k1"]
    event = next(change.event for change in desk.told if isinstance(change.event, BailiffMatch))
    assert (event.asker, event.dossier, event.contacts) == (
        "bailiff",
        "D-1",
        (Contact(organisation="Wijkteam"),),
    )


def test_help_that_starts_after_the_28_days_is_not_pushed() -> None:
    desk = Desk()
    desk.take(check())
    desk.take(helped(), AT + days(28.01))
    assert desk.matches() == []


def test_help_that_was_under_way_when_the_28_days_ended_is_pushed_when_it_comes() -> None:
    """Registrations are put under their persons first; after an outage that may be behind."""
    desk = Desk()
    desk.take(check())
    desk.until(AT + days(50))
    desk.take(helped(), AT + days(27))
    assert desk.matches() == ["k1"]


def test_a_check_is_forgotten_when_nothing_that_was_recorded_in_time_can_come_any_more() -> None:
    desk = Desk()
    desk.take(check())
    assert desk.wake_at == AT + days(56)
    desk.until(AT + days(56))
    assert desk.state is None


def test_a_check_that_was_answered_not_known_meets_the_registration_that_crossed_it() -> None:
    desk = Desk()
    desk.take(helped(), AT - days(0.001))
    desk.take(check(), AT)
    assert desk.matches() == ["k1"]


def test_a_check_that_was_answered_known_waits_for_nothing() -> None:
    desk = Desk()
    assert desk.take(check(known=True)) == []
    desk.take(helped())
    assert desk.matches() == []


def test_help_that_ended_before_the_check_came_is_not_told() -> None:
    desk = Desk()
    desk.take(helped(), AT)
    desk.take(ended(), AT + days(1))
    desk.take(check(at=AT + days(2)), AT + days(2))
    assert desk.matches() == []


def test_a_changed_registration_keeps_the_moment_at_which_help_was_first_known() -> None:
    desk = Desk()
    desk.take(check())
    desk.take(helped(), AT - days(1))
    desk.take(helped("reg1", "Kredietbank"), AT + days(100))
    assert desk.state is not None
    assert desk.state.registrations[0].at == AT - days(1)


def test_the_answer_holds_28_days_and_says_the_day_of_the_data_in_the_netherlands() -> None:
    found = answer([], datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    assert (found.known, found.data_date) == (False, date(2026, 4, 1))
    assert found.valid_until == datetime(2026, 4, 28, 22, 30, tzinfo=UTC)
    assert VALID_FOR.days == 28


moments = st.integers(0, 60 * 24).map(lambda hours: AT + days(hours / 24))


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[datetime, str, Fact]]:
    """Facts with their moment and line: those of one line never overtake each other."""
    names = sorted(draw(st.sets(st.sampled_from(["s1", "s2"]))))
    found: list[tuple[datetime, str, Fact]] = [(draw(moments), name, signal(name)) for name in names]
    for name in sorted(draw(st.sets(st.sampled_from(["k1", "k2"])))):
        at = draw(moments)
        found.append((at, name, check(name, at, known=draw(st.booleans()))))
    for name in sorted(draw(st.sets(st.sampled_from(["r1", "r2"])))):
        at = draw(moments)
        found.append((at, name, helped(name, draw(st.sampled_from(["Wijkteam", "Kredietbank"])))))
        if draw(st.booleans()):
            found.append((at + days(draw(st.integers(1, 40))), name, ended(name)))
    return sorted(found, key=lambda each: each[0])


def play(story: list[tuple[datetime, str, Fact]]) -> Desk:
    desk = Desk()
    for number, (at, _, fact) in enumerate(story):
        desk.take(fact, at)
        left = [each[0] for each in story[number + 1 :]]
        desk.until(min(left) - days(0.001) if left else AT + days(120))
    return desk


@settings(max_examples=150)
@given(st.data())
def test_any_order_of_the_same_facts_gives_the_same_result(data: st.DataObject) -> None:
    story = data.draw(stories())
    mixed = data.draw(st.permutations(story))
    lines: dict[str, list[tuple[datetime, str, Fact]]] = {}
    for each in story:
        lines.setdefault(each[1], []).append(each)
    one, two = play(story), play([lines[each[1]].pop(0) for each in mixed])
    assert {name: who for name, who in one.known().items() if who} == {
        name: who for name, who in two.known().items() if who
    }
    if not any(isinstance(fact, RegistrationEnded) for _, _, fact in story):
        assert sorted(one.matches()) == sorted(two.matches())
    assert one.wake_at == two.wake_at


@settings(max_examples=60)
@given(stories())
def test_the_same_fact_again_changes_nothing_and_tells_nothing(
    story: list[tuple[datetime, str, Fact]],
) -> None:
    desk = Desk()
    for at, _, fact in story:
        desk.take(fact, at)
        before = desk.state
        assert desk.take(fact, at) == []
        assert desk.state is before


@settings(max_examples=40)
@given(stories())
def test_every_telling_has_an_id_of_its_own(story: list[tuple[datetime, str, Fact]]) -> None:
    ids = [change.id for change in play(story).told]
    assert len(ids) == len(set(ids))
