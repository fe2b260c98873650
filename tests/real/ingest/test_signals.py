"""POST /v1/signalen on real Kafka and PostgreSQL."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from services.common.events import Refusal, Signal, SignalPerson
from services.common.identifiers import derived_id
from tests.real.ingest.house import (
    BROKER,
    BSN,
    ENERGY,
    INSURER,
    LANDLORD,
    NOW,
    OTHER_TOWN,
    STRANGER,
    TOWN,
    House,
    signal_body,
)

pytestmark = pytest.mark.real


async def signals_of(house: House, signal_id: str) -> list[Signal]:
    found = [seen.event for seen in await house.on("signals.v1") if seen.id == signal_id]
    return [event for event in found if isinstance(event, Signal)]


async def refusals_of(house: House, reference: str, creditor: str = LANDLORD) -> list[Refusal]:
    signal_id = derived_id("signal", creditor, reference)
    events = [seen.event for seen in await house.on("refusals.v1")]
    return [e for e in events if isinstance(e, Refusal) and e.signal_id == signal_id]


def codes(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {each["code"] for each in answer.json()["fouten"]}


async def test_an_accepted_signal_is_on_the_log_and_only_its_municipality_opens_it(house: House) -> None:
    body = signal_body()
    answer = await house.signal(LANDLORD, body)
    assert answer.status_code == 202, answer.text
    expected = derived_id("signal", LANDLORD, body["kenmerk"])
    assert answer.json() == {"id": expected, "status": "geaccepteerd"}
    [signal] = await signals_of(house, expected)
    assert (signal.municipality, signal.creditor, signal.sender) == (TOWN, LANDLORD, LANDLORD)
    assert (signal.area.pc4, signal.person, signal.amount_cents) == ("1234", None, 45_050)
    assert [each.kind.value for each in signal.evidence] == ["BIRTH_DATE", "SURNAME", "INITIAL"]
    personal = house.opened(signal.personal)
    assert personal == {
        "kenmerk": body["kenmerk"],
        "klantnummer": "K-77",
        "persoon": body["persoon"],
        "adres": {"postcode": "1234AB", "huisnummer": 12, "huisletter": "A"},
        "contact": body["contact"],
    }
    with pytest.raises(Exception, match=r"."):
        house.opened(signal.personal, OTHER_TOWN)


async def test_the_same_again_is_the_same_answer_and_on_the_log_again_under_one_id(house: House) -> None:
    body = signal_body()
    first = await house.signal(LANDLORD, body)
    house.clock.advance(days=40)  # long after: its age does not undo what was accepted
    try:
        again = await house.signal(LANDLORD, body | {"adres": body["adres"] | {"postcode": "1234ab"}})
        late = await house.signal(LANDLORD, signal_body())
    finally:
        house.clock.set(NOW)
    assert (again.status_code, again.json()) == (202, first.json())
    assert codes(late) == {"SIGNAL_DATE_TOO_OLD"}
    one, two = await signals_of(house, first.json()["id"])
    assert house.opened(one.personal) == house.opened(two.personal)
    assert one.household == two.household


async def test_a_signal_is_too_old_when_its_key_may_be_gone_also_when_it_was_accepted(house: House) -> None:
    """Taken in on 10 March it is kept up to and with September: nothing may bring it back after that."""
    body = signal_body()
    first = await house.signal(LANDLORD, body)
    try:
        house.clock.set(datetime(2026, 9, 30, 21, tzinfo=UTC))
        assert (await house.signal(LANDLORD, body)).json() == first.json()
        house.clock.set(datetime(2026, 9, 30, 22, tzinfo=UTC))
        late = await house.signal(LANDLORD, body)
    finally:
        house.clock.set(NOW)
    assert codes(late) == {"SIGNAL_DATE_TOO_OLD"}
    assert len(await signals_of(house, first.json()["id"])) == 2


async def test_other_content_under_a_known_reference_is_a_conflict(house: House) -> None:
    body = signal_body()
    await house.signal(LANDLORD, body)
    answer = await house.signal(LANDLORD, body | {"bedragInCenten": 1})
    assert answer.status_code == 409
    assert answer.json()["title"] == "Strijdig met wat er al is"
    assert len(await signals_of(house, derived_id("signal", LANDLORD, body["kenmerk"]))) == 1


async def test_of_concurrent_signals_under_one_reference_one_content_wins(house: House) -> None:
    body = signal_body()
    answers = await asyncio.gather(
        *(house.signal(LANDLORD, body | {"bedragInCenten": number % 2}) for number in range(10))
    )
    found = sorted(answer.status_code for answer in answers)
    assert found == [202] * 5 + [409] * 5
    events = await signals_of(house, derived_id("signal", LANDLORD, body["kenmerk"]))
    assert len({event.amount_cents for event in events}) == 1


async def test_a_signal_with_a_bsn_tells_whose_it_is_under_a_pseudonym(house: House) -> None:
    body = signal_body(signaalpartner="Zorg")
    body["persoon"]["burgerservicenummer"] = BSN
    answer = await house.signal(INSURER, body)
    assert answer.status_code == 202, answer.text
    [signal] = await signals_of(house, answer.json()["id"])
    seen = await house.on("signal-persons.v1")
    [found] = [s for s in seen if isinstance(s.event, SignalPerson) and s.event.signal_id == signal.signal_id]
    assert found.key == signal.person
    assert BSN not in repr(seen)
    assert house.opened(signal.personal)["persoon"]["burgerservicenummer"] == BSN


async def test_a_trial_tells_the_answer_and_delivers_nothing(house: House) -> None:
    good, bad = signal_body(), signal_body(bezwaar=True)
    answer = await house.signal(LANDLORD, good, trial=True)
    assert (answer.status_code, answer.json()["status"]) == (200, "zou geaccepteerd worden")
    refused = await house.signal(LANDLORD, bad, trial=True)
    assert refused.status_code == 400
    assert [each["code"] for each in refused.json()["fouten"]] == ["CUSTOMER_OBJECTED"]
    taken = await house.signal(LANDLORD, good | {"bedragInCenten": 1})  # the trial kept no memory of it
    assert (taken.status_code, taken.json()["id"]) == (202, answer.json()["id"])
    assert (await house.signal(LANDLORD, good, trial=True)).status_code == 409
    assert len(await signals_of(house, taken.json()["id"])) == 1
    assert await refusals_of(house, bad["kenmerk"]) == []


async def test_a_refused_signal_gets_every_reason_at_once_and_a_refusal_event(house: House) -> None:
    body = signal_body(
        gemeentecode="0518", ontstaansdatum="2026-03-01", bedragInCenten=-1, signaalpartner="Energie", extra=1
    )
    body["persoon"]["burgerservicenummer"] = "123456789"
    body["adres"]["postcode"] = "0000AA"
    expected = {
        "NO_AGREEMENT",
        "ARREARS_TOO_SHORT",
        "AMOUNT_INVALID",
        "PARTNER_TYPE_MISMATCH",
        "FIELD_UNKNOWN",
        "BSN_INVALID",
        "BSN_NOT_ALLOWED",
        "POSTCODE_INVALID",
    }
    answer = await house.signal(LANDLORD, body)
    assert codes(answer) == expected
    assert {"code", "veld", "melding"} == set(answer.json()["fouten"][0])
    assert await house.signal(LANDLORD, body)
    one, two = await refusals_of(house, body["kenmerk"])
    assert one == two, "the same refusal has the same id"
    assert set(one.reasons) == expected
    assert (one.creditor, one.sender, one.municipality, one.row) == (LANDLORD, LANDLORD, OTHER_TOWN, None)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff", b"null", b"", b'{"a":1}{', b"[" * 9000])
async def test_what_is_no_json_object_is_refused_as_unreadable(house: House, content: bytes) -> None:
    before = len(await house.on("refusals.v1"))
    headers = {"Content-Type": "application/json"}
    answer = await house.send("POST", "/v1/signalen", LANDLORD, "signalen", content=content, headers=headers)
    assert codes(answer) == {"UNREADABLE"}
    assert len(await house.on("refusals.v1")) == before + 1


async def test_another_sends_for_a_creditor_only_by_an_agreement_that_names_it(house: House) -> None:
    body = signal_body(schuldeiser=LANDLORD)
    accepted = await house.signal(BROKER, body)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["id"] == derived_id("signal", LANDLORD, body["kenmerk"])
    [signal] = await signals_of(house, accepted.json()["id"])
    assert (signal.creditor, signal.sender) == (LANDLORD, BROKER)

    for other in (BROKER, LANDLORD, STRANGER):
        body = signal_body(schuldeiser=ENERGY, signaalpartner="Energie")
        assert codes(await house.signal(other, body)) == {"NOT_REPRESENTED"}
        refusals = await refusals_of(house, body["kenmerk"], ENERGY)
        assert {each.creditor for each in refusals} == ({other} - {STRANGER})


async def test_the_refusal_of_a_represented_signal_is_for_its_creditor(house: House) -> None:
    body = signal_body(schuldeiser=LANDLORD, bedragInCenten="1")
    assert codes(await house.signal(BROKER, body)) == {"AMOUNT_INVALID"}
    [refusal] = await refusals_of(house, body["kenmerk"])
    assert (refusal.creditor, refusal.sender) == (LANDLORD, BROKER)


async def test_a_municipality_without_a_key_gets_no_signals(house: House) -> None:
    assert "MUNICIPALITY_INACTIVE" in codes(await house.signal(LANDLORD, signal_body(gemeentecode="0344")))
    assert "MUNICIPALITY_UNKNOWN" in codes(await house.signal(LANDLORD, signal_body(gemeentecode="9999")))


async def test_nothing_is_answered_without_the_right_token(house: House) -> None:
    body = signal_body()
    assert (await house.client.post("/v1/signalen", json=body)).status_code == 401
    wrong = await house.send("POST", "/v1/signalen", LANDLORD, "zaken", json=body)
    assert wrong.status_code == 403
    text = await house.send(
        "POST", "/v1/signalen", LANDLORD, "signalen", content=b"x", headers={"Content-Type": "text/plain"}
    )
    assert text.status_code == 415
