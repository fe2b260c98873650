"""GET /v1/zaken: the whole of the own cases, and nothing of another municipality or team."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.common.events import Area, CasePriority, CaseResult, CaseStatus, Withdrawal
from tests.flow.examples import example
from tests.real.feedback.conftest import CASE, SIGNAL, Desk, new_case, new_signal, oin, routed

pytestmark = pytest.mark.real


async def test_a_case_is_shown_in_dutch_with_its_sealed_personal_data_as_it_came(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    area = Area(pc4="1234", district="WK036301", neighbourhood="BU0363AD03")
    closed = replace(
        new_case(town, signal), status=CaseStatus.CLOSED, result=CaseResult.NEVER_REACHED, area=area
    )
    await desk.project(signal, closed, routed(closed, "centrum"))
    assert await desk.cases(town) == [
        {
            "id": closed.case_id,
            "maand": closed.month,
            "soort": "enkelvoudig",
            "opeenvolgend": False,
            "status": "afgesloten",
            "resultaat": "Definitief geen contact kunnen krijgen",
            "crisis": False,
            "jongere": False,
            "team": "centrum",
            "gebied": {"pc4": "1234", "wijk": "WK036301", "buurt": "BU0363AD03"},
            "geopendOp": CASE.opened_at.isoformat().replace("+00:00", "Z"),
            "prioriteit": "gewoon",
            "termijn": None,
            "termijnVerstreken": False,
            "adresTwijfel": False,
            "signalen": [
                {
                    "id": signal.signal_id,
                    "schuldeiser": SIGNAL.creditor,
                    "signaalpartner": "Huur",
                    "bedragInCenten": SIGNAL.amount_cents,
                    "signaaldatum": SIGNAL.signal_date.isoformat(),
                    "status": "Nog niet opgepakt",
                    "persoonsgegevens": signal.personal.decode(),
                }
            ],
        }
    ]


async def test_signals_cases_and_teams_may_arrive_in_any_order(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    await desk.project(routed(case, "noord"))
    assert await desk.cases(town) == []
    await desk.project(case)
    (before,) = await desk.cases(town)
    assert (before["team"], before["signalen"][0]["persoonsgegevens"]) == ("noord", None)
    await desk.project(signal)
    (after,) = await desk.cases(town)
    assert after["signalen"][0]["persoonsgegevens"] == signal.personal.decode()


async def test_a_case_shows_its_priority_and_deadline(desk: Desk) -> None:
    town = oin()
    urgent = {"priority": CasePriority.URGENT, "deadline": date(2026, 3, 31), "overdue": True}
    await desk.project(replace(new_case(town, new_signal(town)), **urgent, address_doubt=True))  # type: ignore[arg-type]
    (found,) = await desk.cases(town)
    assert (found["prioriteit"], found["termijn"]) == ("dringend", "2026-03-31")
    assert (found["termijnVerstreken"], found["adresTwijfel"]) == (True, True)


async def test_a_withdrawn_signal_leaves_nothing_personal_and_its_case_leaves_the_list(desk: Desk) -> None:
    town = oin()
    signal, other = new_signal(town), new_signal(town)
    case = new_case(town, signal, other)
    gone = example("withdrawals/withdrawn", Withdrawal)
    gone = replace(gone, signal_id=signal.signal_id, municipality=town)
    await desk.project(case, gone, signal, other)
    (found,) = await desk.cases(town)
    assert [each["persoonsgegevens"] is None for each in found["signalen"]] == [True, False]
    await desk.project(replace(case, signals=(), withdrawn=True))
    assert await desk.cases(town) == []


async def test_a_signal_that_moved_is_read_where_it_is_whichever_came_first(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    moved = replace(signal, revision=2, personal=b"jwe-of-the-new-address")
    left = example("withdrawals/moved", Withdrawal)
    left = replace(left, signal_id=signal.signal_id, municipality=town, revision=2)
    for order in ((signal, left, moved), (moved, left, signal)):
        await desk.project(new_case(town, signal), *order)
    for found in await desk.cases(town):
        assert found["signalen"][0]["persoonsgegevens"] == "jwe-of-the-new-address"


async def test_the_newest_event_replaces_a_case_whole(desk: Desk) -> None:
    town = oin()
    case = new_case(town, new_signal(town))
    more = new_case(town, new_signal(town), new_signal(town)).signals
    await desk.project(case, routed(case, "noord"))
    await desk.project(replace(case, crisis=True, signals=more), routed(case, "acuut"))
    (found,) = await desk.cases(town)
    assert (found["crisis"], found["team"], len(found["signalen"])) == (True, "acuut", 2)


async def test_a_municipality_sees_its_own_cases_and_a_team_its_own(desk: Desk) -> None:
    town, other = oin(), oin()
    north, south, unrouted, foreign = (new_case(town) for _ in range(4))
    foreign = replace(foreign, municipality=other)
    await desk.project(north, south, unrouted, foreign, routed(north, "noord"), routed(south, "zuid"))
    await desk.project(routed(foreign, "noord"))

    async def seen(party: str, team: str | None = None) -> set[str]:
        return {case["id"] for case in await desk.cases(party, team)}

    assert await seen(town) == {north.case_id, south.case_id, unrouted.case_id}
    assert await seen(town, "noord") == {north.case_id}
    assert await seen(other, "noord") == {foreign.case_id}
    assert await seen(other, "zuid") == set()
    assert await seen(oin()) == set()


async def test_a_status_selects(desk: Desk) -> None:
    town = oin()
    new = new_case(town)
    picked = replace(new_case(town), status=CaseStatus.PICKED_UP)
    await desk.project(new, picked)
    assert [case["id"] for case in await desk.cases(town, status="opgepakt")] == [picked.case_id]
    assert [case["id"] for case in await desk.cases(town, status="nietOpgepakt")] == [new.case_id]
    assert await desk.cases(town, status="afgesloten") == []
    answer = await desk.call("GET", "/zaken", town, params={"status": "weg"})
    assert answer.status_code == 400


async def test_those_with_a_doubt_about_the_address_are_a_list_for_who_keeps_addresses(desk: Desk) -> None:
    town = oin()
    sure = new_case(town)
    doubted = replace(new_case(town), address_doubt=True)
    await desk.project(sure, doubted, replace(new_case(oin()), address_doubt=True))
    assert [case["id"] for case in await desk.cases(town, adresTwijfel="true")] == [doubted.case_id]
    assert [case["id"] for case in await desk.cases(town, adresTwijfel="false")] == [sure.case_id]
    assert {case["id"] for case in await desk.cases(town)} == {sure.case_id, doubted.case_id}
    answer = await desk.call("GET", "/zaken", town, params={"adresTwijfel": "misschien"})
    assert answer.status_code == 400


async def test_pages_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    town = oin()
    moments = [CASE.opened_at + timedelta(minutes=number // 3) for number in range(230)]
    cases = [replace(new_case(town), opened_at=moment) for moment in moments]
    await desk.project(*cases)
    found: list[str] = []
    query: dict[str, str] = {}
    while True:
        page: dict[str, Any] = (await desk.call("GET", "/zaken", town, params=query)).json()
        found += [case["id"] for case in page["zaken"]]
        if not page.get("volgende"):
            break
        query = {"vanaf": page["volgende"]}
    assert found == [c.case_id for c in sorted(cases, key=lambda case: (case.opened_at, case.case_id))]


@pytest.mark.parametrize("vanaf", ["x", "c.", "c.e30", "c.WzFd", "c.WyJ4IiwgInkiXQ", "c.é", "2026-01-01"])
async def test_a_cursor_that_we_did_not_give_is_a_400(desk: Desk, vanaf: str) -> None:
    answer = await desk.call("GET", "/zaken", oin(), params={"vanaf": vanaf})
    assert answer.status_code == 400, answer.text
    assert answer.json()["fouten"][0]["veld"] == "vanaf"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "contactpogingen"), ("PUT", "resultaat")], ids=["attempt", "result"]
)
async def test_a_foreign_case_and_one_that_does_not_exist_get_the_same_answer(
    desk: Desk, method: str, path: str
) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case, routed(case, "noord"))
    answers = []
    for case_id, party, team in (
        (case.case_id, oin(), None),
        (case.case_id, oin(), "noord"),
        (case.case_id, town, "zuid"),
        (str(uuid4()), town, None),
        ("zaak%00", town, None),
    ):
        answer = await desk.call(method, f"/zaken/{case_id}/{path}", party, team=team, json={})
        body = answer.json() | {"instance": None}
        answers.append((answer.status_code, body))
    assert answers[0][0] == 404
    assert answers.count(answers[0]) == len(answers)


async def test_only_the_scope_zaken_opens_the_worklist(desk: Desk) -> None:
    assert (await desk.call("GET", "/zaken", oin(), "terugkoppelingen")).status_code == 403
    assert (await desk.client.get("/v1/zaken")).status_code == 401
