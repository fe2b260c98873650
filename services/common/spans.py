"""Spans by OpenTelemetry, sent as OTLP over HTTP by a thread of its own; imported only where switched on.

A trace whose caller did not say so is recorded by chance: SIGNAALHUB_TRACE_RATIO, or what OTEL_TRACES_SAMPLER
says. A collector that is away costs its spans and a line in the log, nothing else.
"""

import os
from collections.abc import Sequence
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio, Sampler
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtlpSpan

from services.common.settings import Settings
from services.common.tracing import Attributes, Kind, Span, is_sampled, trace_id_of

CLOSE_SECONDS = 3.0
"""At the end of a process: with the parts' 15 s still less than a supervisor waits before it kills."""


class OtlpTracing:
    """The tracing of one process."""

    on = True

    def __init__(self, service: str, settings: Settings) -> None:
        resource = Resource.create(
            {
                "service.name": service,
                "service.namespace": "signaalhub",
                "service.instance.id": settings.replica,
            }
        )
        base = settings.otlp_endpoint
        exporter = OTLPSpanExporter(endpoint=f"{base.rstrip('/')}/v1/traces" if base else None)
        self._provider = TracerProvider(resource=resource, sampler=_sampler(settings), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("signaalhub")

    def request(self, parent: str | None) -> Span:
        return _Recorded(self._tracer.start_span("request", context=_under(parent), kind=SpanKind.SERVER))

    def child(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes, links: Sequence[str] = ()
    ) -> Span:
        if not is_sampled(parent):
            return Span(parent)
        others = [Link(found) for each in links if (found := _context(each))]
        return _Recorded(
            self._tracer.start_span(name, _under(parent), SpanKind[kind.value], attributes, others)
        )

    def close(self) -> None:
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)


class _Recorded(Span):
    def __init__(self, span: OtlpSpan) -> None:
        found = span.get_span_context()
        super().__init__(f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}")
        self._span = span

    def describe(self, name: str, attributes: Attributes) -> None:
        self._span.update_name(name)
        self._span.set_attributes(attributes)

    def end(self, error: str | None = None) -> None:
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR))
            self._span.set_attribute("error.type", error)
        self._span.end()


def _sampler(settings: Settings) -> Sampler | None:
    """Return None for what the SDK reads from the environment."""
    return None if os.environ.get("OTEL_TRACES_SAMPLER") else ParentBasedTraceIdRatio(settings.trace_ratio)


def _under(parent: str | None) -> Context:
    found = _context(parent)
    return set_span_in_context(NonRecordingSpan(found), Context()) if found else Context()


def _context(traceparent: str | None) -> SpanContext | None:
    if traceparent is None or trace_id_of(traceparent) is None:
        return None
    _, trace, span, flags = traceparent.split("-")[:4]
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
