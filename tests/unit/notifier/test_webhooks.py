"""What goes over the wire of a webhook, and what each answer means."""

import json
from collections.abc import Callable

import httpx
import pytest
from msgspec.structs import replace

from services.common.errors import PermanentError, SignaalhubError, TransientError
from services.common.events import Pause
from services.notifier.webhooks import post, structured
from tests.flow.examples import example, message

URL = "https://ontvanger.example/haak"


def test_the_body_is_a_structured_cloudevent() -> None:
    pause = example("pauses/started", Pause)
    cause = message(pause, "pauses.v1", "started", id="0b7f")
    body = json.loads(structured(cause))
    data = body.pop("data")
    assert body == {
        "specversion": "1.0",
        "id": "0b7f",
        "source": cause.meta.source,
        "type": cause.meta.type,
        "time": "2026-03-25T10:00:00.000Z",
        "datacontenttype": "application/json",
    }
    assert (data["pause_id"], data["creditor"], data["change"]) == (pause.pause_id, pause.creditor, "STARTED")
    traced = replace(cause, meta=replace(cause.meta, traceparent="00-1-2-01"))
    assert json.loads(structured(traced))["traceparent"] == "00-1-2-01"


async def answered(respond: Callable[[httpx.Request], httpx.Response], url: str = URL) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        await post(client, url, b"{}", "0b7f")


async def test_the_request_says_what_it_is_and_by_what_key_it_is_known() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    await answered(respond)
    (request,) = seen
    assert (request.method, str(request.url), request.content) == ("POST", URL, b"{}")
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.headers["idempotency-key"] == "0b7f"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *[(status, TransientError) for status in (408, 429, 500, 502, 503, 504)],
        *[(status, PermanentError) for status in (301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 422)],
    ],
)
async def test_an_answer_that_may_pass_by_is_tried_again_and_others_are_not(
    status: int, error: type[SignaalhubError]
) -> None:
    calls = 0

    def respond(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(status, headers={"Location": "https://elders.example/"})

    with pytest.raises(error, match=str(status)):
        await answered(respond)
    assert calls == 1


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut off")]
)
async def test_a_receiver_that_is_away_is_tried_again(failure: Exception) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(TransientError):
        await answered(respond)


@pytest.mark.parametrize(
    "url",
    [
        "http://ontvanger.example/haak",
        "http://10.0.0.1/haak",
        "http://localhost.example/haak",
        "http://127.0.0.1.example/haak",
        "http://127.0.0.1@ontvanger.example/haak",
        "ftp://127.0.0.1/haak",
        "//127.0.0.1/haak",
    ],
)
async def test_nothing_is_posted_unencrypted_to_another_machine(url: str) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(PermanentError, match="not https"):
        await answered(respond, url)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]", "localhost:8080"])
async def test_a_receiver_on_this_machine_may_be_plain_http(host: str) -> None:
    await answered(lambda request: httpx.Response(204), f"http://{host}/haak")


async def test_an_url_without_sense_is_not_tried_again() -> None:
    with pytest.raises(PermanentError):
        await answered(lambda request: httpx.Response(200), "http://[::1")
