"""GET /v1/vragen and POST /v1/vragen/{id}/antwoord: the own questions of a municipality, and its answers."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text

from services.common.database import transaction
from services.common.events import (
    Answer,
    Case,
    ErasedKind,
    Erasure,
    ErasureReason,
    Question,
    QuestionState,
    Signal,
)
from services.feedback.projections import worklist
from tests.flow.examples import example, message
from tests.real.feedback.conftest import TERMS, Desk, new_case, new_signal, oin, routed
from tests.real.primitives import reader

pytestmark = pytest.mark.real
QUESTION = example("questions/open", Question)


def asked(signal: Signal, case: Case, **changes: Any) -> Question:
    new = replace(
        QUESTION,
        question_id=str(uuid4()),
        household=case.household,
        municipality=case.municipality,
        case_id=case.case_id,
        signal_id=signal.signal_id,
        registration_id=str(uuid4()),
    )
    return replace(new, **changes)


async def new_question(desk: Desk, town: str) -> Question:
    signal = new_signal(town)
    case = new_case(town, signal)
    question = asked(signal, case)
    await desk.project(signal, case, question)
    return question


async def questions(desk: Desk, town: str, team: str | None = None) -> list[dict[str, Any]]:
    answer = await desk.call("GET", "/vragen", town, team=team)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["vragen"]
    return found


async def answers(desk: Desk, household: str, count: int) -> list[Answer]:
    found: list[Answer] = []
    async with asyncio.timeout(20), reader(desk.runtime.settings.kafka, "answers.v1") as consumer:
        while len(found) < count:
            record = await consumer.getone()
            if record.key.decode() == household:
                event = desk.runtime.codec.decode(record.value, "answers")
                assert isinstance(event, Answer)
                found.append(event)
    return found


async def answered(
    desk: Desk, question: Question, word: str, town: str, team: str | None = None
) -> tuple[int, str]:
    path = f"/vragen/{question.question_id}/antwoord"
    answer = await desk.call("POST", path, town, team=team, json={"antwoord": word})
    return answer.status_code, answer.json().get("id", "")


async def test_a_question_is_shown_with_its_reasons_in_dutch_and_the_sealed_data_of_its_signal(
    desk: Desk,
) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    question = asked(signal, case)
    await desk.project(question)
    assert [each["persoonsgegevens"] for each in await questions(desk, town)] == [None]
    await desk.project(signal, case)
    assert await questions(desk, town) == [
        {
            "id": question.question_id,
            "zaak": case.case_id,
            "signaal": signal.signal_id,
            "registratie": question.registration_id,
            "redenen": ["geboortedatum onbekend", "achternaam gelijk", "voorletters gelijk"],
            "gesteldOp": "2026-03-25T10:00:00Z",
            "persoonsgegevens": signal.personal.decode(),
        }
    ]


async def test_only_open_questions_of_the_own_municipality_and_team_are_seen(desk: Desk) -> None:
    town, other = oin(), oin()
    cases = [new_case(town, new_signal(town)) for _ in range(3)]
    open_ = [asked(new_signal(town), case) for case in cases]
    await desk.project(*cases, routed(cases[0], "noord"), routed(cases[1], "zuid"), *open_)
    await desk.project(replace(open_[2], state=QuestionState.WITHDRAWN))
    seen = {
        who: {each["id"] for each in await questions(desk, *who)}
        for who in ((town, None), (town, "noord"), (other, None), (other, "noord"))
    }
    assert seen == {
        (town, None): {open_[0].question_id, open_[1].question_id},
        (town, "noord"): {open_[0].question_id},
        (other, None): set(),
        (other, "noord"): set(),
    }
    for party, team in ((other, None), (other, "noord"), (town, "zuid")):
        assert (await answered(desk, open_[0], "ja", party, team))[0] == 404
    assert await answered(desk, open_[2], "ja", town) == (409, "")


async def test_an_answer_says_who_and_what_and_the_same_again_is_the_same(desk: Desk) -> None:
    town = oin()
    question = await new_question(desk, town)
    first = await answered(desk, question, "ja", town)
    assert first == await answered(desk, question, "ja", town)
    second = await answered(desk, question, "nee", town)
    assert (first[0], second[0]) == (202, 202)
    found = await answers(desk, question.household, 3)
    assert [(each.answer_id, each.same, each.version) for each in found] == [
        (first[1], True, 1),
        (first[1], True, 1),
        (second[1], False, 2),
    ]
    assert found[-1] == Answer(
        answer_id=second[1],
        question_id=question.question_id,
        household=question.household,
        municipality=town,
        signal_id=question.signal_id,
        registration_id=question.registration_id,
        same=False,
        version=2,
    )
    await desk.project(replace(question, state=QuestionState.NO))
    assert await questions(desk, town) == []
    assert (await answered(desk, question, "ja", town))[0] == 202


@pytest.mark.parametrize(
    "body", [{}, {"antwoord": "misschien"}, {"antwoord": True}, {"antwoord": "ja", "x": 1}]
)
async def test_another_answer_than_ja_or_nee_is_a_400(desk: Desk, body: dict[str, Any]) -> None:
    town = oin()
    question = await new_question(desk, town)
    answer = await desk.call("POST", f"/vragen/{question.question_id}/antwoord", town, json=body)
    assert answer.status_code == 400, answer.text


async def test_pages_of_questions_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    town = oin()
    case = new_case(town, new_signal(town))
    made = [asked(new_signal(town), case) for _ in range(230)]
    told = [message(question, "questions.v1") for question in made]
    later = [timedelta(minutes=number // 3) for number in range(len(made))]
    metas = [
        msgspec.structs.replace(each.meta, time=each.meta.time + late)
        for each, late in zip(told, later, strict=True)
    ]
    async with transaction(desk.engine) as connection:
        await worklist(TERMS)(
            connection,
            [msgspec.structs.replace(each, meta=meta) for each, meta in zip(told, metas, strict=True)],
        )
    found: list[str] = []
    query: dict[str, str] = {}
    while True:
        page: dict[str, Any] = (await desk.call("GET", "/vragen", town, params=query)).json()
        found += [each["id"] for each in page["vragen"]]
        if not page.get("volgende"):
            break
        query = {"vanaf": page["volgende"]}
    order = sorted(enumerate(made), key=lambda each: (each[0] // 3, each[1].question_id))
    assert found == [question.question_id for _, question in order]


@pytest.mark.parametrize("kind", ErasedKind)
async def test_what_was_asked_and_answered_goes_with_an_erasure_and_does_not_come_back(
    desk: Desk, kind: ErasedKind
) -> None:
    town = oin()
    question = await new_question(desk, town)
    await answered(desk, question, "nee", town)
    id_ = question.signal_id if kind is ErasedKind.SIGNAL else question.registration_id
    erasure = Erasure(
        erasure_id=str(uuid4()),
        household=question.household,
        municipality=town,
        kind=kind,
        erased_id=id_,
        reason=ErasureReason.REQUEST,
    )
    await desk.project(erasure)
    await desk.project(question, replace(question, state=QuestionState.WITHDRAWN))
    async with transaction(desk.engine) as connection:
        for table in ("questions", "answers"):
            rows = await connection.execute(
                text(f"SELECT 1 FROM feedback.{table} WHERE question_id = :id"), {"id": question.question_id}
            )
            assert not rows.all(), table


async def test_a_case_of_somebody_known_leaves_the_worklist_and_can_still_be_reported_on(desk: Desk) -> None:
    town = oin()
    case = new_case(town, new_signal(town))
    await desk.project(case)
    await desk.project(replace(case, known_in_debt_help=True))
    assert await desk.cases(town) == []
    body = {"kenmerk": "b-1", "soort": "Brief", "bereikt": False, "datum": "2026-03-25", "dagdeel": "Avond"}
    path = f"/zaken/{case.case_id}/contactpogingen"
    assert (await desk.call("POST", path, town, json=body)).status_code == 202
    await desk.project(case)
    assert len(await desk.cases(town)) == 1
