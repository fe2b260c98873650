"""Registrations x signals with a BSN x checks: the same in the end whichever came first."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import KnownPerson
from services.matcher.domain.facts import RegistrationEnded
from services.matcher.domain.persons import Fact
from tests.unit.matcher.household import AT, days
from tests.unit.matcher.person import Desk, check, ended, helped, signal


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


def test_help_runs_since_it_was_first_known_however_often_its_registration_changes() -> None:
    desk = Desk()
    desk.take(signal())
    desk.take(helped())
    (change,) = desk.take(helped(organisation="Kredietbank"), AT + days(3))
    assert isinstance(change.event, KnownPerson)
    assert change.event.since == AT


moments = st.integers(0, 60 * 24).map(lambda hours: AT + days(hours / 24))


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[datetime, str, Fact]]:
    """Facts with their moment and line: those of one line never overtake each other."""
    names = sorted(draw(st.sets(st.sampled_from(["s1", "s2"]))))
    found: list[tuple[datetime, str, Fact]] = [(draw(moments), name, signal(name)) for name in names]
    for name in sorted(draw(st.sets(st.sampled_from(["k1", "k2"])))):
        at = draw(moments)
        found.append((at, name, check(name, at)))
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
        assert {each[0] for each in one.matches()} == {each[0] for each in two.matches()}
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
