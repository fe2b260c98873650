"""The pause as a lease: by known help, by orders of a team, and one pause of a creditor for one person.

domain.md 2.4 and 5.1; the rules on results alone are in test_pauses.py.
"""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import CaseResult, Evidence, Pause, PauseChange, PauseEnd, PauseGround
from services.matcher.domain.facts import CaseFacts, Household, PauseTold
from services.matcher.domain.leases import Span, merged, steps
from tests.unit.matcher.household import AT, GM, JAN, KEES, Hub, days, evidence, make
from tests.unit.matcher.test_order import Happened, play, signals, stories

STARTED, PROLONGED, ENDED = PauseChange.STARTED, PauseChange.PROLONGED, PauseChange.ENDED
ACCEPTED, DECLINED = CaseResult.FOLLOW_UP_HELP, CaseResult.SOLVES_IT_THEMSELVES
TERM = AT + days(30)


def told(hub: Hub, creditor: str = "c1") -> list[Pause]:
    events = (change.event for change in hub.told)
    return [each for each in events if isinstance(each, Pause) and each.creditor == creditor]


def with_signal(*names: str) -> Hub:
    hub = Hub()
    for name in names or ("s1",):
        hub.take(make.signal(name), AT - days(1))
    return hub


# by known help


def test_help_that_runs_for_the_person_of_a_signal_starts_a_pause_for_one_term() -> None:
    hub = with_signal()
    hub.take(make.registration(), AT)
    (pause,) = told(hub)
    assert (pause.change, pause.starts_at, pause.ends_at) == (STARTED, AT, TERM)
    assert pause.ground is PauseGround.KNOWN_IN_DEBT_HELP
    hub.until(TERM)
    assert hub.pause_steps("c1")[1:] == [(ENDED, TERM)]
    assert told(hub)[-1].end_reason is PauseEnd.TERM


def test_a_pause_by_known_help_ends_at_once_with_the_help_and_says_not_why() -> None:
    hub = with_signal()
    hub.take(make.registration(), AT)
    hub.take(make.ended(), AT + days(4))
    pause = told(hub)[-1]
    assert (pause.change, pause.ends_at) == (ENDED, AT + days(4))
    assert (pause.end_reason, pause.ground) == (PauseEnd.RESULT, None)


def test_it_starts_alike_whichever_side_came_first() -> None:
    one, other = with_signal(), Hub()
    one.take(make.registration(), AT)
    other.take(make.registration(), AT)
    other.take(make.signal("s1"), AT - days(1))
    assert told(one) == told(other)


@pytest.mark.parametrize("at", [AT - days(3), AT])
def test_by_bsn_it_begins_when_the_hub_knew_of_the_help_or_of_the_signal(at: datetime) -> None:
    hub = with_signal()
    hub.take(make.known("s1", "Wijkteam", since=at), AT + days(2))
    assert told(hub)[0].starts_at == max(at, AT - days(1))
    hub.take(make.known("s1"), AT + days(5))
    assert hub.pause_steps("c1")[-1] == (ENDED, AT + days(5))


@pytest.mark.parametrize("who", [KEES, evidence("", "jansen")], ids=["somebody else", "possible"])
def test_who_is_not_surely_the_person_in_debt_help_gives_no_pause(who: tuple[Evidence, ...]) -> None:
    hub = with_signal()
    hub.take(make.registration(who=who), AT)
    assert told(hub) == []


def test_of_two_registrars_the_last_one_to_end_ends_the_pause_and_none_makes_it_longer() -> None:
    hub = with_signal()
    hub.take(make.registration("reg1"), AT)
    hub.take(make.registration("reg2"), AT + days(10))
    hub.take(make.ended("reg1"), AT + days(20))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]
    hub.take(make.ended("reg2"), AT + days(25))
    assert hub.pause_steps("c1")[1:] == [(ENDED, AT + days(25))]


def test_a_registration_that_changes_while_it_runs_is_no_new_term() -> None:
    hub = with_signal()
    hub.take(make.registration(), AT)
    hub.take(make.registration(organisation="Kredietbank"), AT + days(20))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]


def test_help_that_runs_on_after_the_term_is_no_new_pause() -> None:
    hub = with_signal()
    hub.take(make.registration("reg1"), AT)
    hub.take(make.registration("reg2"), AT + days(10))
    hub.until(TERM)
    hub.take(make.ended("reg1"), AT + days(35))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (ENDED, TERM)]


def test_help_that_starts_again_after_it_ended_starts_the_pause_again() -> None:
    hub = with_signal()
    hub.take(make.registration("reg1"), AT)
    hub.take(make.ended("reg1"), AT + days(5))
    hub.take(make.registration("reg2"), AT + days(50))
    assert hub.pause_steps("c1")[2:] == [(STARTED, AT + days(80))]


def test_a_result_that_accepts_no_help_ends_no_pause_by_known_help() -> None:
    hub = with_signal()
    hub.take(make.registration(), AT)
    hub.take(make.result(DECLINED), AT + days(1))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]


def test_when_help_ends_a_pause_that_also_rests_on_a_result_goes_on_by_that() -> None:
    hub = with_signal()
    hub.take(make.result(ACCEPTED), AT)
    hub.take(make.registration(), AT + days(10))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (PROLONGED, AT + days(40))]
    hub.take(make.ended(), AT + days(20))
    assert hub.pause_steps("c1")[2:] == [(STARTED, TERM)]
    assert told(hub)[-1].ground is PauseGround.HELP_ACCEPTED


def test_a_creditor_hears_when_its_pause_no_longer_rests_on_known_help_alone() -> None:
    hub = with_signal()
    hub.take(make.registration(), AT)
    hub.take(make.result(ACCEPTED), AT)
    assert [(each.change, each.ground, each.ends_at) for each in told(hub)] == [
        (STARTED, PauseGround.KNOWN_IN_DEBT_HELP, TERM),
        (PROLONGED, PauseGround.HELP_ACCEPTED, TERM),
    ]


# by orders of a team


def test_a_team_prolongs_a_pause_and_never_shortens_it() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    hub.take(make.order("o1", AT + days(60)), AT + days(5))
    hub.take(make.order("o2", AT + days(50)), AT + days(6))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (PROLONGED, AT + days(60))]
    hub.until(AT + days(60))
    assert hub.pause_steps("c1")[-1] == (ENDED, AT + days(60))


def test_a_team_ends_a_pause_whatever_it_rests_on() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    hub.take(make.registration(), AT + days(1))
    hub.take(make.order("o1"), AT + days(5))
    assert hub.pause_steps("c1")[-1] == (ENDED, AT + days(5))
    assert told(hub)[-1].end_reason is PauseEnd.RESULT


def test_what_happens_after_an_early_end_counts() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    hub.take(make.order("o1"), AT + days(5))
    hub.take(make.result(ACCEPTED, "r2"), AT + days(9))
    assert hub.pause_steps("c1")[-1] == (STARTED, AT + days(39))


@pytest.mark.parametrize("until", [AT + days(60), None], ids=["prolong", "end"])
def test_an_order_without_a_running_pause_does_nothing(until: datetime | None) -> None:
    hub = with_signal()
    hub.take(make.order("o1", until), AT)
    hub.take(make.result(), AT + days(1))
    hub.until(AT + days(31))
    hub.take(make.order("o2", AT + days(90)), AT + days(40))
    assert hub.pause_steps("c1") == [(STARTED, AT + days(31)), (ENDED, AT + days(31))]


def test_an_order_that_names_signals_is_about_the_pauses_of_those_persons_only() -> None:
    hub = Hub()
    hub.take(make.signal("s1"), AT)
    hub.take(make.signal("s2", creditor="c2", evidence=KEES), AT)
    hub.take(make.result(ACCEPTED, signals=("s1", "s2")), AT)
    hub.take(make.order("o1", AT + days(60), signals=("s2",)), AT + days(1))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]
    assert hub.pause_steps("c2") == [(STARTED, TERM), (PROLONGED, AT + days(60))]


def test_an_order_before_its_case_counts_when_the_case_comes() -> None:
    hub = Hub()
    hub.take(make.order("o1", AT + days(60)), AT + days(5))
    hub.take(make.result(), AT)
    hub.take(make.signal("s1"), AT - days(1))
    assert hub.pause_steps("c1") == [(STARTED, AT + days(60))]


def test_a_result_after_a_prolongation_ends_the_pause_all_the_same() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    hub.take(make.order("o1", AT + days(60)), AT + days(5))
    hub.take(make.result(DECLINED, "r2"), AT + days(40))
    assert hub.pause_steps("c1")[-1] == (ENDED, AT + days(40))


# one pause of a creditor for one person


def test_results_of_two_cases_of_one_person_are_one_pause() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    hub.take(make.signal("feb", "2026-02-10"), AT + days(17))
    hub.take(make.result(ACCEPTED, "r2", "2026-02"), AT + days(20))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (PROLONGED, AT + days(50))]
    assert len({each.pause_id for each in told(hub)}) == 1


def test_two_persons_of_one_creditor_in_one_case_have_a_pause_each() -> None:
    hub = Hub()
    hub.take(make.signal("s1"), AT)
    hub.take(make.signal("s2", evidence=KEES), AT)
    hub.take(make.result(ACCEPTED, "r1", signals=("s1",)), AT)
    hub.take(make.result(ACCEPTED, "r2", signals=("s2",)), AT + days(5))
    assert [(each.signal_ids, each.ends_at) for each in told(hub)] == [
        (("s1",), TERM),
        (("s2",), AT + days(35)),
    ]


def test_two_pauses_that_turn_out_to_be_of_one_person_become_the_first_one() -> None:
    """A correction says that the second signal is about the person of the first."""
    hub = Hub()
    first, second = make.signal("s1"), make.signal("s2", evidence=KEES)
    hub.take(first, AT)
    hub.take(second, AT)
    hub.take(make.result(ACCEPTED, "r1", signals=("s1",)), AT)
    hub.take(make.result(ACCEPTED, "r2", signals=("s2",)), AT + days(5))
    one, other = (each.pause_id for each in told(hub))
    hub.take(make.signal("s2", evidence=JAN, revision=2), AT + days(6))
    longer, gone = told(hub)[2:]
    assert (longer.pause_id, longer.change, longer.ends_at) == (one, PROLONGED, AT + days(35))
    assert longer.signal_ids == ("s1", "s2")
    assert (gone.pause_id, gone.change, gone.covered_by) == (other, ENDED, one)
    hub.until(AT + days(35))
    assert [each.pause_id for each in told(hub)[4:]] == [one]


def test_pauses_that_cases_had_in_older_state_go_on_under_their_id() -> None:
    hub = with_signal()
    hub.take(make.result(), AT)
    assert hub.state is not None
    (pause,) = hub.state.pauses
    case = hub.state.cases[0]._replace(pauses=(PauseTold(*pause[:7])._replace(pause_id="old"),))
    hub.state = hub.state._replace(cases=(case,), pauses=())
    hub.take(make.result(DECLINED, "r2"), AT + days(5))
    assert [(each.pause_id, each.municipality) for each in told(hub)[1:]] == [("old", GM)]


# laws


def running(hub: Hub) -> list[PauseTold]:
    return [told for told in (hub.state or Household("h")).pauses if told.reason is None]


def persons_of(cases: tuple[CaseFacts, ...]) -> dict[str, tuple[Evidence, ...]]:
    return {signal.signal_id: signal.evidence for case in cases for signal in case.signals}


@st.composite
def stories_with_orders(draw: st.DrawFn) -> list[Happened]:
    found = draw(stories())
    found += [draw(signals(f"t{number}")) for number in range(draw(st.integers(0, 2)))]
    for number in range(1, 1 + draw(st.integers(0, 3))):
        at = draw(st.sampled_from(found)).at + days(draw(st.integers(0, 40)))
        until = draw(st.sampled_from([None, at + days(45), at + days(70)]))
        month = draw(st.sampled_from(["2026-01", "2026-02", "2026-03"]))
        found.append(Happened(make.order(f"o{number}", until, month), at))
    return sorted(found, key=lambda each: each.at)


@settings(max_examples=100)
@given(stories_with_orders())
def test_no_creditor_has_two_running_pauses_for_one_person(story: list[Happened]) -> None:
    hub = Hub()
    for each in story:
        hub.until(each.at)
        hub.take(each.fact, each.at)
        found = running(hub)
        for number, one in enumerate(found):
            for other in found[number + 1 :]:
                shared = set(one.signal_ids) & set(other.signal_ids)
                assert not shared, f"{one.creditor} waits twice for {shared}"


@settings(max_examples=100)
@given(stories_with_orders())
def test_every_pause_that_starts_ends_and_its_tellings_are_numbered(story: list[Happened]) -> None:
    hub = play(story)
    assert running(hub) == []
    numbers: dict[str, list[int]] = {}
    for change in hub.told:
        if isinstance(change.event, Pause):
            numbers.setdefault(change.event.pause_id, []).append(change.event.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert all(pause.change is ENDED for pause in hub.pauses().values())


@settings(max_examples=60)
@given(stories_with_orders(), st.data())
def test_an_order_again_changes_nothing(story: list[Happened], data: st.DataObject) -> None:
    hub = Hub()
    for each in story:
        hub.take(each.fact, each.at)
    again = data.draw(st.sampled_from(story))
    if again.line.startswith(str(again.at)):
        assert hub.take(again.fact, again.at + days(1)) == []


spans = st.builds(
    lambda start, length: Span(AT + days(start), AT + days(start + length)),
    st.integers(0, 90),
    st.integers(1, 40),
)


@given(st.lists(spans, min_size=1, max_size=6), st.data())
def test_merged_spans_do_not_touch_and_cover_all(found: list[Span], data: st.DataObject) -> None:
    whole = merged(found)
    assert merged(data.draw(st.permutations(found))) == whole
    assert all(one.ends_at < other.starts_at for one, other in pairwise(whole))
    for span in found:
        assert any(each.starts_at <= span.starts_at and span.ends_at <= each.ends_at for each in whole)


def test_steps_tell_nothing_of_what_is_known() -> None:
    span = Span(AT, TERM)
    known = PauseTold("p", "c1", AT, TERM, None, 1, ("s1",), PauseGround.HELP_ACCEPTED)
    assert steps(known, span, None) == []
    assert [each.change for each in steps(known, span, TERM)] == [ENDED]
    assert [each.change for each in steps(None, span, None)] == [STARTED]
