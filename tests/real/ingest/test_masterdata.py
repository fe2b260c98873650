"""Master data by PUT on real Kafka: seen by the next request, tenant topics first, all errors at once."""

from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from joserfc.jwk import ECKey

from services.common.events import Agreement, AgreementKind, Lane, PartnerType, Party, Policy, Role, Team
from tests.real.ingest.house import ENERGY, HUB, LANDLORD, TOWN, House, signal_body

pytestmark = pytest.mark.real


def new_oin() -> str:
    return f"00000099{uuid4().int % 10**12:012}"


async def codes(house: House, path: str, **body: Any) -> set[tuple[str, str | None]]:
    answer = await house.master(path, **body)
    assert answer.status_code == 400, answer.text
    return {(each["code"], each["veld"]) for each in answer.json()["fouten"]}


async def test_a_party_has_its_own_topics_when_it_is_answered(house: House) -> None:
    oin, key = new_oin(), ECKey.generate_key("P-256").as_dict(private=False)
    body = {"naam": "Stad", "rollen": ["gemeente", "schuldeiser"], "signaalpartner": "Belastingdienst"}
    more = {"gemeentecode": "1999", "publiekeSleutel": key, "webhook": "https://example.org/hub"}
    answer = await house.master(f"partijen/{oin}", **body, **more)
    assert (answer.status_code, answer.json()) == (200, {"id": oin})
    admin = AIOKafkaAdminClient(bootstrap_servers=house.runtime.settings.kafka)
    await admin.start()
    try:
        names = {each for each in await admin.list_topics() if oin in each}
    finally:
        await admin.close()
    assert names == {
        f"tenant.{oin}.{subject}.v1"
        for subject in (
            *("signals", "withdrawals", "erasures", "cases", "matches"),
            *("pauses", "feedback", "refusals"),
        )
    }
    party = [seen.event for seen in await house.on("parties.v1") if seen.key == oin][-1]
    assert isinstance(party, Party)
    assert party.roles == (Role.MUNICIPALITY, Role.CREDITOR)
    assert (party.partner_type, party.active) == (PartnerType.TAX_OFFICE, True)


async def test_a_municipality_without_a_key_is_not_active(house: House) -> None:
    oin = new_oin()
    await house.made(f"partijen/{oin}", naam="Stad", rollen=["gemeente"], gemeentecode="1998")
    party = [seen.event for seen in await house.on("parties.v1") if seen.key == oin][-1]
    assert isinstance(party, Party)
    assert not party.active


async def test_what_was_put_holds_for_the_next_request(house: House) -> None:
    oin = new_oin()
    body = signal_body(signaalpartner="Water")
    for expected in ({"CREDITOR_UNKNOWN", "NO_AGREEMENT"}, {"NO_AGREEMENT"}, None):
        answer = await house.signal(oin, body)
        found = {each["code"] for each in answer.json().get("fouten", ())} or None
        assert found == expected
        if expected and "CREDITOR_UNKNOWN" in expected:
            await house.made(f"partijen/{oin}", naam="W", rollen=["schuldeiser"], signaalpartner="Water")
        else:
            agreement = {"soort": "signalen", "gemeente": TOWN, "schuldeiser": oin, "vanaf": "2026-01-01"}
            await house.made(f"overeenkomsten/{oin}", **agreement)
    await house.made(f"overeenkomsten/{oin}", **(agreement | {"tot": "2026-03-08"}))
    answer = await house.signal(oin, signal_body(signaalpartner="Water"))
    assert answer.json()["fouten"][0]["code"] == "NO_AGREEMENT"


async def test_agreements_policies_and_teams_are_kept_as_they_were_put(house: House) -> None:
    name = uuid4().hex
    body = {"soort": "vertegenwoordiging", "opdrachtgever": TOWN, "gemachtigde": LANDLORD}
    await house.made(f"overeenkomsten/{name}", **body, vanaf="2026-01-01", tot="2026-12-31")
    await house.made(f"beleid/{TOWN}", pauzedagen=14, herhalingDagen=0)
    areas = {"gebieden": ["1234", "WK036301", "BU0363AD03"], "lanen": ["crisis"], "vangnet": True}
    await house.made(f"teams/{name}", gemeente=TOWN, naam="West", **areas)
    agreement = [seen.event for seen in await house.on("agreements.v1") if seen.key == name][-1]
    assert isinstance(agreement, Agreement)
    assert (agreement.kind, agreement.grantor) == (AgreementKind.REPRESENTATION, TOWN)
    policy = [seen.event for seen in await house.on("policies.v1") if seen.key == TOWN][-1]
    assert policy == Policy(municipality=TOWN, pause_days=14, repeat_days=0)
    team = [seen.event for seen in await house.on("teams.v1") if seen.key == name][-1]
    assert isinstance(team, Team)
    assert (team.areas, team.lanes, team.fallback) == (tuple(areas["gebieden"]), (Lane.CRISIS,), True)  # type: ignore[arg-type]


async def test_wrong_master_data_gets_every_reason_at_once(house: House) -> None:
    private = ECKey.generate_key("P-256").as_dict(private=True)
    found = await codes(
        house,
        f"partijen/{new_oin()}",
        rollen=["schuldeiser", "gemeente"],
        publiekeSleutel=private,
        webhook="ftp://x",
        extra=1,
    )
    assert found == {
        ("FIELD_MISSING", "naam"),
        ("FIELD_MISSING", "signaalpartner"),
        ("FIELD_MISSING", "gemeentecode"),
        ("FIELD_INVALID", "publiekeSleutel"),
        ("FIELD_INVALID", "webhook"),
        ("FIELD_UNKNOWN", "extra"),
    }
    assert await codes(house, "overeenkomsten/x", soort="signalen", gemeente="1", vanaf="2026-02-30") == {
        ("OIN_INVALID", "gemeente"),
        ("FIELD_MISSING", "schuldeiser"),
        ("DATE_INVALID", "vanaf"),
    }
    assert await codes(house, f"beleid/{TOWN}", pauzedagen=0) == {("FIELD_INVALID", "pauzedagen")}
    assert await codes(house, "teams/x", gemeente=TOWN, naam="", gebieden=["0234"], lanen=["x"]) == {
        ("FIELD_MISSING", "naam"),
        ("FIELD_INVALID", "gebieden"),
        ("FIELD_INVALID", "lanen"),
    }
    assert (await house.master("partijen/123", naam="x", rollen=["schuldeiser"])).status_code == 400


@pytest.mark.parametrize(
    "url",
    ["http://partner.example/hub", "http://10.0.0.1/hub", "http://127.0.0.1.example/hub", "http://user@x/"],
)
async def test_a_webhook_over_plain_http_is_refused_when_it_is_put(house: House, url: str) -> None:
    found = await codes(house, f"partijen/{new_oin()}", naam="x", rollen=["deurwaarder"], webhook=url)
    assert found == {("FIELD_INVALID", "webhook")}


@pytest.mark.parametrize(
    "url", ["https://partner.example:8443/hub", "http://127.0.0.1:8000/hub", "http://localhost/"]
)
async def test_a_webhook_over_tls_or_to_this_machine_is_kept(house: House, url: str) -> None:
    answer = await house.master(f"partijen/{new_oin()}", naam="x", rollen=["deurwaarder"], webhook=url)
    assert answer.status_code == 200, answer.text


async def test_a_gemeentecode_has_one_holder(house: House) -> None:
    found = await codes(house, f"partijen/{new_oin()}", naam="x", rollen=["gemeente"], gemeentecode="0363")
    assert found == {("FIELD_INVALID", "gemeentecode")}


async def test_only_the_operator_of_the_hub_keeps_master_data(house: House) -> None:
    body = {"pauzedagen": 1}
    for party, scope in ((ENERGY, "beheer"), (HUB, "signalen"), (TOWN, "beheer")):
        assert (await house.send("PUT", f"/v1/beleid/{TOWN}", party, scope, json=body)).status_code == 403
    assert (await house.client.put(f"/v1/beleid/{TOWN}", json=body)).status_code == 401
