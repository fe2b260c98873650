import pytest

from services.common.testing import make_settings
from services.common.tracing import (
    TRACEPARENT,
    Kind,
    NoTracing,
    Span,
    carried,
    is_sampled,
    make_tracing,
    received,
    trace_id_of,
    working,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([PARENT], PARENT),
        ([f"00-{TRACE}-b7ad6b7169203331-00"], f"00-{TRACE}-b7ad6b7169203331-00"),
        ([f"cc-{TRACE}-b7ad6b7169203331-01-what.a.later.version.adds"], PARENT),
        ([], None),
        ([PARENT, PARENT], None),
        ([f"{PARENT}-more"], None),
        ([f"ff-{TRACE}-b7ad6b7169203331-01"], None),
        ([f"cc-{TRACE}-b7ad6b7169203331-01x"], None),
        ([f"00-{'0' * 32}-b7ad6b7169203331-01"], None),
        ([f"00-{TRACE}-{'0' * 16}-01"], None),
        ([PARENT.upper()], None),
        (["jan@voorbeeld.nl"], None),
        ([""], None),
        (["\xff" * 55], None),
    ],
)
def test_of_a_request_only_a_traceparent_of_the_w3c_form_is_taken_over(
    values: list[str], found: str | None
) -> None:
    assert received([value.encode("latin-1") for value in values]) == found


def test_without_an_exporter_what_came_is_passed_on() -> None:
    tracing = NoTracing()
    assert tracing.request(PARENT).traceparent == PARENT
    assert tracing.child("x", Kind.PRODUCER, PARENT, {}).traceparent == PARENT
    assert tracing.child("x", Kind.PRODUCER, None, {}).traceparent is None


def test_a_request_without_one_gets_one_of_its_own_that_is_not_sampled() -> None:
    one, other = (NoTracing().request(None).traceparent for _ in range(2))
    assert one != other
    assert received([(one or "").encode()]) == one
    assert not is_sampled(one)


@pytest.mark.parametrize(
    ("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True), ("0f", True)]
)
def test_the_last_bit_tells_whether_a_trace_is_recorded(flags: str, sampled: bool) -> None:
    assert is_sampled(f"00-{TRACE}-b7ad6b7169203331-{flags}") is sampled


def test_no_traceparent_is_not_sampled_and_has_no_trace_id() -> None:
    assert not is_sampled(None)
    assert not is_sampled("")
    assert trace_id_of(None) is None
    assert trace_id_of("jan@voorbeeld.nl") is None
    assert trace_id_of(PARENT) == TRACE


def test_the_traceparent_of_a_record_is_found_among_its_headers() -> None:
    assert carried([("ce_id", b"1"), ("traceparent", PARENT.encode())]) == PARENT
    assert carried([("traceparent", None)]) is None
    assert carried([]) is None


def test_work_is_for_a_trace_until_it_ends_also_by_an_error() -> None:
    class Noting(Span):
        ended: str | None = "not yet"

        def end(self, error: str | None = None) -> None:
            self.ended = error

    span = Noting(PARENT)
    with working(span):
        assert TRACEPARENT.get() == PARENT
    assert (TRACEPARENT.get(), span.ended) == (None, None)
    with pytest.raises(ValueError, match="x"), working(span):
        raise ValueError("x")
    assert (TRACEPARENT.get(), span.ended) == (None, "ValueError")


def test_nothing_is_recorded_unless_a_collector_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not make_tracing("ingest", make_settings()).on
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    found = make_tracing("ingest", make_settings())
    assert found.on
    found.close()
