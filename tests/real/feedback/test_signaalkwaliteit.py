"""GET /v1/signaalkwaliteit: counted once whatever comes twice, and nobody sees what is another's."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace as replaced

from services.common.database import transaction
from services.common.events import (
    ErasedKind,
    Erasure,
    ErasureReason,
    Event,
    Refusal,
    SignalState,
    SignalStatus,
)
from services.common.records import Message
from services.common.web import make_app
from services.feedback.api.signaalkwaliteit import signaalkwaliteit
from services.feedback.quality import View
from services.feedback.tallies import Tallies, tally
from tests.flow.examples import example, message
from tests.real.feedback.conftest import Desk, oin

pytestmark = pytest.mark.real
STATE, REFUSAL = example("signal-statuses/known", SignalState), example("refusals/two-reasons", Refusal)
MARCH, APRIL = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
"""The second is April in Amsterdam."""


def said(event: Event, at: datetime = MARCH) -> Message:
    found = message(event, "x")
    return replaced(found, meta=replaced(found.meta, time=at))


def signal(creditor: str, town: str, status: SignalStatus, id_: str = "") -> SignalState:
    return replace(
        STATE, signal_id=id_ or str(uuid4()), creditor=creditor, municipality=town, status=status, contacts=()
    )


def refusal(creditor: str, town: str | None, *reasons: str) -> Refusal:
    return replace(REFUSAL, refusal_id=str(uuid4()), creditor=creditor, municipality=town, reasons=reasons)


async def counted(desk: Desk, *messages: Message) -> None:
    async with transaction(desk.engine) as connection:
        await tally(connection, list(messages))


async def look(desk: Desk, party: str, views: dict[View, list[str]], **query: str) -> httpx.Response:
    app = make_app(desk.runtime, "feedback", "test")
    app.include_router(signaalkwaliteit(Tallies(desk.engine, desk.clock), lambda _: views, desk.clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://feedback") as client:
        headers = desk.issuer.headers(party, "signaalkwaliteit")
        return await client.get("/v1/signaalkwaliteit", headers=headers, params=query)


async def months(desk: Desk, party: str, view: View, *whose: str, **query: str) -> list[dict[str, Any]]:
    answer = await look(desk, party, {view: list(whose) or [party]}, **query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["als"] == view
    found: list[dict[str, Any]] = answer.json()["maanden"]
    return found


async def test_what_comes_twice_counts_once_and_the_last_status_counts(desk: Desk) -> None:
    creditor, town = oin(), oin()
    first = signal(creditor, town, SignalStatus.NOT_YET_PICKED_UP)
    contested = replace(first, status=SignalStatus.UNJUSTIFIED)
    repeated = signal(creditor, town, SignalStatus.REPEATED)
    refused = refusal(creditor, town, "NO_AGREEMENT", "DATE_INVALID")
    for _ in range(2):
        await counted(desk, said(first), said(repeated), said(refused), said(refused))
        await counted(desk, said(contested, APRIL))
    expected = {
        "maand": "2026-03",
        "schuldeiser": creditor,
        "gemeente": town,
        "aangeleverd": 3,
        "geweigerd": {"aantal": 1, "aandeel": 0.333},
        "redenen": [
            {"aantal": 1, "aandeel": 0.333, "code": "DATE_INVALID"},
            {"aantal": 1, "aandeel": 0.333, "code": "NO_AGREEMENT"},
        ],
        "onterecht": {"aantal": 1, "aandeel": 0.5},
        "herhaald": {"aantal": 1, "aandeel": 0.5},
    }
    assert await months(desk, town, View.MUNICIPALITY) == [expected]
    assert await months(desk, creditor, View.CREDITOR) == [expected]
    await counted(desk, said(replace(first, status=SignalStatus.PICKED_UP), APRIL))
    [after] = await months(desk, creditor, View.CREDITOR)
    assert after["onterecht"] == {"aantal": 0, "aandeel": 0.0}


async def test_everybody_sees_its_own_only(desk: Desk) -> None:
    mine, other, town, elsewhere = oin(), oin(), oin(), oin()
    for creditor in (mine, other):
        for place in (town, elsewhere):
            await counted(desk, said(signal(creditor, place, SignalStatus.PICKED_UP)))
        await counted(desk, said(refusal(creditor, None, "MUNICIPALITY_UNKNOWN")))

    def seen(found: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
        return {(each["schuldeiser"], each["gemeente"]) for each in found}

    assert seen(await months(desk, town, View.MUNICIPALITY)) == {(mine, town), (other, town)}
    assert seen(await months(desk, mine, View.CREDITOR)) == {(mine, town), (mine, elsewhere), (mine, None)}
    assert seen(await months(desk, oin(), View.UMBRELLA, mine)) == {(mine, None)}


async def test_a_small_number_is_hidden_from_an_umbrella(desk: Desk) -> None:
    creditor, town = oin(), oin()
    for status in [SignalStatus.UNJUSTIFIED] * 4 + [SignalStatus.PICKED_UP] * 2:
        await counted(desk, said(signal(creditor, town, status)))
    [seen] = await months(desk, oin(), View.UMBRELLA, creditor)
    assert (seen["aangeleverd"], seen["onterecht"]) == (6, {"aantal": None, "aandeel": None})


async def test_an_erased_signal_stays_counted_under_no_id(desk: Desk) -> None:
    creditor, town = oin(), oin()
    state = signal(creditor, town, SignalStatus.UNJUSTIFIED)
    gone = Erasure(
        erasure_id=str(uuid4()),
        household=state.household,
        municipality=town,
        kind=ErasedKind.SIGNAL,
        erased_id=state.signal_id,
        reason=ErasureReason.TERM,
    )
    await counted(desk, said(state), said(gone, APRIL))
    await counted(desk, said(replace(state, status=SignalStatus.PICKED_UP), APRIL))
    [seen] = await months(desk, creditor, View.CREDITOR)
    assert (seen["aangeleverd"], seen["onterecht"]["aantal"]) == (1, 1)


async def test_months_are_those_asked_for_and_what_is_too_old_is_deleted(desk: Desk) -> None:
    creditor, town = oin(), oin()
    for at in (datetime(2022, 5, 1, tzinfo=UTC), MARCH, APRIL):
        await counted(desk, said(signal(creditor, town, SignalStatus.PICKED_UP), at))
    assert [m["maand"] for m in await months(desk, creditor, View.CREDITOR)] == ["2026-03"], (
        "up to this month"
    )
    asked = await months(desk, creditor, View.CREDITOR, vanaf="2026-03", tot="2026-04")
    assert [each["maand"] for each in asked] == ["2026-03", "2026-04"]
    old = {"vanaf": "2022-05", "tot": "2022-05"}
    assert len(await months(desk, creditor, View.CREDITOR, **old)) == 1
    await Tallies(desk.engine, desk.clock).forget()
    assert await months(desk, creditor, View.CREDITOR, **old) == []


@pytest.mark.parametrize(
    "query",
    [{"vanaf": "2026-13"}, {"vanaf": "2026-04", "tot": "2026-03"}, {"vanaf": "2020-01"}, {"als": "burger"}],
    ids=["no month", "backwards", "too long", "nobody"],
)
async def test_a_wrong_question_is_400(desk: Desk, query: dict[str, str]) -> None:
    answer = await look(desk, oin(), {View.CREDITOR: []}, **query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_who_is_none_of_the_three_gets_403_and_may_not_look_as_another(desk: Desk) -> None:
    assert (await look(desk, oin(), {})).status_code == 403
    assert (await look(desk, oin(), {View.CREDITOR: [oin()]}, als="koepel")).status_code == 403
