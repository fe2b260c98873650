"""Who waits, from when, until when: the issue's rules on pauses and domain.md 2.4."""

from datetime import datetime

import pytest

from services.common.events import CaseResult, Pause, PauseChange, PauseEnd
from services.common.identifiers import derived_id
from tests.unit.matcher.household import AT, HOUSEHOLD, JAN, KEES, Hub, days, evidence, make

STARTED, PROLONGED, ENDED = PauseChange.STARTED, PauseChange.PROLONGED, PauseChange.ENDED
ACCEPTED, DECLINED = CaseResult.FOLLOW_UP_HELP, CaseResult.SOLVES_IT_THEMSELVES
TERM = AT + days(31)
"""End of the pause of a result a day after AT."""


def with_help(*creditors: str, signals: tuple[str, ...] = ()) -> Hub:
    """A household where each creditor has a signal and help was accepted a day later."""
    hub = Hub()
    for creditor in creditors:
        hub.take(make.signal(f"s-{creditor}", creditor=creditor))
    hub.take(make.result(ACCEPTED, signals=signals), AT + days(1))
    return hub


def test_help_accepted_makes_each_creditor_of_that_person_wait_thirty_days() -> None:
    hub = with_help("c1", "c2")
    for creditor in ("c1", "c2"):
        assert hub.pause_steps(creditor) == [(STARTED, TERM)]
    pause = hub.pauses()[derived_id("pause", HOUSEHOLD, "s-c1", "1")]
    assert (pause.starts_at, pause.ends_at, pause.signal_ids) == (AT + days(1), TERM, ("s-c1",))
    assert hub.wake_at is not None
    assert hub.wake_at <= TERM


def test_a_pause_is_ended_by_its_own_timer() -> None:
    hub = with_help("c1")
    hub.until(TERM - days(0.01))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]
    hub.until(TERM)
    assert hub.pause_steps("c1") == [(STARTED, TERM), (ENDED, TERM)]
    assert hub.pauses()[derived_id("pause", HOUSEHOLD, "s-c1", "1")].end_reason is PauseEnd.TERM


@pytest.mark.parametrize("days_of_policy", [14, 45])
def test_the_municipality_says_how_long(days_of_policy: int) -> None:
    hub = Hub(pause_days=days_of_policy)
    hub.take(make.signal("s1"))
    hub.take(make.result(), AT)
    assert hub.pause_steps("c1") == [(STARTED, AT + days(days_of_policy))]


@pytest.mark.parametrize("result", CaseResult)
def test_only_results_that_accept_help_start_a_pause(result: CaseResult) -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(result), AT)
    accepts = {"ADVICE_OR_QUICK_FIX", "FOLLOW_UP_HELP", "FOLLOW_UP_FINANCIAL", "FOLLOW_UP_NOT_FINANCIAL"}
    assert bool(hub.pauses()) == (result.value in accepts)


def test_a_creditor_that_joins_later_gets_the_rest_also_from_a_later_month() -> None:
    hub = with_help("c1")
    hub.take(make.signal("feb", "2026-02-10", "c9"), AT + days(16))
    assert hub.pause_steps("c9") == [(STARTED, TERM)]
    pause = hub.pauses()[derived_id("pause", HOUSEHOLD, "feb", "1")]
    assert pause.starts_at == AT + days(16)


def test_a_signal_after_the_end_of_the_pause_starts_none() -> None:
    hub = with_help("c1")
    hub.take(make.signal("feb", "2026-02-27", "c9"), TERM)
    assert hub.pause_steps("c9") == []


def test_the_creditor_of_somebody_else_at_the_address_hears_nothing() -> None:
    hub = Hub()
    hub.take(make.signal("s1", evidence=JAN))
    hub.take(make.signal("s2", "2026-01-21", "c2", evidence=KEES))
    hub.take(make.result(ACCEPTED), AT + days(1))
    hub.take(make.signal("s3", "2026-01-22", "c3", evidence=KEES), AT + days(2))
    assert {pause.creditor for pause in hub.pauses().values()} == {"c1"}


def test_a_result_that_names_signals_pauses_their_creditors_only() -> None:
    hub = with_help("c1", "c2", "c3", signals=("s-c2", "s-c3"))
    assert {pause.creditor for pause in hub.pauses().values()} == {"c2", "c3"}


def test_the_signal_of_an_earlier_month_is_not_paused() -> None:
    hub = Hub()
    hub.take(make.signal("dec", "2025-12-20", "c9"), AT - days(30))
    hub.take(make.signal("s1"))
    hub.take(make.result(), AT + days(1))
    assert hub.pause_steps("c9") == []


def test_a_later_result_that_accepts_no_help_ends_the_pause_early() -> None:
    hub = with_help("c1")
    hub.take(make.result(DECLINED, "r2"), AT + days(5))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (ENDED, AT + days(5))]
    assert hub.pauses()[derived_id("pause", HOUSEHOLD, "s-c1", "1")].end_reason is PauseEnd.RESULT
    hub.until(TERM + days(1))
    assert len(hub.pause_steps("c1")) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later one first"])
@pytest.mark.parametrize(("first", "second"), [(ACCEPTED, DECLINED), (DECLINED, ACCEPTED)])
def test_of_two_results_at_the_same_time_the_later_version_counts_not_the_id(
    first: CaseResult, second: CaseResult, order: tuple[int, int]
) -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    results = (make.result(first, "r9", version=1), make.result(second, "r1", version=2))
    for number in order:
        hub.take(results[number], AT)
    assert hub.cases()[make.case_id()].result is second
    assert hub.statuses()["s1"].result is second
    running = [each for each in hub.pauses().values() if each.ends_at > each.starts_at]
    assert bool(running) == (second is ACCEPTED)


def test_a_result_about_somebody_else_ends_no_pause() -> None:
    hub = Hub()
    hub.take(make.signal("s1", evidence=JAN))
    hub.take(make.signal("s2", "2026-01-21", "c2", evidence=KEES))
    hub.take(make.result(ACCEPTED, "r1", signals=("s1",)), AT + days(1))
    hub.take(make.result(DECLINED, "r2", signals=("s2",)), AT + days(2))
    assert hub.pause_steps("c1") == [(STARTED, TERM)]


def test_a_later_result_that_accepts_help_too_prolongs_the_pause() -> None:
    hub = with_help("c1")
    hub.take(make.result(CaseResult.FOLLOW_UP_FINANCIAL, "r2"), AT + days(11))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (PROLONGED, AT + days(41))]
    hub.until(TERM)
    assert len(hub.pause_steps("c1")) == 2
    hub.until(AT + days(41))
    assert hub.pause_steps("c1")[-1] == (ENDED, AT + days(41))


def test_help_accepted_again_after_the_end_starts_the_pause_again() -> None:
    hub = with_help("c1")
    hub.until(TERM)
    hub.take(make.result(ACCEPTED, "r2"), AT + days(50))
    assert hub.pause_steps("c1")[1:] == [(ENDED, TERM), (STARTED, AT + days(80))]


def test_a_backlog_that_overtakes_the_timer_still_ends_the_old_pause_first() -> None:
    hub = with_help("c1")
    hub.take(make.result(ACCEPTED, "r2"), AT + days(50))
    assert hub.pause_steps("c1")[1:] == [(ENDED, TERM), (STARTED, AT + days(80))]


def test_a_late_signal_of_the_time_of_the_pause_starts_and_ends_at_once_after_the_term() -> None:
    hub = with_help("c1")
    hub.until(TERM + days(1))
    hub.take(make.signal("late", "2026-01-27", "c9"), AT + days(3))
    hub.until(TERM + days(2))
    assert hub.pause_steps("c9") == [(STARTED, TERM), (ENDED, TERM)]


def test_a_result_before_its_signal_pauses_when_the_signal_comes() -> None:
    hub = Hub()
    hub.take(make.result(ACCEPTED), AT + days(1))
    assert hub.pauses() == {}
    hub.take(make.signal("s1"), AT)
    assert hub.pause_steps("c1") == [(STARTED, TERM)]


def test_an_overtaken_signal_of_the_first_person_takes_a_wrong_pause_back() -> None:
    hub = Hub()
    hub.take(make.signal("s1", "2026-01-20", evidence=JAN))
    hub.take(make.result(ACCEPTED), AT + days(1))
    hub.take(make.signal("s2", "2026-01-02", "c2", evidence=KEES), AT - days(1))
    assert hub.pause_steps("c1") == [(STARTED, TERM), (ENDED, AT + days(1))]
    assert hub.pause_steps("c2") == [(STARTED, TERM)]


def test_a_pause_that_is_taken_back_names_the_signals_it_was_for_and_no_others() -> None:
    hub = Hub()
    elsewhere, third = "00000099002306608000", evidence("1990-09-09", "smit", "a")
    hub.take(make.signal("s1", evidence=JAN))
    hub.take(make.signal("other person", "2026-01-21", evidence=third))
    hub.take(make.signal("other case", "2025-12-20", evidence=JAN), AT - days(30))
    hub.take(make.signal("other town", "2026-01-22", evidence=JAN, municipality=elsewhere))
    hub.take(make.result(ACCEPTED), AT + days(1))
    hub.take(make.signal("joins", "2026-01-24", evidence=JAN), AT + days(2))
    hub.take(make.signal("overtaken", "2026-01-02", "c2", evidence=KEES), AT - days(1))
    pauses = [change.event for change in hub.told if isinstance(change.event, Pause)]
    assert [(each.change, each.signal_ids) for each in pauses if each.creditor == "c1"] == [
        (STARTED, ("s1",)),
        (ENDED, ("joins", "s1")),
    ]


def test_thirty_days_are_days_of_24_hours_across_summer_time() -> None:
    hub = Hub()
    at = datetime.fromisoformat("2026-03-20T10:00:00+00:00")
    hub.take(make.signal("s1", "2026-03-18"), at)
    hub.take(make.result(month="2026-03"), at)
    assert hub.pause_steps("c1") == [(STARTED, datetime.fromisoformat("2026-04-19T10:00:00+00:00"))]


def test_a_case_whose_pause_runs_is_kept_beyond_its_year() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    at = datetime.fromisoformat("2027-01-20T10:00:00+00:00")
    hub.take(make.result(), at)
    hub.until(at + days(29))
    assert hub.state is not None
    hub.until(at + days(30))
    assert hub.pause_steps("c1") == [(STARTED, at + days(30)), (ENDED, at + days(30))]
    assert hub.state is None
