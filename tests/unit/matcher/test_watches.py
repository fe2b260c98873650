"""What an office hears after its check: help starts, has others to call, ends; once, and in time."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import BailiffMatch, Check, HelpChange, Registration
from services.matcher.domain.facts import CheckWithdrawn, RegistrationEnded
from services.matcher.domain.persons import Fact
from services.matcher.domain.watches import IN_FLIGHT
from tests.unit.matcher.household import AT, days
from tests.unit.matcher.person import Desk, Telling, check, ended, helped, signal, withdrawn

STARTED, CHANGED, ENDED = HelpChange.STARTED, HelpChange.CHANGED, HelpChange.ENDED
SOON = timedelta(minutes=1)


def test_help_that_starts_while_a_check_is_valid_is_pushed_once() -> None:
    desk = Desk()
    desk.take(check(dossier="D-1"))
    desk.take(helped("reg1"), AT + days(28))
    desk.take(helped("reg2"), AT + days(28))
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",))]
    event = desk.told[0].event
    assert isinstance(event, BailiffMatch)
    assert (event.asker, event.dossier) == ("bailiff", "D-1")


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
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",))]


def test_a_later_check_that_overtakes_a_registration_makes_nobody_miss_it() -> None:
    desk = Desk()
    desk.take(check("k1"))
    desk.take(check("k2", AT + days(57)), AT + days(57))
    desk.take(helped(), AT + days(1))
    assert sorted(each[0] for each in desk.matches()) == ["k1", "k2"]


def test_a_check_is_forgotten_when_nothing_that_was_recorded_in_time_can_come_any_more() -> None:
    desk = Desk()
    desk.take(check())
    assert desk.wake_at == AT + days(56)
    desk.until(AT + days(56))
    assert desk.state is None


def test_a_check_that_was_answered_not_known_meets_at_once_the_registration_that_crossed_it() -> None:
    desk = Desk()
    desk.take(helped(), AT - timedelta(seconds=3))
    desk.take(check(), AT)
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",))]


def test_a_registration_that_an_answer_missed_for_long_is_pushed_when_its_end_could_have_come() -> None:
    desk = Desk()
    desk.take(helped(), AT - SOON)
    desk.take(check(), AT)
    assert desk.matches() == []
    desk.until(AT + IN_FLIGHT)
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",))]


def test_help_of_which_the_answer_knew_the_end_before_it_came_here_is_never_told() -> None:
    desk = Desk()
    desk.take(helped(), AT - SOON)
    desk.take(check(), AT)
    desk.take(ended(), AT - timedelta(seconds=1))
    desk.until(AT + days(60))
    assert desk.matches() == []
    assert desk.state is None


def test_help_that_ended_before_the_check_came_is_not_told() -> None:
    desk = Desk()
    desk.take(helped(), AT)
    desk.take(ended(), AT + days(1))
    desk.take(check(at=AT + days(2)), AT + days(2))
    assert desk.matches() == []


def test_who_heard_known_hears_of_the_end_whenever_that_is() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(check("k1", AT, "Wijkteam"))
    desk.until(AT + days(500))
    desk.take(ended(), AT + days(500))
    assert desk.matches() == [("k1", ENDED, ())]
    desk.until(AT + days(500))
    assert desk.state is None


def test_who_was_pushed_hears_of_the_end_and_of_help_that_starts_again_in_time() -> None:
    desk = Desk()
    desk.take(check())
    desk.take(helped("reg1"), AT + days(1))
    desk.take(ended("reg1"), AT + days(2))
    desk.take(helped("reg2", "Kredietbank"), AT + days(3))
    desk.take(ended("reg2"), AT + days(40))
    desk.take(helped("reg3"), AT + days(41))
    assert desk.matches() == [
        ("k1", STARTED, ("Wijkteam",)),
        ("k1", ENDED, ()),
        ("k1", STARTED, ("Kredietbank",)),
        ("k1", ENDED, ()),
    ]
    assert len({change.event.match_id for change in desk.told if isinstance(change.event, BailiffMatch)}) == 1
    assert len({change.id for change in desk.told}) == 4


def test_help_of_several_registrars_ends_when_the_last_has_ended() -> None:
    desk = Desk()
    desk.take(helped("reg1", "Wijkteam"))
    desk.take(helped("reg2", "Wijkteam"))
    desk.take(check("k1", AT, "Wijkteam"))
    assert desk.take(ended("reg1"), AT + days(1)) == []
    desk.take(ended("reg2"), AT + days(2))
    assert desk.matches() == [("k1", ENDED, ())]


def test_others_to_call_are_told_while_the_check_is_valid_and_not_after() -> None:
    desk = Desk()
    desk.take(helped("reg1", "Wijkteam"))
    desk.take(check("k1", AT, "Wijkteam"))
    desk.take(helped("reg2", "Kredietbank"), AT + days(27))
    desk.take(ended("reg1"), AT + days(28))
    desk.take(helped("reg2", "Stadsbank"), AT + days(29))
    desk.take(ended("reg2"), AT + days(30))
    assert desk.matches() == [
        ("k1", CHANGED, ("Kredietbank", "Wijkteam")),
        ("k1", CHANGED, ("Kredietbank",)),
        ("k1", ENDED, ()),
    ]


def test_an_answer_that_overtook_its_registrations_is_compared_when_they_are_here() -> None:
    desk = Desk()
    desk.take(check("k1", AT, "Kredietbank", "Wijkteam"))
    desk.take(helped("reg1", "Wijkteam"), AT - days(2))
    desk.take(helped("reg2", "Kredietbank"), AT - days(1))
    desk.until(AT + SOON)
    assert desk.matches() == []
    desk.take(ended("reg1"), AT + days(1))
    assert desk.matches() == [("k1", CHANGED, ("Kredietbank",))]


def test_an_answer_known_of_help_whose_end_crossed_it_is_followed_by_that_end() -> None:
    desk = Desk()
    desk.take(helped(), AT - days(2))
    desk.take(ended(), AT - timedelta(seconds=1))
    desk.take(check("k1", AT, "Wijkteam"))
    assert desk.matches() == []
    desk.until(AT + SOON)
    assert desk.matches() == [("k1", ENDED, ())]


def test_who_asks_again_about_a_dossier_is_told_once_of_the_end() -> None:
    desk = Desk()
    desk.take(check("k1", AT, dossier="D-1"))
    desk.take(helped(), AT + days(1))
    for number in range(2, 6):
        desk.take(check(f"k{number}", AT + days(number), "Wijkteam", dossier="D-1"), AT + days(number))
    assert desk.state is not None
    assert len(desk.state.watches) == 1
    desk.take(ended(), AT + days(9))
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",)), ("k5", ENDED, ())]


def test_an_earlier_check_that_comes_again_does_not_take_the_place_of_a_later_one() -> None:
    desk = Desk()
    first = check("k1", AT, "Wijkteam", dossier="D-1")
    desk.take(helped())
    desk.take(first)
    desk.take(check("k2", AT + days(1), "Wijkteam", dossier="D-1"), AT + days(1))
    before = desk.state
    desk.take(first)
    assert desk.state is before


@pytest.mark.parametrize("known", [(), ("Wijkteam",)])
def test_nothing_is_told_after_a_withdrawal_and_only_a_mark_is_left(known: tuple[str, ...]) -> None:
    desk = Desk()
    asked = check("k1", AT, *known)
    if known:
        desk.take(helped())
    desk.take(asked)
    desk.take(withdrawn(), AT + days(1))
    assert desk.state is not None
    assert [(each.asker, each.dossier) for each in desk.state.watches] == [("", "")]
    desk.take(asked)
    desk.take(helped("reg2", "Kredietbank"), AT + days(2))
    desk.take(ended("reg1"), AT + days(3))
    desk.take(ended("reg2"), AT + days(4))
    assert desk.matches() == []
    desk.until(AT + days(56))
    assert desk.state is None


def test_a_withdrawal_in_the_seconds_of_doubt_leaves_nothing_to_be_told() -> None:
    desk = Desk()
    desk.take(helped(), AT - SOON)
    desk.take(check())
    desk.take(withdrawn())
    desk.until(AT + SOON)
    assert desk.matches() == []


def test_a_withdrawal_that_is_repeated_or_of_no_check_changes_nothing_that_is_told() -> None:
    desk = Desk()
    desk.take(check("k1"))
    desk.take(withdrawn("k2"), AT)
    before = desk.state
    desk.take(withdrawn("k2"), AT + days(1))
    assert desk.state is before
    desk.take(helped(), AT + days(2))
    assert desk.matches() == [("k1", STARTED, ("Wijkteam",))]


def test_a_signal_that_comes_late_does_not_make_anything_told_again() -> None:
    desk = Desk()
    desk.take(helped("reg1", "Wijkteam"))
    desk.take(check("k1", AT, "Wijkteam"))
    desk.take(helped("reg1", "Kredietbank"), AT + days(29))
    desk.take(signal(), AT + days(3))
    assert desk.matches() == []


Story = list[tuple[datetime, Fact]]


@st.composite
def lives(draw: st.DrawFn, longest: int = 60) -> Story:
    """Help of two registrars that comes and goes, and what was asked meanwhile, as they happened.

    Each answer rests on what ran at its moment. No two things happen at one moment.
    """
    hours = st.integers(1, longest * 24)
    times = sorted(draw(st.lists(hours, min_size=14, max_size=14, unique=True)))
    running: dict[str, str] = {}
    story: Story = []
    asked: list[str] = []
    for at in (AT + days(each / 24) for each in times):
        what = draw(st.sampled_from(["help", "help", "end", "check", "check", "withdraw"]))
        name = draw(st.sampled_from(["reg1", "reg2"]))
        if what == "help":
            running[name] = draw(st.sampled_from(["Wijkteam", "Kredietbank"]))
            story.append((at, helped(name, running[name])))
        elif what == "end" and name in running:
            del running[name]
            story.append((at, ended(name)))
        elif what == "check":
            asked.append(f"k{len(asked)}")
            story.append((at, check(asked[-1], at, *set(running.values()))))
        elif what == "withdraw" and asked:
            story.append((at, withdrawn(draw(st.sampled_from(asked)))))
    return story


def play(story: Story, *, repeat: bool = False) -> Desk:
    desk = Desk()
    for at, fact in story:
        desk.until(at)
        desk.take(fact, at)
        if repeat:
            before = desk.state
            assert desk.take(fact, at) == []
            assert desk.state is before
    desk.until(AT + days(300))
    return desk


def expected(story: Story) -> list[Telling]:
    """Say from the whole life what each check hears, by the rules in words (docs/architecture/checks.md)."""
    found: list[Telling] = []
    heard: dict[str, tuple[str, ...]] = {}
    limits: dict[str, datetime] = {}
    running: dict[str, tuple[str, datetime]] = {}
    for at, fact in story:
        match fact:
            case RegistrationEnded(registration_id=name):
                running.pop(name)
            case Registration(registration_id=name):
                since = running[name][1] if name in running else at
                running[name] = fact.contact.organisation, since
            case Check(check_id=name):
                heard[name] = tuple(each.organisation for each in fact.contacts)
                limits[name] = fact.valid_until
            case CheckWithdrawn(check_id=name):
                heard.pop(name, None)
        now = tuple(sorted({organisation for organisation, _ in running.values()}))
        for name in sorted(heard):
            in_time = any(since <= limits[name] for _, since in running.values())
            change = difference(heard[name], now, in_time=in_time, valid=at <= limits[name])
            if change:
                found.append((name, change, now))
                heard[name] = now
    return found


def difference(
    before: tuple[str, ...], now: tuple[str, ...], *, in_time: bool, valid: bool
) -> HelpChange | None:
    if not now:
        return ENDED if before else None
    if not before:
        return STARTED if in_time else None
    return CHANGED if before != now and valid else None


@settings(max_examples=200)
@given(lives())
def test_each_check_hears_what_differs_from_what_it_heard_last(story: Story) -> None:
    assert play(story).matches() == expected(story)


@settings(max_examples=100)
@given(lives())
def test_the_same_again_tells_nothing_and_every_telling_has_an_id_of_its_own(story: Story) -> None:
    desk = play(story, repeat=True)
    assert len({change.id for change in desk.told}) == len(desk.told)


@settings(max_examples=200)
@given(lives(longest=28), st.data())
def test_checks_and_registrations_may_cross_and_the_last_that_is_heard_is_the_same(
    story: Story, data: st.DataObject
) -> None:
    """Registrations and checks come over two topics: any interleaving, timers after all of it.

    While checks are valid: later it depends on what came when, as of help that is over before it is told.
    """
    of_help = [each for each in story if isinstance(each[1], Registration | RegistrationEnded)]
    of_checks = [each for each in story if isinstance(each[1], Check | CheckWithdrawn)]
    desk, lines = Desk(), [of_help, of_checks]
    while any(lines):
        line = data.draw(st.sampled_from([each for each in lines if each]))
        at, fact = line.pop(0)
        desk.take(fact, at)
    desk.until(AT + days(300))
    assert last(desk.matches(), story) == last(expected(story), story)


def last(tellings: list[Telling], story: Story) -> dict[str, bool]:
    """Return by check that was not withdrawn whether its asker believes in the end that there is help."""
    found = {fact.check_id: fact.known for _, fact in story if isinstance(fact, Check)}
    found |= {name: change is not ENDED for name, change, _ in tellings}
    gone = {fact.check_id for _, fact in story if isinstance(fact, CheckWithdrawn)}
    return {name: known for name, known in found.items() if name not in gone}
