"""Every service's API against the Dutch API design rules: its document, and what it really answers."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate
from pydantic import BaseModel

from services.common.host import Parts
from services.common.settings import REPOSITORY
from services.common.testing import FakeIssuer, make_runtime
from tests.contract import probe_api
from tests.contract.adr_rules import METHODS, RULES, Json, Rule, operations

SERVICES = sorted(path.parent.name for path in (REPOSITORY / "services").glob("*/app.py"))
PROBE = "probe"
"""Not a service: the API of probe_api.py."""
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
OIN = "00000099234567890000"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "fouten"}
SCOPES = (
    *("signalen", "registraties", "toetsen", "zaken", "terugkoppelingen"),
    *("pauzes", "signaalkwaliteit", "overeenkomsten", "schuldmeldingen", "beheer", "toetsen-eigen-inning"),
)


async def built(service: str, jwks: Path) -> FastAPI:
    """The app of a service, wired but not started."""
    runtime = await make_runtime(service, jwks=str(jwks))
    if service == PROBE:
        return probe_api.build(runtime)
    parts: Parts = import_module(f"services.{service}.app").build(runtime)
    return parts.api


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> FakeIssuer:
    return FakeIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session", params=[PROBE, *SERVICES])
async def app(request: pytest.FixtureRequest, issuer: FakeIssuer) -> FastAPI:
    return await built(request.param, issuer.jwks)


@pytest.fixture(scope="session")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub/v1") as found:
        yield found


@pytest.fixture(scope="session")
def doc(app: FastAPI) -> Json:
    return app.openapi()


def filled(path: str) -> str:
    """A path with something for each variable."""
    return "/".join(OIN if part.startswith("{") else part for part in path.split("/"))


def assert_sound(answer: httpx.Response, doc: Json) -> None:
    """What every answer has, whatever its status."""
    place = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items(), place
    assert int(answer.headers["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000, place
    assert answer.headers["api-version"] == doc["info"]["version"], place
    assert "content-type" in answer.headers, place
    assert "server" not in answer.headers, place


def assert_problem(answer: httpx.Response, status: int, doc: Json) -> Json:
    assert_sound(answer, doc)
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    body: Json = answer.json()
    assert body.keys() == PROBLEM_MEMBERS
    assert body["status"] == status
    return body


def test_there_is_a_service_with_an_api() -> None:
    assert SERVICES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_keeps_the_rule(doc: Json, rule: Rule) -> None:
    assert list(rule(doc)) == []


def test_the_document_is_valid_openapi(doc: Json) -> None:
    validate(doc)


async def test_the_document_is_public_and_for_every_origin(client: httpx.AsyncClient, doc: Json) -> None:
    answer = await client.get("/openapi.json")
    assert_sound(answer, doc)
    assert answer.status_code == HTTPStatus.OK
    assert answer.json() == doc
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_path_that_is_not_there_is_404(client: httpx.AsyncClient, doc: Json) -> None:
    assert_problem(await client.get("/bestaat-niet"), 404, doc)
    assert_problem(await client.get("http://hub/"), 404, doc)


async def test_no_pages_of_the_framework_are_there(client: httpx.AsyncClient, doc: Json) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/v1/docs"):
        assert_problem(await client.get(f"http://hub{path}"), 404, doc)


async def test_a_trailing_slash_is_404_and_no_redirect(client: httpx.AsyncClient, doc: Json) -> None:
    for path, method, _ in operations(doc):
        assert_problem(await client.request(method, f"{filled(path)}/"), 404, doc)


async def test_a_method_that_is_not_there_is_405_and_names_the_others(
    client: httpx.AsyncClient, doc: Json
) -> None:
    for path, item in doc["paths"].items():
        for method in set(METHODS) - item.keys():
            answer = await client.request(method, filled(path))
            assert_problem(answer, 405, doc)
            assert answer.headers["allow"]


async def test_another_kind_of_body_is_415(client: httpx.AsyncClient, doc: Json) -> None:
    for path, method, operation in operations(doc):
        if "requestBody" in operation:
            kind = {"Content-Type": "text/x-unknown"}
            assert_problem(await client.request(method, filled(path), content=b"x", headers=kind), 415, doc)


async def test_an_answer_in_another_kind_is_406(client: httpx.AsyncClient, doc: Json) -> None:
    for path, method, _ in operations(doc):
        answer = await client.request(method, filled(path), headers={"Accept": "image/png"})
        assert_problem(answer, 406, doc)


async def test_every_operation_but_the_document_asks_for_a_token(
    client: httpx.AsyncClient, doc: Json
) -> None:
    for path, method, operation in operations(doc):
        assert ("security" in operation) == (path != "/openapi.json"), f"{method} {path}"
        if "security" in operation:
            answer = await client.request(method, filled(path))
            assert_problem(answer, 401, doc)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_without_the_scope_is_403_that_names_it(
    client: httpx.AsyncClient, doc: Json, issuer: FakeIssuer
) -> None:
    for path, method, operation in operations(doc):
        if "security" in operation:
            answer = await client.request(method, filled(path), headers=issuer.headers(OIN, "geen"))
            detail = assert_problem(answer, 403, doc)["detail"]
            assert any(f"scope {scope} " in detail for scope in SCOPES)


async def test_health_is_public(client: httpx.AsyncClient, doc: Json) -> None:
    answer = await client.get("http://hub/health")
    assert_sound(answer, doc)
    well = answer.status_code == HTTPStatus.OK
    assert well or answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["status"] == ("gezond" if well else "ongezond")


async def test_metrics_are_public_and_no_json(client: httpx.AsyncClient, doc: Json) -> None:
    answer = await client.get("http://hub/metrics")
    assert_sound(answer, doc)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["content-type"].startswith("text/plain; version=")


def test_the_rules_see_what_a_plain_fastapi_breaks() -> None:
    class page_signaal(BaseModel):  # noqa: N801 - breaks a rule on purpose
        eindDatum: date | None = None  # noqa: N815
        datum: datetime
        een_naam: str

    app = FastAPI(version="1")

    @app.post("/Signalen/{bsn}/x.json/")
    async def post(bsn: str, een_vraag: int, body: page_signaal) -> page_signaal:
        return body

    doc: dict[str, Any] = app.openapi()
    broken = {rule.__name__ for rule in RULES if list(rule(doc))}
    assert broken == {
        "oas3_api_servers",
        "semver",
        "info_contact_fields_exist",
        "paths_no_trailing_slash",
        "paths_kebab_case",
        "query_keys_camel_case",
        "missing_version_header",
        "use_problem_schema",
        "problem_schema_members",
        "problem_invalid_input",
        "specify_format_for_date_and_time",
        "use_date_instead_of_datetime",
        "schema_camel_case",
        "property_casing",
        "no_422",
        "no_personal_data_in_path_or_query",
    }
