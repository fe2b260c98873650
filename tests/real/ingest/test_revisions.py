"""PUT and DELETE /v1/signalen/{id} on real Kafka and PostgreSQL: what is published, where, and how often."""

from typing import Any

import httpx
import pytest

from services.common.errors import TransientError
from services.common.events import Signal, SignalEnd, SignalPerson, Withdrawal
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from tests.real.ingest.house import (
    BROKER,
    BSN,
    ENERGY,
    INSURER,
    LANDLORD,
    OTHER_TOWN,
    TOWN,
    House,
    signal_body,
)

pytestmark = pytest.mark.real

OTHER_HOME = {"postcode": "1234AB", "huisnummer": 99}
INSURED = {"signaalpartner": "Zorg", "persoon": {"burgerservicenummer": BSN}}


async def sent(house: House, party: str = LANDLORD, **other: Any) -> tuple[str, dict[str, Any]]:
    body = signal_body(**other)
    answer = await house.signal(party, body)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"], body


async def put(house: House, id: str, body: Any, party: str = LANDLORD) -> httpx.Response:
    return await house.send("PUT", f"/v1/signalen/{id}", party, "signalen", json=body)


async def delete(house: House, id: str, party: str = LANDLORD) -> httpx.Response:
    return await house.send("DELETE", f"/v1/signalen/{id}", party, "signalen")


async def found(house: House, topic: str, signal_id: str) -> list[Any]:
    seen = [each for each in await house.on(topic) if getattr(each.event, "signal_id", "") == signal_id]
    unique = {each.id: each.event for each in seen}
    return sorted(unique.values(), key=lambda event: (event.revision, str(event)))


async def test_a_correction_is_the_next_revision_and_the_same_again_is_no_second_one(house: House) -> None:
    id, body = await sent(house)
    for _ in range(2):
        answer = await put(house, id, body | {"bedragInCenten": 100})
        assert (answer.status_code, answer.json()) == (202, {"id": id, "status": "geaccepteerd"})
    first, second = await found(house, "signals.v1", id)
    assert isinstance(second, Signal)
    assert (first.revision, first.amount_cents, second.revision, second.amount_cents) == (1, 45_050, 2, 100)
    assert house.opened(second.personal)["kenmerk"] == body["kenmerk"]
    assert await found(house, "withdrawals.v1", id) == []


async def test_another_address_withdraws_the_signal_at_the_old_household(house: House) -> None:
    id, body = await sent(house, INSURER, **INSURED)
    assert (await put(house, id, body | {"adres": OTHER_HOME}, INSURER)).status_code == 202
    old, new = await found(house, "signals.v1", id)
    [left] = await found(house, "withdrawals.v1", id)
    assert isinstance(left, Withdrawal)
    assert (left.household, left.unit, left.signal_date) == (old.household, old.unit, old.signal_date)
    assert (left.revision, left.end, left.municipality) == (2, SignalEnd.MOVED, old.municipality)
    assert new.household != old.household
    links = await found(house, "signal-persons.v1", id)
    assert [(each.household, each.withdrawn) for each in links if isinstance(each, SignalPerson)] == [
        (old.household, False),
        (new.household, False),
    ]


async def test_another_municipality_at_the_same_address_is_told_to_the_one_before(house: House) -> None:
    agreement = {"soort": "signalen", "gemeente": OTHER_TOWN, "schuldeiser": LANDLORD, "vanaf": "2021-01-01"}
    await house.made("overeenkomsten/elders", **agreement)
    id, body = await sent(house)
    for changes in ({"gemeentecode": "0518"}, {"gemeentecode": "0518", "bedragInCenten": 100}):
        assert (await put(house, id, body | changes)).status_code == 202
    [left] = await found(house, "withdrawals.v1", id)
    assert (left.municipality, left.revision, left.end) == (TOWN, 1, SignalEnd.MOVED)
    assert (await delete(house, id)).status_code == 204
    ends = [(each.municipality, each.revision) for each in await found(house, "withdrawals.v1", id)]
    assert ends == [(TOWN, 1), (OTHER_TOWN, 4)]
    assert {each.household for each in await found(house, "signals.v1", id)} == {left.household}


async def test_a_withdrawal_goes_to_every_household_and_person_where_the_signal_was(house: House) -> None:
    id, body = await sent(house, INSURER, **INSURED)
    moved = body | {"adres": OTHER_HOME, "persoon": {"geslachtsnaam": "Jansen"}}
    assert (await put(house, id, moved, INSURER)).status_code == 202
    for _ in range(2):
        assert (await delete(house, id, INSURER)).status_code == 204
    old, new = await found(house, "signals.v1", id)
    ends = {(each.household, each.revision): each.end for each in await found(house, "withdrawals.v1", id)}
    assert ends == {
        (old.household, 2): SignalEnd.MOVED,
        (old.household, 3): SignalEnd.MOVED,
        (new.household, 3): SignalEnd.WITHDRAWN,
    }
    assert [each.withdrawn for each in await found(house, "signal-persons.v1", id)] == [False, True, True]


async def test_what_is_withdrawn_stays_so_and_its_key_is_gone(house: House) -> None:
    id, body = await sent(house)
    assert (await delete(house, id)).status_code == 204
    assert (await put(house, id, body)).status_code == 409
    assert (await house.signal(LANDLORD, body)).status_code == 409


async def test_under_a_corrected_reference_a_post_is_a_conflict_whatever_it_says(house: House) -> None:
    id, body = await sent(house)
    corrected = body | {"bedragInCenten": 100}
    assert (await put(house, id, corrected)).status_code == 202
    for content in (body, corrected):
        assert (await house.signal(LANDLORD, content)).status_code == 409


async def test_a_signal_is_its_creditors_and_of_who_may_act_for_it(house: House) -> None:
    id, body = await sent(house)
    for party in (ENERGY, INSURER):
        assert (await put(house, id, body, party)).status_code == 404
        assert (await delete(house, id, party)).status_code == 404
    assert (await delete(house, derived_id("signal", LANDLORD, "never"))).status_code == 404
    assert (await put(house, id, body | {"schuldeiser": LANDLORD}, BROKER)).status_code == 202
    assert (await delete(house, id, BROKER)).status_code == 204


async def test_a_correction_passes_the_gate_and_what_is_refused_changes_nothing(house: House) -> None:
    id, body = await sent(house)
    answer = await put(house, id, body | {"kenmerk": "another", "ontstaansdatum": "2026-03-08"})
    codes = {each["code"] for each in answer.json()["fouten"]}
    assert (answer.status_code, codes) == (400, {"REFERENCE_MISMATCH", "ARREARS_TOO_SHORT"})
    assert [each.revision for each in await found(house, "signals.v1", id)] == [1]


async def test_a_change_that_did_not_reach_the_broker_is_mended_by_any_later_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, body = await sent(house)
    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "publish", _fails)
        assert (await put(house, id, body | {"adres": OTHER_HOME})).status_code == 503
    assert (await delete(house, id)).status_code == 204
    [old] = await found(house, "signals.v1", id)
    ends = {each.household: each.end for each in await found(house, "withdrawals.v1", id)}
    assert ends.pop(old.household) is SignalEnd.MOVED
    assert list(ends.values()) == [SignalEnd.WITHDRAWN]


async def _fails(*_: object) -> None:
    raise TransientError("the broker is away")
