"""Who is in debt help already makes no case for anybody, as long as help runs."""

from datetime import UTC, datetime

import pytest

from services.common.events import CaseResult, CaseStatus, SignalStatus
from services.matcher.domain.households import Fact
from tests.unit.matcher.household import AT, JAN, KEES, Hub, days, kinds, make

KNOWN = SignalStatus.KNOWN_IN_DEBT_HELP


def test_a_signal_of_somebody_known_makes_no_case() -> None:
    hub = Hub()
    hub.take(make.registration())
    assert kinds(hub.take(make.signal("s1"))) == [
        "SignalState.changed",
        "Match.known-in-debt-help",
        "Pause.started",
    ]
    assert hub.cases() == {}


def test_a_case_that_was_there_leaves_the_worklist_without_a_result() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    assert "Case.known-in-debt-help" in kinds(hub.take(make.registration()))
    (case,) = hub.cases().values()
    assert case.known_in_debt_help
    assert (case.status, case.result, case.closed_at) == (CaseStatus.NOT_YET_PICKED_UP, None, None)
    assert hub.worklist() == {}


def test_what_was_known_of_a_bsn_says_nothing_once_the_signal_is_corrected() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.known("s1", "Wijkteam"))
    assert hub.worklist() == {}
    hub.take(make.signal("s1", revision=2), AT + days(1))
    assert len(hub.worklist()) == 1


@pytest.mark.parametrize(
    ("turn", "what"), [(1, "reopened"), (-1, "opened")], ids=["signal first", "help first"]
)
def test_when_help_ends_the_case_is_open_again_and_no_signal_is_lost(turn: int, what: str) -> None:
    hub = Hub()
    facts: list[Fact] = [make.signal("s1"), make.registration()]
    for fact in facts[::turn]:
        hub.take(fact)
    assert f"Case.{what}" in kinds(hub.take(make.ended(), AT + days(1)))
    (case,) = hub.worklist().values()
    assert (case.status, case.opened_at) == (CaseStatus.NOT_YET_PICKED_UP, AT)
    assert [each.status for each in case.signals] == [SignalStatus.NOT_YET_PICKED_UP]


def test_help_that_comes_and_goes_tells_it_each_time() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    for day in range(3):
        hub.take(make.registration(), AT + days(day))
        assert hub.worklist() == {}
        hub.take(make.ended(), AT + days(day))
        assert len(hub.worklist()) == 1
    ids = [change.id for change in hub.told]
    assert len(set(ids)) == len(ids)


def test_a_case_with_somebody_else_in_it_stays() -> None:
    hub = Hub()
    hub.take(make.registration())
    hub.take(make.signal("s1"))
    hub.take(make.signal("s2", creditor="c2", evidence=KEES))
    (case,) = hub.worklist().values()
    assert {each.signal_id: each.status for each in case.signals} == {
        "s1": KNOWN,
        "s2": SignalStatus.NOT_YET_PICKED_UP,
    }
    hub.take(make.withdrawal(make.signal("s2", creditor="c2", evidence=KEES)), AT + days(1))
    assert hub.worklist() == {}


def test_a_repeat_beside_somebody_known_makes_no_case_either() -> None:
    hub = Hub(repeat_days=183)
    hub.take(make.signal("before", "2025-12-20", evidence=KEES), AT - days(30))
    hub.take(make.registration())
    hub.take(make.signal("s1", creditor="c2"))
    hub.take(make.signal("s2", evidence=KEES))
    assert list(hub.worklist()) == [make.case_id("2025-12")]


@pytest.mark.parametrize(
    "work", [make.attempt(), make.result(CaseResult.FOLLOW_UP_HELP)], ids=["attempt", "result"]
)
@pytest.mark.parametrize("turn", [1, -1], ids=["work first", "help first"])
def test_what_a_team_did_stands_and_its_case_stays(work: Fact, turn: int) -> None:
    hub = Hub()
    facts: list[Fact] = [work, make.registration()]
    hub.take(make.signal("s1"))
    for fact in facts[::turn]:
        hub.take(fact, AT + days(1))
    (case,) = hub.worklist().values()
    assert case.status is not CaseStatus.NOT_YET_PICKED_UP
    assert [each.status for each in case.signals] == [KNOWN]


def test_a_case_that_nobody_heard_of_goes_without_a_word() -> None:
    hub = Hub()
    hub.take(make.registration())
    hub.take(make.signal("s1"))
    hub.take(make.withdrawal(make.signal("s1")), AT + days(1))
    hub.take(make.ended(), AT + days(2))
    assert hub.cases() == {}


def test_no_deadline_runs_while_help_does_and_one_that_passed_is_told_when_it_ends() -> None:
    hub = Hub()
    hub.take(make.registration())
    hub.take(make.signal("s1", crisis=True))
    hub.until(AT + days(30))
    assert hub.cases() == {}
    hub.take(make.ended(), AT + days(30))
    hub.until(AT + days(30))
    (case,) = hub.worklist().values()
    assert case.overdue
    hub.take(make.registration(), AT + days(31))
    (case,) = hub.cases().values()
    assert (case.deadline, case.overdue, case.known_in_debt_help) == (None, False, True)


MIDNIGHT = {
    "31 December, a minute before midnight": ("2026-12-31", datetime(2026, 12, 31, 22, 59, tzinfo=UTC)),
    "1 January, midnight": ("2027-01-01", datetime(2026, 12, 31, 23, 0, tzinfo=UTC)),
    "the hour that is not there, 29 March": ("2026-03-29", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    "the hour that is twice, 25 October": ("2026-10-25", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    "31 August, whose sixth month is February": ("2026-08-31", datetime(2026, 8, 31, 10, 0, tzinfo=UTC)),
}


@pytest.mark.parametrize(("day", "at"), MIDNIGHT.values(), ids=MIDNIGHT)
@pytest.mark.parametrize("later", [0, 1, 184])
def test_help_that_starts_up_to_six_months_later_meets_an_open_signal(
    day: str, at: datetime, later: int
) -> None:
    hub = Hub()
    hub.take(make.signal("s1", day), at)
    hub.until(at + days(later))
    hub.take(make.registration(who=JAN), at + days(later))
    assert hub.statuses()["s1"].status is KNOWN
    assert hub.worklist() == {}
    hub.take(make.ended(), at + days(later) + days(1))
    assert len(hub.worklist()) == 1


def test_a_signal_that_is_kept_no_longer_meets_nobody() -> None:
    hub = Hub()
    hub.take(make.signal("s1", "2026-12-31"), datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    gone = datetime(2027, 12, 31, 23, 0, tzinfo=UTC)
    hub.until(gone)
    assert hub.take(make.registration(), gone) == []
