"""The worklist and what creditors may read, after an erasure; and the vault, which follows the cases."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.common.database import transaction
from services.common.events import (
    Case,
    CaseResult,
    CaseStatus,
    ErasedKind,
    Erasure,
    ErasureReason,
    FeedbackStatus,
    Signal,
)
from services.common.expiry import request
from services.common.terms import end_of
from tests.real.feedback.conftest import TERMS, TODAY, Desk, new_case, new_signal, oin, told

pytestmark = pytest.mark.real
CREATED = datetime(2026, 3, 1, tzinfo=UTC)


def erased(signal: Signal, case: Case) -> Erasure:
    return Erasure(
        erasure_id=str(uuid4()),
        household=case.household,
        municipality=case.municipality,
        kind=ErasedKind.SIGNAL,
        erased_id=signal.signal_id,
        reason=ErasureReason.TERM,
    )


async def everything(desk: Desk, *ids: str) -> set[str]:
    """Return the tables of feedback in which one of these ids stands anywhere."""
    tables = (
        *("signals", "cases", "case_teams", "attempts", "results", "disclosed", "questions", "answers"),
    )
    async with desk.engine.connect() as connection:
        return {
            table
            for table in tables
            for row in await connection.execute(text(f"SELECT t::text FROM feedback.{table} AS t"))
            if any(each in row[0] for each in ids)
        }


async def attempt(desk: Desk, town: str, case: Case) -> None:
    body = {"kenmerk": "b-1", "soort": "Brief", "bereikt": False, "datum": "2026-03-25", "dagdeel": "Avond"}
    answer = await desk.call("POST", f"/zaken/{case.case_id}/contactpogingen", town, json=body)
    assert answer.status_code == 202, answer.text
    body = {"resultaat": "Geen reactie na eerder contact", "datum": "2026-03-26"}
    answer = await desk.call("PUT", f"/zaken/{case.case_id}/resultaat", town, json=body)
    assert answer.status_code == 202, answer.text


async def test_a_case_goes_with_its_last_signal_and_all_that_was_reported_on_it(desk: Desk) -> None:
    town = oin()
    one, other = new_signal(town), new_signal(town)
    case = new_case(town, one, other)
    feedback = told(oin(), town, FeedbackStatus.PICKED_UP, signal_id=one.signal_id)
    await desk.project(one, other, case)
    await desk.disclose(feedback)
    await attempt(desk, town, case)
    await desk.project(erased(one, case))
    (left,) = await desk.cases(town)
    assert [each["id"] for each in left["signalen"]] == [other.signal_id]
    assert await everything(desk, one.signal_id) == set()
    await desk.project(erased(other, case))
    assert await everything(desk, one.signal_id, other.signal_id, case.case_id, case.household) == set()


async def test_what_was_under_way_brings_nothing_back(desk: Desk) -> None:
    town = oin()
    one, other = new_signal(town), new_signal(town)
    case = new_case(town, one, other)
    await desk.project(erased(one, case))
    await desk.project(one, other, case)
    await desk.disclose(told(oin(), town, FeedbackStatus.PICKED_UP, signal_id=one.signal_id))
    assert await everything(desk, one.signal_id) == set()
    assert await everything(desk, other.signal_id) == {"signals", "cases"}
    await desk.project(case, erased(one, case), erased(other, case))
    assert await everything(desk, one.signal_id, other.signal_id, case.household) == set()


async def keep(desk: Desk, *signals: Signal) -> None:
    async with transaction(desk.engine) as connection:
        for each in signals:
            await connection.execute(
                text("""INSERT INTO common.vault (id, household, municipality, class, wrapped_key, expires_at,
                        created_at) VALUES (:id, 'h', 'm', 'signal', 'key', :until, :created)"""),
                {"id": each.signal_id, "until": end_of(CREATED, 6), "created": CREATED},
            )


async def until(desk: Desk, signal: Signal) -> datetime:
    query = text("SELECT expires_at FROM common.vault WHERE id = :id")
    async with desk.engine.connect() as connection:
        found: datetime = (await connection.execute(query, {"id": signal.signal_id})).scalar_one()
        return found


async def test_the_keys_of_a_case_are_kept_as_long_as_it_lives(desk: Desk) -> None:
    town = oin()
    signals = new_signal(town), new_signal(town)
    case = new_case(town, *signals)
    await keep(desk, *signals)
    closed = replace(case, closed_at=TODAY, status=CaseStatus.CLOSED, result=CaseResult.UNJUSTIFIED)
    for change in (case, closed):
        await desk.project(change)
        assert [await until(desk, each) for each in signals] == [end_of(CREATED, TERMS.signal)] * 2
    picked_up = replace(case, picked_up_at=TODAY)
    await desk.project(picked_up)
    assert [await until(desk, each) for each in signals] == [end_of(TODAY, TERMS.picked_up)] * 2
    await desk.project(picked_up, replace(closed, picked_up_at=TODAY, result=CaseResult.NEVER_REACHED))
    assert [await until(desk, each) for each in signals] == [end_of(TODAY, TERMS.case)] * 2


async def test_what_is_to_be_erased_on_request_is_kept_no_longer_by_its_case(desk: Desk) -> None:
    town = oin()
    signal = new_signal(town)
    await keep(desk, signal)
    async with transaction(desk.engine) as connection:
        assert await request(connection, signal=signal.signal_id, household=None) == [signal.signal_id]
    await desk.project(replace(new_case(town, signal), picked_up_at=TODAY))
    assert await until(desk, signal) == CREATED
