"""Contact attempts and results: checked whole, published before the answer, the same again is the same."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.common import publish
from services.common.events import CaseResult, ContactKind, DayPart, Outcome, OutcomeKind
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.web import make_app
from services.feedback.api.zaken import zaken
from services.feedback.outcomes import Outcomes
from services.feedback.storage import Attempts, Versions, Worklist
from tests.real.feedback.conftest import Desk, new_case, new_signal, oin, routed
from tests.real.primitives import reader

pytestmark = pytest.mark.real

ATTEMPT = {
    "kenmerk": "bezoek-1",
    "soort": "SMS/Whatsapp",
    "bereikt": False,
    "datum": "2026-03-26",
    "dagdeel": "Avond",
}
RESULT: dict[str, Any] = {"resultaat": "(Budget)advies en/of quick fix", "datum": "2026-03-25"}


async def outcomes(desk: Desk, household: str, count: int) -> list[Outcome]:
    """Return the first `count` outcomes of a household."""
    found: list[Outcome] = []
    async with asyncio.timeout(20), reader(desk.runtime.settings.kafka, "outcomes.v1") as consumer:
        while len(found) < count:
            record = await consumer.getone()
            if record.key.decode() == household:
                event = desk.runtime.codec.decode(record.value, "outcomes")
                assert isinstance(event, Outcome)
                found.append(event)
    return found


async def test_a_contact_attempt_is_published_before_202_and_again_under_the_same_id(desk: Desk) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case, routed(case, "noord"))
    path = f"/zaken/{case.case_id}/contactpogingen"
    answers = [await desk.call("POST", path, town, team="noord", json=ATTEMPT) for _ in range(2)]
    expected = derived_id("attempt", case.case_id, "bezoek-1")
    assert [(each.status_code, each.json()) for each in answers] == 2 * [(202, {"id": expected})]
    first, again = await outcomes(desk, case.household, 2)
    assert first == again
    assert (first.kind, first.contact_kind) == (OutcomeKind.CONTACT_ATTEMPT, ContactKind.TEXT_MESSAGE)
    assert (first.reached, first.day_part, first.team) == (False, DayPart.EVENING, "noord")
    assert first.version == 0
    assert (first.case_id, first.municipality, first.result) == (case.case_id, town, None)


@pytest.mark.parametrize(
    "change",
    [{"soort": "Brief"}, {"bereikt": True}, {"datum": "2026-03-25"}, {"dagdeel": "Ochtend"}],
    ids=["soort", "bereikt", "datum", "dagdeel"],
)
async def test_another_attempt_under_a_known_reference_is_a_conflict_and_not_published(
    desk: Desk, change: dict[str, Any]
) -> None:
    town = oin()
    case, other = new_case(town), new_case(town)
    await desk.project(case, other)
    path = f"/zaken/{case.case_id}/contactpogingen"
    bodies = [ATTEMPT, ATTEMPT | change, ATTEMPT, ATTEMPT | change | {"kenmerk": "bezoek-2"}]
    answers = [await desk.call("POST", path, town, json=body) for body in bodies]
    assert [each.status_code for each in answers] == [202, 409, 202, 202]
    assert answers[1].headers["content-type"] == "application/problem+json"
    elsewhere = f"/zaken/{other.case_id}/contactpogingen"
    assert (await desk.call("POST", elsewhere, town, json=ATTEMPT | change)).status_code == 202
    found = await outcomes(desk, case.household, 3)
    assert found[0] == found[1]
    assert found[2].outcome_id == derived_id("attempt", case.case_id, "bezoek-2")


async def test_the_same_result_again_is_the_same_and_another_one_the_next_version(desk: Desk) -> None:
    town = oin()
    signals = [new_signal(town), new_signal(town)]
    case = new_case(town, *signals)
    await desk.project(case)
    path, ids = f"/zaken/{case.case_id}/resultaat", [each.signal_id for each in signals]
    bodies = [
        RESULT | {"signalen": ids},
        RESULT | {"signalen": list(reversed(ids))},
        RESULT,
        RESULT | {"signalen": ids},
    ]
    answers = [await desk.call("PUT", path, town, json=body) for body in bodies]
    versions = [derived_id("result", case.case_id, str(number)) for number in (1, 1, 2, 3)]
    assert [each.json() for each in answers] == [{"id": each} for each in versions]
    found = await outcomes(desk, case.household, 4)
    assert [each.outcome_id for each in found] == versions
    assert [each.version for each in found] == [1, 1, 2, 3]
    assert [each.signal_ids for each in found] == [tuple(sorted(ids))] * 2 + [(), tuple(sorted(ids))]
    assert {(each.kind, each.result) for each in found} == {
        (OutcomeKind.RESULT, CaseResult.ADVICE_OR_QUICK_FIX)
    }


async def test_of_many_results_at_once_the_last_version_is_the_last_on_the_topic(desk: Desk) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case)
    path = f"/zaken/{case.case_id}/resultaat"
    days = [RESULT | {"datum": f"2026-03-{day:02}"} for day in range(1, 9)]
    answers = await asyncio.gather(*(desk.call("PUT", path, town, json=body) for body in days))
    assert {each.status_code for each in answers} == {202}
    last = await desk.call("PUT", path, town, json=RESULT | {"datum": "2026-03-20"})
    expected = derived_id("result", case.case_id, "9")
    assert last.json() == {"id": expected}
    numbers = {derived_id("result", case.case_id, str(number)): number for number in range(1, 10)}
    order: list[int] = []
    async with asyncio.timeout(20), reader(desk.runtime.settings.kafka, "outcomes.v1") as consumer:
        while not order or order[-1] != 9:
            record = await consumer.getone()
            if record.key.decode() == case.household:
                event = desk.runtime.codec.decode(record.value, "outcomes")
                assert isinstance(event, Outcome)
                order.append(numbers[event.outcome_id])
    assert order == sorted(order)


async def test_a_result_that_the_broker_did_not_take_is_a_503_and_the_same_version_afterwards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case)
    worklist, publisher = Worklist(desk.engine), Publisher(desk.runtime, "away")  # never connected
    away = Outcomes(publisher, Attempts(desk.engine), Versions(desk.engine, "results", "case_id"), desk.clock)
    app = make_app(desk.runtime, "feedback", "test")
    app.include_router(zaken(worklist, away, desk.clock))
    path, headers = f"/v1/zaken/{case.case_id}/resultaat", desk.issuer.headers(town, "zaken")
    monkeypatch.setattr(publish, "ACK_SECONDS", 0.2)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://feedback") as client:
        answer = await client.put(path, headers=headers, json=RESULT)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    monkeypatch.undo()
    again = await desk.call("PUT", f"/zaken/{case.case_id}/resultaat", town, json=RESULT)
    assert again.json() == {"id": derived_id("result", case.case_id, "1")}
    (only,) = await outcomes(desk, case.household, 1)
    assert only.outcome_id == again.json()["id"]


async def test_all_that_is_wrong_with_an_attempt_is_told_at_once(desk: Desk) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case)
    body = {"soort": "Duif", "bereikt": "ja", "datum": "2026-03-27", "dagdeel": "Nacht", "extra": 1}
    answer = await desk.call("POST", f"/zaken/{case.case_id}/contactpogingen", town, json=body)
    assert answer.status_code == 400
    assert {(each["veld"], each["code"]) for each in answer.json()["fouten"]} == {
        ("kenmerk", "FIELD_MISSING"),
        ("soort", "FIELD_INVALID"),
        ("bereikt", "FIELD_INVALID"),
        ("datum", "DATE_INVALID"),
        ("dagdeel", "FIELD_INVALID"),
        ("extra", "FIELD_UNKNOWN"),
    }
    assert "Ochtend, Middag, Avond" in answer.text


async def test_all_that_is_wrong_with_a_result_is_told_at_once(desk: Desk) -> None:
    town = oin()
    mine, foreign = new_signal(town), str(uuid4())
    case = new_case(town, mine)
    await desk.project(case)
    body = {"resultaat": "Opgepakt", "datum": "25-03-2026", "signalen": [mine.signal_id, foreign]}
    answer = await desk.call("PUT", f"/zaken/{case.case_id}/resultaat", town, json=body)
    assert answer.status_code == 400
    assert {(each["veld"], each["code"]) for each in answer.json()["fouten"]} == {
        ("resultaat", "FIELD_INVALID"),
        ("datum", "FIELD_INVALID"),
        ("signalen.1", "SIGNAL_UNKNOWN"),
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"kenmerk": "\\ud800", "soort": null}', b"[" * 5000],
    ids=range(8),
)
async def test_a_body_without_sense_is_a_400(desk: Desk, content: bytes) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case)
    for method, path in (("POST", "contactpogingen"), ("PUT", "resultaat")):
        headers = desk.issuer.headers(town, "zaken") | {"Content-Type": "application/json"}
        answer = await desk.client.request(
            method, f"/v1/zaken/{case.case_id}/{path}", headers=headers, content=content
        )
        assert answer.status_code == 400, answer.text
        assert answer.json()["fouten"]


async def test_today_is_the_day_in_amsterdam(desk: Desk) -> None:
    town = oin()
    case = new_case(town)
    await desk.project(case)
    before = desk.clock.now()
    desk.clock.set(before.replace(hour=23, minute=30))
    body = ATTEMPT | {"datum": "2026-03-27"}
    answer = await desk.call("POST", f"/zaken/{case.case_id}/contactpogingen", town, json=body)
    desk.clock.set(before)
    assert answer.status_code == 202
