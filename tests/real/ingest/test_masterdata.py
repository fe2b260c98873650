"""Master data by PUT on real Kafka: seen by the next request, tenant topics first, all errors at once."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from joserfc.jwk import ECKey

from services.common.events import Agreement, AgreementKind, Lane, PartnerType, Party, Policy, Role, Team
from tests.real.ingest.house import ENERGY, HUB, LANDLORD, TOWN, House, new_oin, signal_body

pytestmark = pytest.mark.real


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
    told = ("signals", "withdrawals", "erasures", "cases", "matches", "questions")
    told_back = ("debt-reports", "pauses", "feedback", "refusals")
    assert names == {
        f"intake.{oin}.signalen.v1",
        *(f"tenant.{oin}.{subject}.v1" for subject in told + told_back),
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


async def test_an_agreement_lives_from_draft_to_end_and_each_step_is_an_event(house: House) -> None:
    oin, name = new_oin(), uuid4().hex
    await house.made(f"partijen/{oin}", naam="E", rollen=["schuldeiser"], signaalpartner="Energie")
    body = {"soort": "signalen", "gemeente": TOWN, "schuldeiser": oin, "vanaf": "2026-01-01"}
    await house.made(f"overeenkomsten/{name}", **body, status="concept")

    async def step(party: str, **wanted: str) -> tuple[int, Any]:
        path = f"/v1/overeenkomsten/{name}/stappen"
        answer = await house.send("POST", path, party, "overeenkomsten", json=wanted)
        return answer.status_code, answer.json()

    assert (await step(oin, status="verzonden"))[0] == 403
    assert (await step(LANDLORD, status="getekend door schuldeiser"))[0] == 404
    assert (await step(oin, status="getekend door schuldeiser"))[0] == 400
    message = signal_body(signaalpartner="Energie")
    assert (await house.signal(oin, message)).status_code == 400
    for party, status in (
        (HUB, "verzonden"),
        (oin, "getekend door schuldeiser"),
        (TOWN, "getekend door gemeente"),
        (TOWN, "actief"),
    ):
        assert (await step(party, status=status))[0] == 200
    assert (await house.signal(oin, message)).status_code == 202
    code, ended = await step(TOWN, status="beëindigd", tot="2026-03-01")
    assert (code, [each["door"] for each in ended["stappen"]]) == (200, [HUB, HUB, oin, TOWN, TOWN, TOWN])
    assert (await house.signal(oin, message)).status_code == 202  # it was accepted, and stays so
    assert (await house.signal(oin, signal_body(signaalpartner="Energie"))).status_code == 400
    found = await house.send("GET", f"/v1/overeenkomsten?schuldeiser={oin}", oin, "overeenkomsten")
    assert found.json()["overeenkomsten"] == [ended]
    events = [seen.type.rpartition(".")[2] for seen in await house.on("agreements.v1") if seen.key == name]
    assert events == [
        "drafted",
        "sent",
        "signed-by-creditor",
        "signed-by-municipality",
        "active",
        "ended",
    ]


async def test_a_table_of_agreements_is_kept_as_a_whole_or_not_at_all(house: House) -> None:
    oin = new_oin()
    rows = [f"{oin}-{number:02};{new_oin()};{oin};1-1-2026" for number in range(40)]

    async def send(*lines: str) -> httpx.Response:
        content = "\r\n".join(("id;gemeente;schuldeiser;vanaf", *lines)).encode()
        how: dict[str, Any] = {"content": content, "headers": {"Content-Type": "text/csv"}}
        return await house.send("POST", "/v1/overeenkomsten", HUB, "beheer", **how)

    async def page(after: str = "") -> Any:
        query = f"?schuldeiser={oin}&geldigOp=2026-03-01&aantal=30{after and f'&na={after}'}"
        return (await house.send("GET", f"/v1/overeenkomsten{query}", HUB, "overeenkomsten")).json()

    wrong = await send(*rows, "x;1;2;3")
    assert {each["veld"] for each in wrong.json()["fouten"]} == {
        f"rij 42: {name}" for name in ("gemeente", "schuldeiser", "vanaf")
    }
    assert await page() == {"overeenkomsten": [], "volgende": None}
    assert (await send(*rows)).json() == {"ontvangen": 40, "gewijzigd": 40}
    assert (await send(*rows)).json() == {"ontvangen": 40, "gewijzigd": 0}
    first = await page()
    rest = await page(first["volgende"])
    assert [len(first["overeenkomsten"]), len(rest["overeenkomsten"]), rest["volgende"]] == [30, 10, None]


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
