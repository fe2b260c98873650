"""Kinds, marks, statuses and matches: the tables of the issue and of domain.md 3.1, 4.2 and 4.3."""

from datetime import UTC, datetime

import pytest

from services.common.events import (
    Area,
    CaseKind,
    CaseResult,
    CaseStatus,
    Confidence,
    Evidence,
    MatchKind,
    SignalStatus,
)
from services.matcher.domain.households import Fact
from services.matcher.domain.months import closes_at, month_of
from services.matcher.domain.statuses import ACCEPTS_HELP, STATUS_OF
from tests.unit.matcher.household import AT, JAN, KEES, Hub, days, evidence, kinds, make

FEBRUARY = datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_a_first_signal_opens_a_single_case_that_nobody_picked_up() -> None:
    hub = Hub()
    assert kinds(hub.take(make.signal("s1"))) == ["SignalState.changed", "Case.opened"]
    (case,) = hub.cases().values()
    assert (case.case_id, case.month, case.kind) == (make.case_id(), "2026-01", CaseKind.SINGLE)
    assert (case.status, case.consecutive, case.opened_at) == (CaseStatus.NOT_YET_PICKED_UP, False, AT)
    assert case.signals[0].status is SignalStatus.NOT_YET_PICKED_UP
    assert hub.statuses()["s1"].case_id == make.case_id()


@pytest.mark.parametrize(
    ("days_and_creditors", "kind", "consecutive", "found"),
    [
        ([("2026-07-01", "c1")], CaseKind.SINGLE, False, set()),
        ([("2026-07-01", "c1"), ("2026-07-31", "c1")], CaseKind.MULTIPLE, False, set()),
        ([("2026-07-01", "c1"), ("2026-07-31", "c2")], CaseKind.MULTIPLE, False, {MatchKind.MULTIPLE}),
        ([("2026-06-30", "c1"), ("2026-07-01", "c1")], CaseKind.SINGLE, True, set()),
        ([("2026-06-30", "c1"), ("2026-07-01", "c2")], CaseKind.SINGLE, True, {MatchKind.CONSECUTIVE}),
        ([("2026-01-01", "c1"), ("2026-07-01", "c2")], CaseKind.SINGLE, True, {MatchKind.CONSECUTIVE}),
        ([("2025-12-31", "c1"), ("2026-07-01", "c2")], CaseKind.SINGLE, False, set()),
    ],
)
def test_kind_mark_and_matches_follow_the_calendar_months(
    days_and_creditors: list[tuple[str, str]], kind: CaseKind, consecutive: bool, found: set[MatchKind]
) -> None:
    for order in (days_and_creditors, days_and_creditors[::-1]):
        hub = Hub()
        for day, creditor in order:
            hub.take(make.signal(day, day, creditor))
        case = hub.cases()[make.case_id("2026-07")]
        assert (case.kind, case.consecutive) == (kind, consecutive)
        assert {match.kind for match in hub.matches()} == found


@pytest.mark.parametrize("change", [{"unit": "u2"}, {"municipality": "other"}])
def test_another_unit_or_municipality_is_another_case(change: dict[str, str]) -> None:
    hub = Hub()
    hub.take(make.signal("s1", creditor="c1"))
    hub.take(make.signal("s2", creditor="c2", **change))
    assert {case.kind for case in hub.cases().values()} == {CaseKind.SINGLE}
    assert len(hub.cases()) == 2
    assert hub.matches() == []


def test_the_case_shows_the_area_that_says_most_and_crisis_and_youth_of_any_signal() -> None:
    hub = Hub()
    precise = Area(pc4="1234", district="WK036301", neighbourhood="BU03630101")
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", area=precise, crisis=True))
    hub.take(make.signal("s3", young=True))
    (case,) = hub.cases().values()
    assert (case.area, case.crisis, case.young) == (precise, True, True)


@pytest.mark.parametrize(
    ("last", "now", "swapped"),
    [
        ("c1", "c2", True),
        ("c1", "c1", False),
        ("c1 c2", "c2", False),
        ("c1", "c1 c2", False),
        ("c1 c2", "c2 c3", True),
    ],
)
def test_a_swap_is_decided_when_the_month_closes(last: str, now: str, swapped: bool) -> None:
    hub = Hub()
    for creditor in last.split():
        hub.take(make.signal(f"d{creditor}", "2025-12-20", creditor), AT - days(30))
    for creditor in now.split():
        hub.take(make.signal(f"j{creditor}", "2026-01-20", creditor))
    hub.until(closes_at(month_of(FEBRUARY.date())) - days(40))
    assert MatchKind.SWAP not in {match.kind for match in hub.matches()}
    hub.until(FEBRUARY)
    assert (MatchKind.SWAP in {match.kind for match in hub.matches()}) == swapped


def test_a_month_closes_at_midnight_in_amsterdam_in_winter_and_in_summer() -> None:
    assert closes_at(month_of(AT.date())) == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert closes_at(month_of(datetime(2026, 7, 1, tzinfo=UTC).date())) == datetime(
        2026, 7, 31, 22, tzinfo=UTC
    )


def test_a_signal_that_comes_after_the_close_makes_the_swap_that_only_it_makes() -> None:
    hub = Hub()
    hub.take(make.signal("d", "2025-12-20", "c1"), AT - days(30))
    hub.until(FEBRUARY)
    hub.take(make.signal("j", "2026-01-28", "c2"), FEBRUARY + days(3))
    hub.until(FEBRUARY + days(3))
    assert [match.kind for match in hub.matches()] == [MatchKind.CONSECUTIVE, MatchKind.SWAP]


def test_a_creditor_that_was_only_late_does_not_take_a_swap_back() -> None:
    hub = Hub()
    hub.take(make.signal("d", "2025-12-20", "c1"), AT - days(30))
    hub.take(make.signal("j", "2026-01-20", "c2"))
    hub.until(FEBRUARY)
    before = hub.matches()
    hub.take(make.signal("late", "2026-01-20", "c1"), FEBRUARY + days(1))
    assert [match for match in hub.matches() if match.kind is MatchKind.SWAP] == before[1:]


def test_a_signal_after_the_close_does_not_make_a_swap_of_a_month_that_was_decided() -> None:
    hub = Hub()
    hub.take(make.signal("d1", "2025-12-20", "c1"), AT - days(30))
    hub.take(make.signal("d2", "2025-12-20", "c2"), AT - days(30))
    hub.take(make.signal("j", "2026-01-20", "c2"))
    hub.until(FEBRUARY)
    hub.take(make.signal("late", "2026-01-28", "c3"), FEBRUARY + days(2))
    hub.until(FEBRUARY + days(40))
    assert MatchKind.SWAP not in {match.kind for match in hub.matches()}


@pytest.mark.parametrize(
    ("other", "confidence"),
    [
        (JAN, Confidence.CERTAIN),
        (evidence("1980-01-01", "jansen"), Confidence.PROBABLE),
        (KEES, Confidence.POSSIBLE),
    ],
)
def test_a_match_says_how_sure_it_is_that_it_is_one_person(
    other: tuple[Evidence, ...], confidence: Confidence
) -> None:
    hub = Hub()
    hub.take(make.signal("s1", creditor="c1"))
    hub.take(make.signal("s2", creditor="c2", evidence=other))
    assert hub.matches()[0].confidence is confidence


def test_each_match_is_told_once() -> None:
    hub = Hub()
    for number in range(4):
        hub.take(make.signal(f"s{number}", creditor=f"c{number}"))
    assert len(hub.matches()) == 1


def test_the_first_contact_attempt_picks_the_case_and_its_signals_up() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    changes = hub.take(make.attempt("a1"), AT + days(1))
    assert kinds(changes) == ["SignalState.changed", "Case.changed"]
    assert hub.take(make.attempt("a2"), AT + days(2)) == []
    case = hub.cases()[make.case_id()]
    assert (case.status, case.picked_up_at) == (CaseStatus.PICKED_UP, AT + days(1))
    assert hub.statuses()["s1"].status is SignalStatus.PICKED_UP


@pytest.mark.parametrize("result", CaseResult)
def test_a_result_closes_the_case_and_maps_to_the_status_of_its_signals(result: CaseResult) -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    assert kinds(hub.take(make.result(result), AT + days(2)))[:2] == ["SignalState.changed", "Case.closed"]
    case, state = hub.cases()[make.case_id()], hub.statuses()["s1"]
    assert (case.status, case.result, case.closed_at) == (CaseStatus.CLOSED, result, AT + days(2))
    assert (state.status, state.result) == (STATUS_OF[result], result)
    assert (case.picked_up_at is None) == (STATUS_OF[result] is not SignalStatus.PICKED_UP)


def test_six_results_are_a_status_of_their_own_and_four_accept_help() -> None:
    own = {result for result in CaseResult if STATUS_OF[result] is not SignalStatus.PICKED_UP}
    assert {result.value for result in own} == {STATUS_OF[result].value for result in own}
    assert len(own) == 6
    assert len(ACCEPTS_HELP) == 4


def test_a_signal_after_the_result_joins_the_case_and_reopens_nothing() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(CaseResult.NOT_RESIDENT), AT + days(1))
    hub.take(make.signal("s2", creditor="c2"), AT + days(2))
    hub.take(make.signal("s3", creditor="c3", evidence=KEES), AT + days(2))
    case = hub.cases()[make.case_id()]
    assert (case.status, case.closed_at, len(case.signals)) == (CaseStatus.CLOSED, AT + days(1), 3)
    assert hub.statuses()["s2"].status is SignalStatus.NOT_RESIDENT
    assert hub.statuses()["s3"].status is SignalStatus.PICKED_UP


def test_a_result_holds_for_the_signals_it_names_only() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", creditor="c2"))
    hub.take(make.result(CaseResult.DECEASED, signals=("s2",)), AT + days(1))
    assert hub.statuses()["s1"].status is SignalStatus.PICKED_UP
    assert hub.statuses()["s2"].status is SignalStatus.DECEASED


def test_without_names_a_result_holds_for_the_person_of_the_first_signal_the_team_saw() -> None:
    hub = Hub()
    hub.take(make.signal("s2", "2026-01-10"))
    hub.take(make.signal("s1", "2026-01-12", "c2", evidence=KEES))
    hub.take(make.result(CaseResult.DECEASED), AT + days(1))
    hub.take(make.signal("s3", "2026-01-02", "c3", evidence=KEES), AT + days(2))
    statuses = {name: state.status for name, state in hub.statuses().items()}
    assert statuses == {
        "s1": SignalStatus.PICKED_UP,
        "s2": SignalStatus.DECEASED,
        "s3": SignalStatus.PICKED_UP,
    }


def test_the_latest_result_that_holds_counts() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(CaseResult.NOT_RESIDENT), AT + days(1))
    hub.take(make.result(CaseResult.NEVER_REACHED, "r2"), AT + days(2))
    case = hub.cases()[make.case_id()]
    assert (case.result, case.closed_at) == (CaseResult.NEVER_REACHED, AT + days(1))
    assert hub.statuses()["s1"].status is SignalStatus.PICKED_UP


@pytest.mark.parametrize(
    ("who", "known"),
    [
        (JAN, True),
        (evidence("1980-01-01", "jansen"), True),
        (KEES, False),
        (evidence("", "jansen", "j"), False),
    ],
)
def test_a_certain_or_probable_person_with_running_help_is_known(
    who: tuple[Evidence, ...], known: bool
) -> None:
    for first in ("signal", "registration"):
        hub = Hub()
        facts: list[Fact] = [make.signal("s1"), make.registration(who=who)]
        for fact in facts if first == "signal" else facts[::-1]:
            hub.take(fact)
        assert (hub.statuses()["s1"].status is SignalStatus.KNOWN_IN_DEBT_HELP) == known
        assert bool(hub.statuses()["s1"].contacts) == known
        assert [match.kind for match in hub.matches()] == [MatchKind.KNOWN_IN_DEBT_HELP] * known


def test_known_goes_before_a_result_and_vanishes_when_all_help_has_ended() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(CaseResult.NEVER_REACHED), AT + days(1))
    hub.take(make.registration("reg1", organisation="Wijkteam"), AT + days(2))
    hub.take(make.known("s1", "Kredietbank", "Wijkteam"), AT + days(3))
    state = hub.statuses()["s1"]
    assert state.status is SignalStatus.KNOWN_IN_DEBT_HELP
    assert [contact.organisation for contact in state.contacts] == ["Kredietbank", "Wijkteam"]
    hub.take(make.ended("reg1"), AT + days(4))
    assert hub.statuses()["s1"].status is SignalStatus.KNOWN_IN_DEBT_HELP
    hub.take(make.known("s1"), AT + days(5))
    state = hub.statuses()["s1"]
    assert (state.status, state.contacts) == (SignalStatus.PICKED_UP, ())
    assert state.result is CaseResult.NEVER_REACHED


def test_a_signal_is_forgotten_a_year_after_its_month_but_its_mark_on_later_months_stays() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", "2026-03-20"), AT + days(60))
    hub.until(datetime(2027, 2, 15, tzinfo=UTC))
    assert hub.state is not None
    assert [case.month for case in hub.state.cases] == [month_of(datetime(2026, 3, 1, tzinfo=UTC).date())]
    hub.take(make.attempt(month="2026-03"), datetime(2027, 2, 16, tzinfo=UTC))
    assert hub.cases()[make.case_id("2026-03")].consecutive
    hub.until(datetime(2027, 4, 15, tzinfo=UTC))
    assert hub.state is None
