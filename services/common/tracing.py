"""The W3C traceparent of what this task works for; the HTTP layer sets it, what is published carries it."""

from contextvars import ContextVar

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
