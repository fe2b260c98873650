import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from services.common import patience
from services.common.testing import FakeIssuer, make_runtime
from tests.contract import probe_api
from tests.contract.probe_api import CSV_LIMIT, SECRET

PARTY = "00000099234567890000"
GOOD = {"beginDatum": "2026-01-31", "adres": {"huisNummer": 1}}
JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv; charset=utf-8"}
ID = "6f0c9f2e-6d0c-5d7a-9d5b-0b7f1f5f6a31"


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    issuer = FakeIssuer(tmp_path_factory.mktemp("issuer"))
    app = probe_api.build(await make_runtime("test", jwks=str(issuer.jwks)))
    headers = issuer.headers(PARTY, "signalen")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub/v1", headers=headers) as found:
        yield found


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_body_is_camel_case_and_an_absent_value_is_null(client: httpx.AsyncClient) -> None:
    answer = await client.post("/dingen", json=GOOD)
    assert answer.status_code == 202
    assert answer.json() == {
        "beginDatum": "2026-01-31",
        "eindDatum": None,
        "gewijzigdOp": None,
        "adres": {"huisNummer": 1, "letter": None},
    }


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-01-31T13:45:00Z", "2026-01-31T13:45:00Z"),
        ("2026-01-31T13:45:00.250+01:00", "2026-01-31T12:45:00.250000Z"),
        ("2026-01-31T00:15:00-10:00", "2026-01-31T10:15:00Z"),
    ],
)
async def test_a_moment_with_any_offset_is_answered_in_utc(
    client: httpx.AsyncClient, given: str, shown: str
) -> None:
    answer = await client.post("/dingen", json=GOOD | {"gewijzigdOp": given})
    assert answer.json()["gewijzigdOp"] == shown


@pytest.mark.parametrize(
    "wrong", ["2026-1-31", "20260131", "2026-02-30", 1_767_225_600, "2026-01-31T00:00:00", "", True, ["2026"]]
)
async def test_a_date_is_only_what_is_written_as_one(client: httpx.AsyncClient, wrong: object) -> None:
    answer = await client.post("/dingen", json=GOOD | {"beginDatum": wrong})
    assert answer.status_code == 400
    assert [fout["veld"] for fout in answer.json()["fouten"]] == ["beginDatum"]


@pytest.mark.parametrize("wrong", ["2026-01-31T13:45:00", "2026-01-31", 1_767_225_600, "nu", "", False])
async def test_a_moment_has_an_offset(client: httpx.AsyncClient, wrong: object) -> None:
    answer = await client.post("/dingen", json=GOOD | {"gewijzigdOp": wrong})
    assert answer.status_code == 400
    assert [fout["veld"] for fout in answer.json()["fouten"]] == ["gewijzigdOp"]


async def test_all_that_is_wrong_is_in_one_answer_that_repeats_no_value(client: httpx.AsyncClient) -> None:
    body = {"eindDatum": SECRET, "adres": {"huisNummer": SECRET, "kamer": SECRET}}
    answer = await client.post("/dingen", json=body)
    assert answer.status_code == 400
    found = {(fout["code"], fout["veld"]) for fout in answer.json()["fouten"]}
    assert found == {
        ("FIELD_MISSING", "beginDatum"),
        ("FIELD_INVALID", "eindDatum"),
        ("FIELD_INVALID", "adres.huisNummer"),
        ("FIELD_UNKNOWN", "adres.kamer"),
    }
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/dingen/{}", "/{}", "/{}/dingen"])
async def test_a_problem_repeats_nothing_of_its_path_that_a_caller_made_up(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path.format(SECRET))
    assert answer.is_client_error
    assert SECRET not in answer.text


async def test_a_member_whose_name_is_no_name_is_refused_without_repeating_it(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/dingen", json=GOOD | {"999990019": 1})
    assert [(fout["code"], fout["veld"]) for fout in answer.json()["fouten"]] == [("FIELD_UNKNOWN", "?")]


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'"\xff"', b"[" * 100_000, b"[]", b"7", b"null", b'"tekst"', b"", b'{"a":NaN}'],
)
async def test_a_body_that_is_no_json_object_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/dingen", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fouten"]


async def test_a_parameter_that_does_not_exist_is_400_so_that_no_trial_is_mistaken(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/dingen", params={"vanafRegels": "2", "999990019": "1", "vanafRegel": "2"})
    assert answer.status_code == 400
    assert [(each["code"], each["veld"]) for each in answer.json()["fouten"]] == [
        ("FIELD_UNKNOWN", "?"),
        ("FIELD_UNKNOWN", "vanafRegels"),
    ]
    assert (await client.get("/openapi.json", params={"v": "2"})).status_code == 400
    assert (await client.get("http://hub/health", params={"v": "2"})).status_code == 200


async def test_a_wrong_query_is_400_with_its_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/dingen", params={"vanafRegel": "0"})
    assert answer.status_code == 400
    assert answer.json()["fouten"] == [
        {"code": "FIELD_INVALID", "veld": "vanafRegel", "melding": "De waarde is minstens 1."}
    ]


async def test_values_that_a_query_may_have_are_listed_in_dutch(client: httpx.AsyncClient) -> None:
    [found] = (await client.get("/dingen", params={"kleur": "groen"})).json()["fouten"]
    assert found["melding"] == "De waarde is geen van: 'rood', 'wit' of 'blauw'."


async def test_a_wrong_header_is_400_with_its_name_and_how_long_it_may_be(client: httpx.AsyncClient) -> None:
    [found] = (await client.get("/dingen", headers={"Proef-Key": "x" * 65})).json()["fouten"]
    assert (found["code"], found["veld"]) == ("FIELD_INVALID", "Proef-Key")
    assert found["melding"] == "De tekst heeft niet de gevraagde vorm (1 tot en met 64 tekens)."


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_a_media_type_may_have_parameters_and_capitals(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/dingen", content=json.dumps(GOOD), headers={"Content-Type": kind})
    assert answer.status_code == 202


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/xml"}, CSV])
async def test_a_body_without_a_known_media_type_is_415(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/dingen", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [("*/*", 200), ("application/json", 200), ("text/html, application/*;q=0.1", 200), ("text/html", 406)],
)
async def test_an_answer_is_given_in_a_form_that_the_client_reads(
    client: httpx.AsyncClient, accept: str, status: int
) -> None:
    assert (await client.get("/dingen", headers={"Accept": accept})).status_code == status


async def test_a_body_over_the_limit_is_413_also_when_its_length_was_not_announced(
    client: httpx.AsyncClient,
) -> None:
    fits, too_much = b"x" * CSV_LIMIT, b"x" * (CSV_LIMIT + 1)
    assert (await client.post("/bestanden", content=fits, headers=CSV)).json() == CSV_LIMIT
    for content in (too_much, chunks(fits, b"x")):
        answer = await client.post("/bestanden", content=content, headers=CSV)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


async def stalling(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    await asyncio.Event().wait()


@pytest.mark.parametrize(("path", "headers"), [("/bestanden", CSV), ("/dingen", JSON)], ids=["file", "json"])
async def test_a_body_that_stalls_is_408_and_ends_its_connection(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENT_SECONDS", 0.05)
    async with asyncio.timeout(10):
        answer = await client.post(path, content=stalling(b"{", b" "), headers=headers)
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"
    assert answer.json()["title"] == "Verzoek duurde te lang"


async def test_a_json_body_over_the_common_limit_is_413(client: httpx.AsyncClient) -> None:
    for content in (b"x" * 1_000_001, chunks(b"x" * 600_000, b"x" * 600_000)):
        assert (await client.post("/dingen", content=content, headers=JSON)).status_code == 413


async def test_a_problem_of_an_endpoint_is_answered_with_its_errors_and_headers(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(f"/dingen/{ID}")
    assert answer.headers["x-extra"] == "1"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Niet gevonden",
        "status": 404,
        "detail": "Dit ding is er niet.",
        "instance": "/v1/dingen",
        "fouten": [{"code": "UNKNOWN", "veld": "id", "melding": "Onbekend."}],
    }


async def test_nothing_to_answer_is_204_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.delete(f"/dingen/{ID}")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("kind", ["onbekend", "blijvend"])
async def test_an_unexpected_exception_is_500_of_which_only_an_id_is_told(
    client: httpx.AsyncClient, kind: str
) -> None:
    with capture_logs() as logs:
        answer = await client.post(f"/fouten/{kind}")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    [line, answered] = logs
    assert (line["event"], answered["event"]) == ("request_failed", "request_answered")
    assert SECRET not in str(answered)
    assert line["instance"] == answer.json()["instance"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_fastapi_tells_a_tracer_of_the_process_nothing_of_a_request(
    monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient
) -> None:
    told = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(told))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    await client.post("/fouten/onbekend")
    assert told.get_finished_spans() == ()


async def test_trouble_that_passes_is_503_with_the_moment_to_try_again(client: httpx.AsyncClient) -> None:
    answer = await client.post("/fouten/tijdelijk")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert SECRET not in answer.text


async def test_a_browser_may_ask_for_the_document_from_everywhere(client: httpx.AsyncClient) -> None:
    answer = await client.options("/openapi.json")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in (await client.get("/dingen")).headers


async def test_health_names_every_part_in_trouble() -> None:
    runtime = await make_runtime("test")
    trouble: list[str | None] = [None]
    runtime.health.add("view", lambda: None)
    runtime.health.add("processor", lambda: trouble[0])
    transport = httpx.ASGITransport(probe_api.build(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.get("/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "gezond",
            "onderdelen": {"processor": "gezond", "view": "gezond"},
        }
        trouble[0] = "halted: 10 in a row"
        answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["onderdelen"] == {"processor": "halted: 10 in a row", "view": "gezond"}
