import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from services.common.http_protocol import MOST_HEAD
from services.common.testing import make_settings
from services.local.waiting import free_ports, wait_until

pytestmark = pytest.mark.real

SERVICE = """
import asyncio, os, socket
from pathlib import Path
from mode import Service
from services.common.host import Parts
from services.common.publish import Publisher
from services.common.web import BASE, make_app

class Slow(Service):
    "A part that loads until a file is there, and says at its end whether HTTP still took requests."

    def __init__(self, runtime):
        super().__init__()
        self._port = runtime.settings.http_port

    async def on_start(self):
        while not Path(os.environ["GO"]).exists():
            await asyncio.sleep(0.01)

    async def on_stop(self):
        with socket.socket() as probe:
            print("open" if probe.connect_ex(("127.0.0.1", self._port)) == 0 else "closed", flush=True)

    async def break_down(self):
        raise ValueError("jan@voorbeeld.nl")

def build(runtime):
    slow, app = Slow(runtime), make_app(runtime, "Klein", "Een proef.")

    @app.post(f"{BASE}/storingen")
    async def break_down() -> None:
        slow.add_future(slow.break_down())

    return Parts((Publisher(runtime), slow), app)
"""
START = (
    "import sys, services; services.__path__.append(sys.argv[1]);"
    "from services.common.host import run; run(sys.argv[2])"
)


@dataclass(frozen=True)
class Tiny:
    process: subprocess.Popen[str]
    url: str
    go: Path

    def health(self) -> tuple[int, Any]:
        try:
            answer = self.get("/health")
        except httpx.HTTPError:
            return 0, {}
        return answer.status_code, answer.json()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path)

    def raw(self, request: bytes, rest: bytes = b"") -> bytes:
        """All that comes back until the server closes the connection; the rest is sent behind an answer."""
        with socket.create_connection(("127.0.0.1", httpx.URL(self.url).port or 0), timeout=10) as connection:
            connection.sendall(request)
            answer = connection.recv(4096) if rest else b""
            if rest:
                connection.sendall(rest)
            return answer + b"".join(iter(lambda: connection.recv(4096), b""))

    def wait(self, status: int) -> None:
        wait_until(lambda: self.health()[0] == status, 30, f"health {status}")

    def end(self) -> tuple[int, str, list[dict[str, Any]]]:
        """Exit code, standard output and the lines of the log."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, [json.loads(line) for line in err.splitlines()]


Start = Callable[..., Tiny]


@pytest.fixture
def start(kafka: str, tmp_path: Path) -> Iterator[Start]:
    with starting(kafka, tmp_path) as launch:
        yield launch


@pytest.fixture(scope="module")
def listening(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """One that answers; what is sent to it may not change it."""
    with starting(kafka, tmp_path_factory.mktemp("listening")) as launch:
        tiny = launch()
        tiny.wait(503)
        yield tiny


@contextmanager
def starting(kafka: str, tmp_path: Path) -> Iterator[Start]:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "app.py").write_text(SERVICE)
    started: list[subprocess.Popen[str]] = []

    def launch(name: str = "tiny", **env: str) -> Tiny:
        port, go = free_ports(1)[0], tmp_path / "go"
        plain = make_settings(kafka=kafka, http_port=port).model_dump(mode="json", exclude_none=True)
        settings = {f"SIGNAALHUB_{name.upper()}": str(value) for name, value in plain.items()}
        secret = make_settings().database_url.get_secret_value()
        settings["SIGNAALHUB_DATABASE_URL"] = secret
        whole = os.environ | settings | {"GO": str(go)} | env
        process = subprocess.Popen(
            [sys.executable, "-c", START, tmp_path, name],
            env={name: value for name, value in whole.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return Tiny(process, f"http://127.0.0.1:{port}", go)

    try:
        yield launch
    finally:
        for process in started:
            process.kill()
            process.communicate()


async def groups(kafka: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return {name for name, _ in await admin.list_consumer_groups()}
    finally:
        await admin.close()


async def test_a_service_says_what_is_loading_then_works_and_stops_in_order(start: Start, kafka: str) -> None:
    tiny = start()
    tiny.wait(503)
    assert tiny.health()[1]["onderdelen"]["host"] == "onderdelen starten nog"
    tiny.go.touch()
    tiny.wait(200)
    assert tiny.health()[1]["onderdelen"] == {"host": "gezond", "publisher": "gezond"}
    assert "server" not in tiny.get("/v1/openapi.json").headers
    assert "tiny" not in await groups(kafka)
    tiny.process.send_signal(signal.SIGTERM)
    code, out, log = tiny.end()
    assert (code, out) == (0, "closed\n")
    assert [line["event"] for line in log] == ["service_started", "service_stopped"]
    assert {(line["service"], line["replica"]) for line in log} == {("tiny", "0")}


LONG = b"x" * (MOST_HEAD + 1)
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a b\r\nBad Header: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\n\r\n",  # for which host?
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n",  # who believes which length smuggles
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET /" + LONG,
        b"GET / HTTP/1.1\r\nX: " + LONG,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (len(LONG) // 5),
        CHUNKED + b"\r\n0\r\nX: " + LONG,  # what comes after the last chunk has headers too
    ],
    ids=["header", "tls", "no host", "two hosts", "two ways", "lengths", "path", "value", "many", "trailer"],
)
def test_what_is_no_http_gets_a_problem_with_all_headers(listening: Tiny, request_: bytes) -> None:
    answer = listening.raw(request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert {b"api-version", b"strict-transport-security", b"x-content-type-options"} <= names
    assert json.loads(body)["status"] == 400


def test_many_requests_on_one_connection_have_each_a_head_of_its_own(listening: Tiny) -> None:
    head = b"GET /v1/openapi.json HTTP/1.1\r\nHost: a\r\nX: " + LONG[: MOST_HEAD // 2]
    asked = (head + b"\r\n\r\n") * 3 + head + b"\r\nConnection: close\r\n\r\n"
    assert listening.raw(asked).count(b"HTTP/1.1 200") == 4


SMUGGLED = b"GET /v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
UPGRADE = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: %d\r\n\r\n" % len(SMUGGLED), SMUGGLED),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
    ],
    ids=["length", "chunked"],
)
@pytest.mark.parametrize("parts", [1, 2], ids=["one read", "two reads"])
def test_who_asks_for_another_protocol_smuggles_no_request_in_its_body(
    listening: Tiny, head: bytes, body: bytes, parts: int
) -> None:
    """httptools took the body for the next request (uvicorn issue 2722)."""
    request = UPGRADE + head
    answer = listening.raw(request + body + LAST) if parts == 1 else listening.raw(request, body + LAST)
    assert answer.count(b"HTTP/1.1 404") == answer.count(b"HTTP/1.1 ") == 2


def test_what_goes_wrong_behind_an_answer_is_no_second_answer(start: Start) -> None:
    tiny = start()
    tiny.wait(503)
    answer = tiny.raw(CHUNKED + b"\r\n", b"no chunk\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 404")
    tiny.process.send_signal(signal.SIGTERM)
    assert [line for line in tiny.end()[2] if line["level"] == "error"] == []


def test_a_service_stops_in_peace_while_a_part_is_still_loading(start: Start) -> None:
    tiny = start()
    tiny.wait(503)
    tiny.process.send_signal(signal.SIGTERM)
    assert tiny.end()[0] == 0


def test_a_part_that_crashes_ends_the_process_with_1_and_its_message_is_not_logged(start: Start) -> None:
    tiny = start()
    tiny.go.touch()
    tiny.wait(200)
    httpx.post(f"{tiny.url}/v1/storingen")
    code, out, log = tiny.end()
    assert (code, out) == (1, "closed\n")
    assert log[-1]["event"] == "service_crashed"
    assert log[-1]["exception"][0]["type"] == "builtins.ValueError"
    assert "voorbeeld" not in json.dumps(log)


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ({"SIGNAALHUB_ISSUER": ""}, "SIGNAALHUB_ISSUER"),
        ({"SIGNAALHUB_KAFKA_REPLICATION": "many"}, "SIGNAALHUB_KAFKA_REPLICATION"),
        ({"SIGNAALHUB_HTTP_HOST": "203.0.113.1"}, "cannot listen on 203.0.113.1"),
        ({"SIGNAALHUB_SCHEMAS_DIR": "/nowhere"}, "SIGNAALHUB_SCHEMAS_DIR"),
    ],
)
def test_a_wrong_setting_ends_the_process_with_2_and_one_line_that_names_it(
    start: Start, env: dict[str, str], reason: str
) -> None:
    code, _, log = start(**env).end()
    assert code == 2
    assert log[-1]["event"] == "service_misconfigured"
    assert reason in log[-1]["reason"]


def test_a_service_that_is_not_there_ends_the_process_with_2(start: Start) -> None:
    code, _, log = start("tinny").end()
    assert (code, log[-1]["reason"]) == (2, "there is no service tinny")
