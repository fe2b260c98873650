"""Which team gets a case, and which parties a refusal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.catalogue import load_catalogue
from services.common.events import (
    Area,
    Case,
    CaseKind,
    CaseStatus,
    Lane,
    Refusal,
    Role,
    RoutingReason,
    Team,
)
from services.common.settings import REPOSITORY
from services.notifier.domain import (
    REFUSAL_ROLES,
    REMEMBERED,
    Household,
    Route,
    assign,
    forget,
    next_forget,
    receivers,
    route,
)

NOW = datetime(2026, 3, 25, 10, tzinfo=UTC)
MUNICIPALITY = "00000099001234560000"
AREA = Area(pc4="3511", district="WK034401", neighbourhood="BU03440111")
CASE = Case(
    case_id="c1",
    household="0" * 32,
    municipality=MUNICIPALITY,
    unit="",
    month="2026-03",
    kind=CaseKind.SINGLE,
    consecutive=False,
    status=CaseStatus.NOT_YET_PICKED_UP,
    crisis=False,
    young=False,
    area=AREA,
    opened_at=NOW,
    signals=(),
)


def team(
    team_id: str, *areas: str, lane: Lane | None = None, fallback: bool = False, of: str = MUNICIPALITY
) -> Team:
    lanes = (lane,) if lane else ()
    return Team(team_id=team_id, municipality=of, name=team_id, areas=areas, lanes=lanes, fallback=fallback)


CRISIS, YOUTH = team("a-crisis", lane=Lane.CRISIS), team("b-youth", lane=Lane.YOUTH)
BUURT, WIJK, PC4 = team("z-buurt", "BU03440111"), team("y-wijk", "WK034401"), team("x-pc4", "3511")
FALLBACK = team("c-fallback", fallback=True)
ALL = (FALLBACK, PC4, WIJK, BUURT, YOUTH, CRISIS)
FOREIGN = tuple(
    replace(each, municipality="00000099009999990000", team_id=f"0-{each.team_id}") for each in ALL
)


@pytest.mark.parametrize(
    ("case", "teams", "found"),
    [
        (replace(CASE, crisis=True, young=True), ALL, ("a-crisis", RoutingReason.CRISIS)),
        (replace(CASE, crisis=True, young=True), ALL[:-1], ("b-youth", RoutingReason.YOUTH)),
        (replace(CASE, young=True), ALL, ("b-youth", RoutingReason.YOUTH)),
        (CASE, ALL, ("z-buurt", RoutingReason.AREA)),
        (CASE, ALL[:3], ("y-wijk", RoutingReason.AREA)),
        (CASE, ALL[:2], ("x-pc4", RoutingReason.AREA)),
        (replace(CASE, area=Area(pc4="3511")), ALL, ("x-pc4", RoutingReason.AREA)),
        (replace(CASE, area=Area(pc4="9999")), ALL, ("c-fallback", RoutingReason.FALLBACK)),
        (CASE, (team("2", "3511"), team("1", "3511")), ("1", RoutingReason.AREA)),
        (CASE, (CRISIS, YOUTH), None),
        (CASE, FOREIGN, None),
        (CASE, (), None),
    ],
)
def test_a_case_goes_to_the_crisis_then_youth_then_smallest_area_then_fallback_team(
    case: Case, teams: tuple[Team, ...], found: tuple[str, RoutingReason] | None
) -> None:
    expected = Route(team=found[0], reason=found[1]) if found else None
    assert route(case, teams) == expected


@given(st.permutations(ALL + FOREIGN), st.booleans(), st.booleans())
def test_the_order_in_which_teams_are_known_does_not_matter(
    teams: list[Team], crisis: bool, young: bool
) -> None:
    case = replace(CASE, crisis=crisis, young=young)
    assert route(case, teams) == route(case, ALL)


def test_a_case_stays_with_its_team_whatever_changes() -> None:
    known, first = assign(CASE, Household(), lambda _: (PC4,), NOW)
    assert first == Route(team="x-pc4", reason=RoutingReason.AREA)
    for change in (CASE, replace(CASE, young=True), replace(CASE, status=CaseStatus.CLOSED)):
        known, moved = assign(change, known, lambda _: ALL[:-1], NOW)
        assert moved is None
        assert known.cases["c1"].team == "x-pc4"


def test_a_case_that_becomes_a_crisis_goes_to_the_crisis_team_once() -> None:
    known, _ = assign(CASE, Household(), lambda _: ALL, NOW)
    crisis = replace(CASE, crisis=True)
    known, moved = assign(crisis, known, lambda _: ALL, NOW)
    assert moved == Route(team="a-crisis", reason=RoutingReason.CRISIS)
    earlier = team("0-crisis", lane=Lane.CRISIS)
    known, again = assign(crisis, known, lambda _: (*ALL, earlier), NOW)
    assert again is None
    assert known.cases["c1"].team == "a-crisis"


def test_a_case_that_becomes_a_crisis_stays_where_there_is_no_crisis_team() -> None:
    known, _ = assign(CASE, Household(), lambda _: (PC4,), NOW)
    known, moved = assign(replace(CASE, crisis=True), known, lambda _: (PC4, BUURT), NOW)
    assert moved is None
    assert known.cases["c1"].team == "x-pc4"


def test_a_case_without_a_team_is_routed_at_its_first_change_after_there_is_one() -> None:
    known, nowhere = assign(CASE, Household(), lambda _: (), NOW)
    assert (known, nowhere) == (Household(), None)
    assert assign(CASE, known, lambda _: (PC4,), NOW)[1] is not None


def test_the_team_of_a_case_is_forgotten_long_after_its_last_change() -> None:
    known, _ = assign(CASE, Household(), lambda _: ALL, NOW)
    known, _ = assign(replace(CASE, case_id="c2"), known, lambda _: ALL, NOW + timedelta(days=1))
    assert next_forget(known) == NOW + REMEMBERED
    assert list(forget(known, NOW + REMEMBERED).cases) == ["c2"]


@pytest.mark.parametrize(
    ("sender", "roles", "found"),
    [
        ("creditor", [Role.CREDITOR], ("creditor",)),
        ("office", [Role.INTERMEDIARY], ("creditor", "office")),
        ("office", [Role.BAILIFF, Role.CREDITOR], ("creditor", "office")),
        ("office", [Role.BAILIFF], ("creditor",)),
        ("office", [], ("creditor",)),
    ],
)
def test_a_refusal_goes_to_the_creditor_and_to_who_sent_it_for_the_creditor(
    sender: str, roles: list[Role], found: tuple[str, ...]
) -> None:
    refusal = Refusal(refusal_id="r", creditor="creditor", sender=sender, reasons=("BSN_INVALID",))
    assert receivers(refusal, roles) == found


def test_the_roles_that_have_a_topic_for_refusals_are_those_of_the_catalogue() -> None:
    catalogue = load_catalogue(REPOSITORY / "schemas")
    (topic,) = [each for each in catalogue.tenant_topics if each.subject == "refusals"]
    assert frozenset(topic.roles) == REFUSAL_ROLES
