from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.common.hops import MOST, Hops
from services.common.records import Message, Meta
from services.common.spans import OtlpTracing
from services.common.testing import make_settings
from services.common.tracing import TRACEPARENT, Kind, is_sampled, trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE}-b7ad6b7169203331-00"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> OtlpTracing:
    """Records into memory instead of sending: the exporter itself is tried on the running hub."""
    monkeypatch.setattr("services.common.spans.BatchSpanProcessor", lambda _: SimpleSpanProcessor(spans))
    return OtlpTracing("ingest", make_settings(otlp_endpoint="http://127.0.0.1:1", trace_ratio=0))


def message(offset: int, traceparent: str | None) -> Message:
    meta = Meta(f"id-{offset}", "urn:x", "t", datetime(2026, 1, 1, tzinfo=UTC), traceparent)
    return Message(
        topic="signals.v1",
        key="k",
        content=None,
        meta=meta,
        value=None,
        headers=(),
        partition=0,
        offset=offset,
    )


def text(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def test_a_request_is_recorded_under_its_callers_span_when_that_is_sampled(
    tracing: OtlpTracing, spans: InMemorySpanExporter
) -> None:
    span = tracing.request(PARENT)
    span.describe("POST /v1/signalen", {"http.response.status_code": 202})
    span.end()
    tracing.request(UNSAMPLED).end()
    (found,) = spans.get_finished_spans()
    assert text(found) == span.traceparent
    assert (found.name, found.attributes) == ("POST /v1/signalen", {"http.response.status_code": 202})
    assert found.parent is not None
    assert f"{found.parent.span_id:016x}" == "b7ad6b7169203331"
    assert trace_id_of(span.traceparent) == TRACE


@pytest.mark.parametrize(("ratio", "sampled"), [(0, False), (1, True)])
def test_chance_decides_when_the_caller_says_nothing(ratio: float, sampled: bool) -> None:
    tracing = OtlpTracing("x", make_settings(otlp_endpoint="http://127.0.0.1:1", trace_ratio=ratio))
    assert is_sampled(tracing.request(None).traceparent) is sampled
    assert not is_sampled(tracing.request(UNSAMPLED).traceparent)
    tracing.close()


def test_opentelemetrys_own_sampler_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    tracing = OtlpTracing("x", make_settings(otlp_endpoint="http://127.0.0.1:1", trace_ratio=0))
    assert is_sampled(tracing.request(None).traceparent)
    tracing.close()


def test_what_is_not_sampled_costs_no_span(tracing: OtlpTracing, spans: InMemorySpanExporter) -> None:
    for parent in (None, UNSAMPLED):
        child = tracing.child("publish", Kind.PRODUCER, parent, {})
        child.end()
        assert child.traceparent == parent
    assert not spans.get_finished_spans()


def test_each_sampled_record_has_a_span_and_the_commit_links_them(
    tracing: OtlpTracing, spans: InMemorySpanExporter
) -> None:
    with Hops(tracing, "matcher-households") as hops:
        first, second = hops.of(message(1, PARENT)), hops.of(message(2, PARENT))
        assert hops.of(message(1, PARENT)) == first, "handled again once a topic is known"
        assert hops.of(message(3, UNSAMPLED)) == UNSAMPLED
        assert hops.of(message(4, None)) is None
        with hops.commit():
            assert trace_id_of(TRACEPARENT.get()) == TRACE
    commit, *records = spans.get_finished_spans()
    assert [text(each) for each in records] == [first, second]
    assert commit.parent is not None
    assert f"{commit.parent.span_id:016x}" == (first or "").split("-")[2]
    assert [f"{link.context.span_id:016x}" for link in commit.links] == [(second or "").split("-")[2]]
    assert {each.name for each in records} == {"process signals.v1"}


def test_beyond_the_most_records_pass_their_traceparent_on(
    tracing: OtlpTracing, spans: InMemorySpanExporter
) -> None:
    with Hops(tracing, "matcher-households") as hops:
        traces = [hops.of(message(n, PARENT)) for n in range(MOST + 5)]
    assert len(spans.get_finished_spans()) == MOST
    assert traces[MOST:] == [PARENT] * 5


def test_a_transaction_that_fails_shows_as_failed(tracing: OtlpTracing, spans: InMemorySpanExporter) -> None:
    def fail() -> None:
        with Hops(tracing, "p") as hops:
            hops.of(message(1, PARENT))
            with hops.commit():
                raise TimeoutError

    with pytest.raises(TimeoutError):
        fail()
    errors = [(each.attributes or {}).get("error.type") for each in spans.get_finished_spans()]
    assert errors == ["TimeoutError", "TimeoutError"]


def test_a_record_that_is_put_aside_shows_as_failed_alone(
    tracing: OtlpTracing, spans: InMemorySpanExporter
) -> None:
    with Hops(tracing, "p") as hops:
        hops.of(message(1, PARENT))
        hops.of(message(2, PARENT))
        hops.failed("signals.v1", 0, 2, "ContractError")
    errors = [(each.attributes or {}).get("error.type") for each in spans.get_finished_spans()]
    assert errors == [None, "ContractError"]


def test_a_malformed_parent_begins_a_trace_of_its_own(
    tracing: OtlpTracing, spans: InMemorySpanExporter
) -> None:
    tracing.child("x", Kind.CONSUMER, "jan@voorbeeld.nl-01", {}).end()
    assert not spans.get_finished_spans()
