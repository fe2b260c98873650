"""The rules of matcher, notifier and feedback joined by topics in memory: no broker, any order.

What Kafka and the Processor promise is kept and nothing more: records of one key of one topic come in their
order, a timer goes off after everything that was there when it fell due.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from services.common.catalogue import load_catalogue
from services.common.events import Event, Lane, Role, Team
from services.common.records import Effects, Forward, Message, Meta, Outgoing, WakeUp, partition_key
from services.common.settings import REPOSITORY
from services.feedback.processors import DISCLOSURE, disclosure
from services.matcher.domain.households import Policies
from services.matcher.processors import (
    HOUSEHOLDS,
    PERSONS,
    REGISTRATIONS,
    households_handler,
    persons_handler,
    registrations,
)
from services.notifier import processors as notifier

Handler = Callable[[Any, Message | WakeUp, datetime], Effects[Any]]
Queue = tuple[str, str, str]
"""Processor, input topic, record key."""

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
PAUSE_DAYS = 30
REPEAT_DAYS = 183


def team(name: str, areas: tuple[str, ...] = (), *lanes: Lane) -> Callable[[str], Team]:
    return lambda municipality: Team(
        team_id=name, municipality=municipality, name=name, areas=areas, lanes=lanes, fallback=name == "rest"
    )


TEAMS = (
    team("crisis", (), Lane.CRISIS),
    team("youth", (), Lane.YOUTH),
    team("centre", ("1234",)),
    team("rest"),
)


def handlers() -> dict[str, Handler]:
    """All processors of the hub by name."""
    return {
        REGISTRATIONS: registrations,
        PERSONS: persons_handler,
        HOUSEHOLDS: households_handler(Policies(lambda _: PAUSE_DAYS, lambda _: REPEAT_DAYS)),
        DISCLOSURE: disclosure,
        notifier.HOUSEHOLDS: notifier.households(lambda oin: [each(oin) for each in TEAMS]),
        notifier.CREDITORS: notifier.creditors(lambda oin: [Role.INTERMEDIARY]),
        notifier.BAILIFFS: notifier.bailiffs,
    }


@dataclass(frozen=True, slots=True)
class Given:
    """A record that came in from outside at a moment."""

    topic: str
    key: str
    event: Event | None
    id: str
    at: datetime

    @property
    def line(self) -> tuple[str, str]:
        """Records of one line never overtake each other."""
        return self.topic, self.key


@dataclass
class Hub:
    """Topics, and the state of each processor by key; `chance` decides which record is handled next."""

    chance: Random
    topics: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    _waiting: dict[Queue, list[Message]] = field(default_factory=dict)
    _state: dict[tuple[str, str], Any] = field(default_factory=dict)
    _timers: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._handlers = handlers()
        self._readers: dict[str, list[str]] = defaultdict(list)
        for name in self._handlers:
            for topic in CATALOGUE.processor(name).inputs:
                self._readers[topic].append(name)

    def give(self, records: Iterable[Given]) -> None:
        """Put records on their topics; nothing is handled yet."""
        for each in records:
            meta = Meta(each.id, "urn:test", "nl.signaalhub.x.happened", each.at)
            self._append(Message(each.topic, each.key, each.event, meta, b"", (), 0, 0))

    def until(self, moment: datetime) -> None:
        """Handle all there is, then what falls due up to a moment, each after what came of the one before."""
        self._drain()
        while self._timers and (due := min(self._timers.values())) <= moment:
            processor, key = min(each for each, at in self._timers.items() if at == due)
            del self._timers[processor, key]
            self._handle(processor, key, WakeUp(key, due), due)
            self._drain()

    @property
    def timers(self) -> dict[tuple[str, str], datetime]:
        """When each key of each processor is woken next."""
        return dict(self._timers)

    def left(self) -> dict[tuple[str, str], Any]:
        """Return what each processor remembers of each key."""
        return {place: state for place, state in self._state.items() if state is not None}

    def _drain(self) -> None:
        while self._waiting:
            queue = self.chance.choice(sorted(self._waiting))
            message = self._waiting[queue].pop(0)
            if not self._waiting[queue]:
                del self._waiting[queue]
            self._handle(queue[0], partition_key(message.key), message, message.meta.time)

    def _handle(self, processor: str, key: str, happened: Message | WakeUp, now: datetime) -> None:
        place = processor, key
        effects = self._handlers[processor](self._state.get(place), happened, now)
        self._state[place] = effects.state
        self._timers.pop(place, None)
        if effects.wake_at is not None:
            self._timers[place] = effects.wake_at
        for output in effects.outputs:
            self._append(_written(output, processor, now))

    def _append(self, message: Message) -> None:
        self.topics[message.topic].append(message)
        for processor in self._readers[message.topic]:
            self._waiting.setdefault((processor, message.topic, message.key), []).append(message)


def _written(output: Outgoing | Forward, processor: str, now: datetime) -> Message:
    if isinstance(output, Forward):
        came = output.message
        return Message(output.topic, came.key, came.event, came.meta, came.value, came.headers, 0, 0)
    meta = Meta(output.id, f"urn:test:{processor}", f"nl.signaalhub.x.{output.what}", now)
    return Message(output.topic, output.key, output.event, meta, b"", (), 0, 0)
