from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from services.common.access import GONE
from services.common.metrics import Metrics
from services.common.runtime import Runtime
from services.common.testing import FakeIssuer, make_runtime
from services.common.tracing import TRACEPARENT, trace_id_of
from tests.contract import probe_api

PARTY = "00000099234567890000"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SECRET = "999990019"


@dataclass
class Probe:
    """An API with what it counts."""

    app: FastAPI
    client: httpx.AsyncClient
    metrics: Metrics
    headers: dict[str, str]

    async def line(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """What is logged of one request."""
        with capture_logs() as logs:
            await self.client.request(method, path, **more)
        (found,) = [each for each in logs if each["event"] == "request_answered"]
        return dict(found)

    def count(self, method: str, route: str, status: int) -> float | None:
        labels = {"method": method, "route": route, "status": str(status)}
        return self.metrics.registry.get_sample_value("signaalhub_http_request_seconds_count", labels)


@pytest.fixture
async def probe(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Probe]:
    issuer = FakeIssuer(tmp_path_factory.mktemp("issuer"))
    runtime: Runtime = await make_runtime("test", jwks=str(issuer.jwks))
    runtime = replace(runtime, metrics=Metrics())
    app = probe_api.build(runtime)

    @app.get("/v1/traces")
    async def seen() -> str | None:
        return TRACEPARENT.get()

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub/v1") as client:
        yield Probe(app, client, runtime.metrics, issuer.headers(PARTY, "signalen"))


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [(f"/dingen/{SECRET}", "/v1/dingen/{id}", 400), (f"/dingen?vanafRegel={SECRET}", "/v1/dingen", 200)],
    ids=["path", "query"],
)
async def test_a_line_says_who_asked_for_what_with_which_answer(
    probe: Probe, path: str, route: str, status: int
) -> None:
    line = await probe.line("GET", path, headers=probe.headers)
    assert line.pop("ms") > 0
    assert line == {
        "event": "request_answered",
        "log_level": "info",
        "method": "GET",
        "route": route,
        "status": status,
        "party": PARTY,
    }
    assert probe.count("GET", route, status) == 1


async def test_a_parameter_that_does_not_exist_is_not_in_the_line(probe: Probe) -> None:
    line = await probe.line("GET", f"/dingen?{SECRET}={SECRET}", headers=probe.headers)
    assert line["status"] == 400
    assert SECRET not in str(line)


async def test_without_a_token_no_party_is_known(probe: Probe) -> None:
    assert (await probe.line("GET", "/dingen"))["party"] is None
    forged = {"Authorization": "Bearer x.y.z"}
    assert (await probe.line("GET", "/dingen", headers=forged))["party"] is None


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/{SECRET}", "none", 404),
        ("PUT", "/dingen", "/v1/dingen", 405),
        ("POST", "/fouten/onbekend", "/v1/fouten/{soort}", 500),
        ("POST", "/fouten/tijdelijk", "/v1/fouten/{soort}", 503),
    ],
)
async def test_whatever_comes_of_a_request_is_counted(
    probe: Probe, method: str, path: str, route: str, status: int
) -> None:
    line = await probe.line(method, path, headers=probe.headers)
    assert (line["route"], line["status"]) == (route, status)
    assert probe.count(method, route, status) == 1


async def test_a_method_that_somebody_made_up_is_not_repeated(probe: Probe) -> None:
    line = await probe.line(f"X{SECRET}", "/dingen")
    assert line["method"] == "other"
    assert probe.count("other", "/v1/dingen", 405) == 1


async def test_a_caller_that_leaves_is_counted_as_gone(probe: Probe) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pytest.fail("nobody is there")

    headers = [(name.lower().encode(), value.encode()) for name, value in probe.headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/bestanden",
        "raw_path": b"/v1/bestanden",
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, (b"content-type", b"text/csv"), (b"content-length", b"5")],
    }
    await probe.app(scope, receive, send)
    assert probe.count("POST", "/v1/bestanden", GONE) == 1


async def test_who_watches_over_the_process_is_not_in_the_log(probe: Probe) -> None:
    with capture_logs() as logs:
        for path in ("http://hub/health", "http://hub/metrics", "/openapi.json"):
            await probe.client.get(path)
    assert logs == []


async def test_a_request_works_for_the_trace_of_its_caller_and_leaves_none_behind(probe: Probe) -> None:
    given = f"00-{TRACE}-b7ad6b7169203331-01"
    assert (await probe.client.get("/traces", headers={"traceparent": given})).json() == given
    assert TRACEPARENT.get() is None
    assert trace_id_of((await probe.client.get("/traces")).json())
    wrong = (await probe.client.get("/traces", headers={"traceparent": SECRET})).json()
    assert trace_id_of(wrong)
    assert SECRET not in wrong


@pytest.mark.parametrize(
    "accept", ["*/*", "text/plain", "application/openmetrics-text;version=1.0.0,*/*;q=0.1"]
)
async def test_metrics_are_given_in_the_form_that_prometheus_asks_for(probe: Probe, accept: str) -> None:
    answer = await probe.client.get("http://hub/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    kind = "application/openmetrics-text" if "openmetrics" in accept else "text/plain"
    assert answer.headers["content-type"].startswith(kind)
    assert "signaalhub_part_healthy" in answer.text
    assert "_created" not in answer.text
