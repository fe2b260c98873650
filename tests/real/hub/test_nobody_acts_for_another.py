"""A token of one party never acts for, reads or checks as another; without one nothing personal answers.

Without one answer: health, the metrics (which name no party), the description, the schemas.
"""

from typing import Any

import httpx
import pytest

from services.local.waiting import wait_until
from tests.real.hub.described import ask_everything
from tests.real.hub.town import (
    BAILIFF,
    INSURER,
    LANDLORD,
    OTHER_LANDLORD,
    OTHER_TOWN,
    TOWN,
    Town,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

SERVICES = ("ingest", "matcher", "notifier", "feedback")
SCHEMAS = ("/schemas", "/subjects")
OUTSIDE = ("/v1", "/health", *SCHEMAS)
OPEN = {("GET", "/v1/openapi.json"), ("GET", "/health"), ("OPTIONS", "/v1/openapi.json")}
SECONDS = 30


def routes(hub: Town, service: str) -> list[tuple[str, str, str]]:
    """Method, path and media type of each operation that its API describes."""
    document = httpx.get(f"{hub.endpoints[service]}/v1/openapi.json", timeout=10).json()
    return [
        (method.upper(), path if path.startswith(OUTSIDE) else f"/v1{path}", media(operation))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "put", "post", "delete"}
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_token_only_health_description_and_schemas_answer(hub: Town, service: str) -> None:
    closed = [r for r in routes(hub, service) if r[:2] not in OPEN and not r[1].startswith(SCHEMAS)]
    for method, path, media_type in closed:
        url = hub.endpoints[service] + path.replace("{", "").replace("}", "")
        headers = {"Content-Type": media_type} if media_type else {}
        answer = httpx.request(
            method, url, headers=headers, content=b"{}" if media_type else None, timeout=10
        )
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
        assert answer.headers["content-type"] == "application/problem+json"
    assert closed or service == "notifier"


def media(operation: dict[str, Any]) -> str:
    return next(iter(operation.get("requestBody", {}).get("content", {})), "")


def test_health_metrics_description_and_schemas_answer_without_a_token(hub: Town) -> None:
    for service in SERVICES:
        assert httpx.get(f"{hub.endpoints[service]}/metrics", timeout=10).status_code == 200
        assert httpx.get(f"{hub.endpoints[service]}/health", timeout=10).status_code == 200
    assert httpx.get(f"{hub.endpoints['ingest']}/schemas/ids/1", timeout=10).status_code == 200


def test_a_creditor_cannot_signal_for_another_without_an_agreement(hub: Town) -> None:
    answer = hub.signal(OTHER_LANDLORD, "X-1", party=LANDLORD)
    assert answer.status_code == 400
    assert "NOT_REPRESENTED" in {fout["code"] for fout in answer.json()["fouten"]}


@pytest.mark.parametrize("scope", ["", "zaken", "toetsen", "terugkoppelingen", "registraties", "beheer"])
def test_a_token_without_the_scope_is_refused(hub: Town, scope: str) -> None:
    answer = hub.send("ingest", "POST", "/v1/signalen", LANDLORD, scope, json={})
    assert answer.status_code == 403


def test_only_the_hub_itself_keeps_master_data(hub: Town) -> None:
    answer = hub.send("ingest", "PUT", f"/v1/beleid/{TOWN}", TOWN, "beheer", json={"pauzedagen": 1})
    assert answer.status_code == 403


def test_a_creditor_does_not_check_and_a_bailiff_does_not_register(hub: Town) -> None:
    assert hub.check(party=LANDLORD).status_code == 403
    assert hub.register("X", party=BAILIFF).status_code == 403


def test_a_bailiff_does_not_check_on_behalf_of_another_without_an_agreement(hub: Town) -> None:
    assert hub.check(namens="00000099000000004002").status_code in {400, 403}


def test_a_municipality_does_not_register_for_another(hub: Town) -> None:
    assert hub.register("X", namens=OTHER_TOWN).status_code in {400, 403}


def test_a_case_and_a_signal_are_invisible_to_all_but_their_own(hub: Town) -> None:
    identity = hub.signal(OTHER_LANDLORD, "own-1", adres={"postcode": "1234AB", "huisnummer": 77}).json()[
        "id"
    ]
    wait_until(lambda: find(hub.cases(), identity) is not None, SECONDS, "the case")
    case = find(hub.cases(), identity)
    assert find(hub.cases(party=OTHER_TOWN), identity) is None
    assert hub.attempt(case, party=OTHER_TOWN).status_code == 404
    assert hub.result(case, party=OTHER_TOWN).status_code == 404
    path = f"/v1/signalen/{identity}"
    wait_until(lambda: ask(hub, path, OTHER_LANDLORD) == 200, SECONDS, "the feedback")
    assert ask(hub, path, LANDLORD) == ask(hub, path, INSURER) == 404


def find(cases: list[dict[str, Any]], signal: str) -> str:
    return next((case["id"] for case in cases for s in case["signalen"] if s["id"] == signal), None)  # type: ignore[return-value]


def ask(hub: Town, path: str, party: str) -> int:
    return hub.send("feedback", "GET", path, party, "terugkoppelingen").status_code


def test_a_team_sees_its_own_cases_only(hub: Town) -> None:
    answer = hub.signal(OTHER_LANDLORD, "own-2", adres={"postcode": "1235AB", "huisnummer": 3})
    identity = answer.json()["id"]
    wait_until(lambda: find(hub.cases(team="stad"), identity) is not None, SECONDS, "the routed case")
    assert find(hub.cases(team="centrum"), identity) is None


def test_a_delivery_is_shown_to_its_sender_only(hub: Town) -> None:
    token = hub.token(LANDLORD, "signalen", None)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    made = httpx.post(
        f"{hub.endpoints['ingest']}/v1/leveringen", headers=headers, content=b"{}\n", timeout=20
    )
    path = f"/v1/leveringen/{made.json()['id']}"
    assert hub.send("ingest", "GET", path, LANDLORD, "signalen").status_code == 200
    assert hub.send("ingest", "GET", path, OTHER_LANDLORD, "signalen").status_code == 404


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_that_is_described_gets_an_answer_that_is_described(hub: Town, service: str) -> None:
    ask_everything(hub, service)
