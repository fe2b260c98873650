"""Handlers that do next to nothing, and the catalogue in which each has a processor and an output topic."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.common.catalogue import Catalogue, ProcessorSpec, Topic
from services.common.records import Effects, Forward, Handler, Message, Outgoing, WakeUp

PARTITIONS = 12
SOURCE = "bench.signals.v1"
Count = Callable[[], None]


def forwarding(target: str, count: Count) -> Handler[Any]:
    """Pass every record on as it is."""

    def handle(state: None, happened: Message | WakeUp, now: datetime) -> Effects[Any]:
        count()
        return Effects(None, (Forward(target, _message(happened)),))

    return handle


def counting(target: str, count: Count) -> Handler[Any]:
    """Count the records of a household in its state, and pass every record on as it is."""

    def handle(state: int | None, happened: Message | WakeUp, now: datetime) -> Effects[Any]:
        count()
        return Effects((state or 0) + 1, (Forward(target, _message(happened)),))

    return handle


def encoding(target: str, count: Count) -> Handler[Any]:
    """Write every event anew."""

    def handle(state: None, happened: Message | WakeUp, now: datetime) -> Effects[Any]:
        count()
        message = _message(happened)
        return Effects(None, (Outgoing(target, message.key, message.event, "copied", message.meta.id),))

    return handle


HANDLERS: dict[str, Callable[[str, Count], Handler[Any]]] = {
    "forwarding": forwarding,
    "counting": counting,
    "encoding": encoding,
}


def _message(happened: Message | WakeUp) -> Message:
    if isinstance(happened, WakeUp):
        raise TypeError("nothing sets a timer here")
    return happened


def out(name: str) -> str:
    """Return the output topic of a processor."""
    return f"bench.{name}.v1"


def catalogue(base: Catalogue, names: Sequence[str]) -> Catalogue:
    """Return the source, and for each name a processor; those of `counting` have state."""
    topics = [_topic(SOURCE), *(_topic(out(name)) for name in names)]
    processors = [
        ProcessorSpec(
            name=name,
            service="bench",
            inputs=(SOURCE,),
            outputs=(out(name),),
            stateful=name.startswith("counting"),
        )
        for name in names
    ]
    return replace(base, topics=tuple(topics), tenant_topics=(), processors=tuple(processors))


def _topic(name: str) -> Topic:
    return Topic(
        name=name,
        subject="signals",
        description="",
        key="household",
        partitions=PARTITIONS,
        owner="bench",
        producers=(),
        consumers=(),
        dlq=True,
        personal_data=False,
        retention_days=1,
    )
