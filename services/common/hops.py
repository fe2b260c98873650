"""The spans of one transaction: one for each sampled record in it, and one for the commit of them all."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from services.common.records import Message
from services.common.tracing import SAMPLED, Kind, Span, Tracing, working

MOST = 20
"""Spans per transaction: 200,000 signals under one sampled traceparent must not cost as many."""


class Hops:
    """What one transaction handles for whom; the spans end with it, so an aborted one shows as failed."""

    def __init__(self, tracing: Tracing, part: str) -> None:
        self.on = tracing.on
        self._tracing = tracing
        self._part = part
        self._spans: dict[tuple[str, int, int], Span] = {}
        self._errors: dict[tuple[str, int, int], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = None if kind is None else kind.__name__
        for place, span in self._spans.items():
            span.end(failure or self._errors.get(place))

    def of(self, message: Message) -> str | None:
        """Return the traceparent of what follows from a message: of its own span here, if it has one."""
        trace = message.meta.traceparent
        if (
            trace is None or trace[-1:] not in SAMPLED
        ):  # `is_sampled`, without the call: every record passes here
            return trace
        place = (message.topic, message.partition, message.offset)
        if place not in self._spans and len(self._spans) < MOST:
            self._spans[place] = self._begin(message)
        return self._spans[place].traceparent if place in self._spans else trace

    def failed(self, topic: str, partition: int, offset: int, error: str) -> None:
        """Say what type of error a record met; one without a span is none of ours."""
        self._errors[topic, partition, offset] = error

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Put a span around the commit: under the first record's, linked with those of the others."""
        if not self._spans:
            yield
            return
        first, *others = [span.traceparent for span in self._spans.values() if span.traceparent]
        with working(self._tracing.child(f"commit {self._part}", Kind.INTERNAL, first, {}, others)):
            yield

    def _begin(self, message: Message) -> Span:
        return self._tracing.child(
            f"process {message.topic}",
            Kind.CONSUMER,
            message.meta.traceparent,
            {
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": self._part,
                "messaging.destination.name": message.topic,
                "messaging.destination.partition.id": str(message.partition),
                "messaging.kafka.offset": message.offset,
                "messaging.message.id": message.meta.id,
            },
        )
