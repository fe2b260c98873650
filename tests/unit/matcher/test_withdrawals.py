"""A creditor withdraws or corrects a signal: all that followed from it follows, whatever came first."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.common.events import (
    CaseKind,
    CaseResult,
    CaseStatus,
    MatchKind,
    Outcome,
    PauseChange,
    Signal,
    SignalEnd,
    SignalStatus,
)
from tests.unit.matcher.household import AT, JAN, KEES, Hub, days, kinds, make

CASE = make.case_id()


def withdraw(hub: Hub, signal: Signal, revision: int = 2, end: SignalEnd = SignalEnd.WITHDRAWN) -> list[str]:
    return kinds(hub.take(make.withdrawal(signal, revision, end), AT + days(3)))


def test_a_case_whose_only_signal_is_withdrawn_has_none_and_says_so() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    assert withdraw(hub, signal) == ["Case.withdrawn", "SignalState.ended"]
    case, state = hub.cases()[CASE], hub.statuses()["s1"]
    assert (case.withdrawn, case.signals, case.opened_at) == (True, (), AT)
    assert (state.end, state.revision, state.status) == (SignalEnd.WITHDRAWN, 2, SignalStatus.OTHER_REASON)


def test_a_withdrawal_told_again_says_nothing_again() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    withdraw(hub, signal)
    before = hub.state
    assert withdraw(hub, signal) == []
    assert hub.take(signal, AT + days(4)) == []
    assert hub.state is before


def test_a_signal_that_comes_after_its_withdrawal_opens_nothing() -> None:
    hub, signal = Hub(), make.signal("s1")
    assert withdraw(hub, signal) == ["SignalState.ended"]
    assert hub.take(signal) == []
    assert (hub.cases(), hub.statuses()["s1"].end) == ({}, SignalEnd.WITHDRAWN)


def test_a_multiple_case_becomes_single_and_its_match_is_taken_back() -> None:
    hub, other = Hub(), make.signal("s2", creditor="c2")
    hub.take(make.signal("s1"))
    hub.take(other)
    assert hub.cases()[CASE].kind is CaseKind.MULTIPLE
    withdraw(hub, other)
    assert hub.cases()[CASE].kind is CaseKind.SINGLE
    assert [(match.kind, match.withdrawn) for match in hub.matches()] == [
        (MatchKind.MULTIPLE, False),
        (MatchKind.MULTIPLE, True),
    ]
    hub.take(make.signal("s3", creditor="c3"), AT + days(4))
    assert len(hub.standing()) == 1
    assert len({change.id for change in hub.told}) == len(hub.told)


def test_a_later_month_is_not_consecutive_any_more() -> None:
    hub, january = Hub(), make.signal("s1")
    hub.take(january)
    hub.take(make.signal("s2", "2026-02-20", "c2"), AT + days(30))
    february = make.case_id("2026-02")
    assert hub.cases()[february].consecutive
    hub.take(make.withdrawal(january), AT + days(31))
    assert not hub.cases()[february].consecutive
    assert hub.standing() == {}


def test_what_is_consecutive_stays_so_when_the_months_before_are_forgotten() -> None:
    hub, late = Hub(), make.signal("s3", "2026-03-20", "c3")
    hub.take(make.signal("s1", "2025-09-20"), AT - days(120))
    hub.take(make.signal("s2", "2026-03-20", "c2"), AT + days(60))
    hub.take(late, AT + days(60))
    hub.until(datetime(2026, 11, 1, tzinfo=UTC))
    hub.take(make.withdrawal(late), datetime(2026, 11, 1, tzinfo=UTC))
    assert hub.cases()[make.case_id("2026-03")].consecutive
    assert MatchKind.CONSECUTIVE in {match.kind for match in hub.standing().values()}


def test_a_swap_that_rested_on_a_withdrawn_signal_is_taken_back() -> None:
    hub, now = Hub(), make.signal("s2", "2026-02-10", "c2")
    hub.take(make.signal("s1"))
    hub.take(now, AT + days(20))
    hub.until(AT + days(60))
    assert MatchKind.SWAP in {match.kind for match in hub.standing().values()}
    hub.take(make.withdrawal(now), AT + days(61))
    assert hub.standing() == {}


def test_a_creditor_that_withdraws_waits_no_longer_and_another_one_goes_on() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    hub.take(make.signal("s2", creditor="c2"))
    hub.take(make.result(), AT + days(1))
    withdraw(hub, signal)
    assert hub.pause_steps("c1")[-1][0] is PauseChange.ENDED
    assert hub.pause_steps("c2") == [(PauseChange.STARTED, AT + days(31))]


@pytest.mark.parametrize("named", [(), ("s1",)])
def test_a_result_about_somebody_whose_signal_is_withdrawn_never_passes_to_somebody_else(
    named: tuple[str, ...],
) -> None:
    hub, first = Hub(), make.signal("s1", "2026-01-10", evidence=JAN)
    hub.take(first)
    hub.take(make.signal("s2", "2026-01-20", "c2", evidence=KEES))
    hub.take(make.result(signals=named), AT + days(1))
    withdraw(hub, first)
    assert hub.statuses()["s2"].result is None
    assert hub.pauses().keys() == {pause for pause, told in hub.pauses().items() if told.creditor == "c1"}


def test_help_that_was_found_for_a_withdrawn_signal_is_taken_back() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(make.registration())
    hub.take(signal)
    assert [match.kind for match in hub.standing().values()] == [MatchKind.KNOWN_IN_DEBT_HELP]
    withdraw(hub, signal)
    assert hub.standing() == {}


def test_a_corrected_amount_shows_in_the_case_and_keeps_its_result() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    hub.take(make.result(CaseResult.NEVER_REACHED), AT + days(1))
    hub.take(replace(signal, revision=2, amount_cents=7_500), AT + days(2))
    case = hub.cases()[CASE]
    assert ([each.amount_cents for each in case.signals], case.opened_at) == ([7_500], AT)
    assert (case.status, hub.statuses()["s1"].result) == (CaseStatus.CLOSED, CaseResult.NEVER_REACHED)
    assert hub.statuses()["s1"].revision == 2


def test_a_signal_corrected_to_another_month_leaves_one_case_and_joins_another() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    hub.take(replace(signal, revision=2, signal_date=date(2026, 2, 2)), AT + days(10))
    assert hub.cases()[CASE].withdrawn
    february = hub.cases()[make.case_id("2026-02")]
    assert ([each.signal_id for each in february.signals], february.opened_at) == (["s1"], AT + days(10))


def test_a_signal_that_moved_away_and_back_is_here_again() -> None:
    hub, signal = Hub(), make.signal("s1")
    hub.take(signal)
    withdraw(hub, signal, 2, SignalEnd.MOVED)
    hub.take(replace(signal, revision=3), AT + days(5))
    assert not hub.cases()[CASE].withdrawn
    assert hub.statuses()["s1"].revision == 3
    assert len({change.id for change in hub.told}) == len(hub.told)


def test_a_signal_that_went_to_another_municipality_at_its_address_is_there_whatever_came_first() -> None:
    one, other, first = Hub(), Hub(), make.signal("s1")
    then = replace(first, revision=2, municipality="00000099000000000518")
    left = make.withdrawal(first, 1, SignalEnd.MOVED)
    for hub, news in ((one, (then, left)), (other, (left, then))):
        hub.take(first)
        for each in news:
            hub.take(each, AT + days(1))
        assert hub.cases()[CASE].withdrawn
        assert (hub.statuses()["s1"].municipality, hub.statuses()["s1"].end) == (then.municipality, None)
    assert one.cases() == other.cases()


@pytest.mark.parametrize("outcome", [make.attempt(), make.result()])
def test_an_outcome_that_crosses_a_withdrawal_is_kept_and_comes_to_the_same(outcome: Outcome) -> None:
    one, other, signal = Hub(), Hub(), make.signal("s1")
    for hub in (one, other):
        hub.take(signal)
    withdraw(one, signal)
    one.take(outcome, AT + days(1))
    other.take(outcome, AT + days(1))
    withdraw(other, signal)
    assert one.cases() == other.cases()
    assert one.state is not None
    assert other.state is not None
    assert one.state.cases[0].results == other.state.cases[0].results


def test_what_is_withdrawn_is_forgotten_with_its_month() -> None:
    hub, signal = Hub(), make.signal("s1")
    withdraw(hub, signal)
    hub.until(datetime(2027, 3, 1, tzinfo=UTC))
    assert (hub.state, hub.wake_at) == (None, None)
