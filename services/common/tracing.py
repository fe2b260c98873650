"""Traces: the W3C traceparent of what a task works for, and spans around that work.

Every request has a traceparent, its own or a new one; what is published for it carries it on, and so does
what follows from that, up to the tenant's topic. Spans are recorded only where an exporter is set (spans.py),
and then of what is sampled: the last digit of a traceparent is odd.
"""

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Protocol

from services.common.settings import Settings

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""Of what this task works for; set by access.py and `working`, read by log.py and the Publisher."""
SAMPLED = frozenset("13579bdf")

Attributes = Mapping[str, str | int]
"""Ids, names and counts only; nothing of a resident."""

_W3C = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Kind(StrEnum):
    """What a span is, in OpenTelemetry's words."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    INTERNAL = "INTERNAL"


class Span:
    """Work that belongs to a trace; this one is not recorded, it only passes the traceparent on."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent
        """What the work's own messages carry."""

    def describe(self, name: str, attributes: Attributes) -> None:
        """Say what is known only at the end."""

    def end(self, error: str | None = None) -> None:
        """End it; `error` is the type of what went wrong."""


class Tracing(Protocol):
    """The port: `NoTracing`, or `OtlpTracing` of spans.py."""

    on: bool

    def request(self, parent: str | None) -> Span:
        """Begin the span of a request from outside; it always has a traceparent."""

    def child(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes, links: Sequence[str] = ()
    ) -> Span:
        """Begin a span under another one; not recorded when that is absent or not sampled."""

    def close(self) -> None:
        """Send what is left, within seconds."""


class NoTracing:
    """No exporter is set: nothing is recorded."""

    on = False

    def request(self, parent: str | None) -> Span:
        return Span(parent or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00")

    def child(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes, links: Sequence[str] = ()
    ) -> Span:
        return Span(parent)

    def close(self) -> None:
        """Nothing is open."""


def make_tracing(service: str, settings: Settings) -> Tracing:
    """Return what the settings, or OpenTelemetry's own, ask for."""
    if settings.otlp_endpoint is None and not any(os.environ.get(name) for name in _STANDARD):
        return NoTracing()
    from services.common.spans import OtlpTracing  # noqa: PLC0415 - half a second that is spent only where wanted

    return OtlpTracing(service, settings)


def is_sampled(traceparent: str | None) -> bool:
    """Tell whether who began the trace wants it recorded."""
    return traceparent is not None and traceparent[-1:] in SAMPLED


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the 32 hex digits that all of a trace has in common; None when it is no traceparent."""
    found = _W3C.match(traceparent or "")
    return found[1] if found else None


def received(values: Sequence[bytes]) -> str | None:
    """Return the traceparent of a request with these headers of that name; a wrong one counts as none."""
    text = values[0].decode("latin-1") if len(values) == 1 else ""
    known = len(text) == 55 or (text[:2] != "00" and text[55:56] == "-")
    return f"00{text[2:55]}" if known and _W3C.match(text) else None


def carried(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Return the traceparent of a record that may be unreadable otherwise."""
    return next((value.decode("latin-1") for name, value in headers if name == "traceparent" and value), None)


@contextmanager
def working(span: Span) -> Iterator[Span]:
    """Make what is done inside part of a span, and end it."""
    token = TRACEPARENT.set(span.traceparent)
    try:
        yield span
    except BaseException as error:
        span.end(type(error).__name__)
        raise
    else:
        span.end()
    finally:
        TRACEPARENT.reset(token)
