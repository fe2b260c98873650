"""Every kind of place where personal data could get to, with something planted in it for the search."""

import gzip
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

import httpx
import msgspec
import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from tests.real.hub.town import BSN
from tests.real.hub.watched import CUSTOMER, EMAIL, NAME, PHONE, SECONDS, Watched, workbook

TOPIC, CHANGELOG = "checks.v1.dlq", "matcher-households.changelog"
Plant = Callable[[Watched], None]


def produce(
    town: Watched,
    topic: str,
    *,
    key: bytes = b"planted",
    value: bytes = b"x",
    headers: list[tuple[str, str | bytes | None]] | None = None,
) -> None:
    """Write a record as anybody with the right to could."""
    producer = Producer({"bootstrap.servers": town.endpoints["kafka"]})
    producer.produce(topic, value, key, headers=headers or [])
    assert producer.flush(SECONDS) == 0


def _make_topic(town: Watched) -> None:
    admin = AdminClient({"bootstrap.servers": town.endpoints["kafka"]})
    for each in admin.create_topics([NewTopic(f"planted.{BSN}", 1, 1)]).values():
        each.result(SECONDS)


def _make_group(town: Watched) -> None:
    consumer = Consumer({"bootstrap.servers": town.endpoints["kafka"], "group.id": f"planted-{BSN}"})
    try:
        consumer.commit(offsets=[TopicPartition(TOPIC, 0, 0)], asynchronous=False)
    finally:
        consumer.close()


def _sql(statement: str, *values: object) -> Plant:
    def run(town: Watched) -> None:
        url = town.endpoints["database"].replace("+psycopg", "", 1)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    return run


def _column(kind: str, value: object) -> Plant:
    table = f"planted_{kind.partition('[')[0]}"
    make, fill = _sql(f"CREATE TABLE {table} (it {kind})"), _sql(f"INSERT INTO {table} VALUES (%s)", value)
    return lambda town: (make(town), fill(town))[0]


def _file(name: str, content: bytes) -> tuple[str, Plant]:
    def write(town: Watched) -> None:
        path = town.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    return f"file data/{name}".replace("data/../", ""), write


def _answer(path: str, status: int, **content: object) -> Plant:
    request = httpx.Request("GET", f"http://hub{path}")
    return lambda town: town.heard.append(httpx.Response(status, request=request, **content))  # type: ignore[arg-type]


def _said(text: str) -> list[KeyValue]:
    return [KeyValue(key="x", value=AnyValue(string_value=text))]


SPANS: Mapping[str, tuple[Span, str]] = {
    "name of a span": (Span(name=f"GET /v1/{BSN}"), ""),
    "attribute of a span": (Span(attributes=_said(NAME)), ""),
    "event of a span, such as an exception": (
        Span(events=[Span.Event(attributes=_said(f"not {EMAIL}"))]),
        "",
    ),
    "status of a span": (Span(status=Status(message=f"no {BSN}")), ""),
    "attribute of a process that sends spans": (Span(), EMAIL),
}


def exported(span: Span, whose: str) -> bytes:
    """Return the body with which a service sends a span."""
    resource = Resource(attributes=[*_said(whose), *_named("service.name", "x")])
    spans = ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=[span])])
    body: bytes = ExportTraceServiceRequest(resource_spans=[spans]).SerializeToString()
    return body


def _named(key: str, value: str) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=value))]


_NUMBER = msgspec.msgpack.encode([None, int(BSN)])
PLACES: Mapping[str, tuple[str, Plant]] = {
    "key": (f"topic {TOPIC}, key", lambda town: produce(town, TOPIC, key=BSN.encode())),
    "key in msgpack": (
        "topic questions.v1.dlq, key",
        lambda town: produce(town, "questions.v1.dlq", key=_NUMBER),
    ),
    "header": (f"topic {TOPIC}, headers", lambda town: produce(town, TOPIC, headers=[("x", EMAIL.encode())])),
    "name of a header": (
        "topic cases.v1.dlq, headers",
        lambda town: produce(town, "cases.v1.dlq", headers=[(NAME, b"x")]),
    ),
    "value": (f"topic {TOPIC}, value", lambda town: produce(town, TOPIC, value=f"not {EMAIL}".encode())),
    "changelog": (f"topic {CHANGELOG}, content", lambda town: produce(town, CHANGELOG, value=_NUMBER)),
    "name of a group": ("topic __consumer_offsets, key", _make_group),
    "name of a topic": ("topic names", _make_topic),
    "column of text": ("table public.planted_text, it", _column("text", PHONE)),
    "column of JSON": ("table public.planted_jsonb, it", _column("jsonb", json.dumps({"x": [NAME]}))),
    "column of bytes": ("table public.planted_bytea, it", _column("bytea", _NUMBER)),
    "column of numbers": ("table public.planted_bigint, it", _column("bigint", int(BSN))),
    "column of lists": ("table public.planted_varchar, it", _column("varchar[]", [CUSTOMER])),
    "name of a column": ("table names", _sql(f'CREATE TABLE planted (x text, "{BSN}" text)')),
    "view that is kept": (
        "table public.planted_view, it",
        _sql(f"CREATE MATERIALIZED VIEW planted_view AS SELECT '{BSN}' AS it"),
    ),
    "line of a log": _file("logs/planted.log", f'{{"event": "{NAME}"}}'.encode()),
    "URL in a log": _file("logs/access.log", f"GET /x?naam={quote(NAME)}".encode()),
    "log that is packed": _file("logs/old.log.gz", gzip.compress(EMAIL.encode())),
    "log of who started it": _file("../planted.log", EMAIL.encode()),
    "spreadsheet": _file("planted/1.xlsx", workbook(f"bsn\r\n{BSN}".encode())),
    "name of a file": ("file names", _file(f"planted/{BSN}.csv", b"")[1]),
    "label of a metric": (
        "answer metrics 200",
        _answer("/metrics", 200, text=f'x_total{{party="{NAME}"}} 1'),
    ),
    "header of an answer": ("answer GET 202", _answer("/v1/x", 202, headers={"Location": f"/v1/x/{BSN}"})),
    "body of an answer": ("answer GET 418", _answer("/v1/x", 418, json={"detail": NAME})),
}
"""What stands where: the place by which a hit is known, and what plants it."""
