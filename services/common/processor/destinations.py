"""The output topics of a processor as one producer knows them; one that does not exist must never block."""

import re
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaProducer

from services.common.catalogue import Catalogue, ProcessorSpec, changelog_of, dlq_of
from services.common.errors import ContractError, TransientError
from services.common.events import SUBJECTS, Event
from services.common.processor.poison import HaltError

_REFRESH_SECONDS = 1.0
"""How often at most the broker is asked about topics that it did not have."""


class NewTopicError(Exception):
    """A topic that was not looked up yet: `learn` it and handle the record again."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.topic = topic


class NoTopicError(ContractError):
    """A party's topic does not exist: a matter of that party, not a fault of the record or of the handler."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An output topic that exists."""

    partitions: int
    subject: str
    record: type[Event]


class Outputs:
    """Which topics a processor may write to, and which of them it knows; shared by its partitions."""

    def __init__(self, spec: ProcessorSpec, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.spec = spec
        self._allowed = re.compile("|".join(_pattern(name) for name in spec.outputs) or "(?!)")
        plain = [name for name in spec.outputs if "{" not in name]
        changelog = [changelog_of(spec.name)] if spec.stateful else []
        self.required = {*plain, *changelog, *(dlq_of(name) for name in spec.inputs)}
        self.names = {*spec.inputs, *self.required}

    def allows(self, topic: str) -> bool:
        return self._allowed.fullmatch(topic) is not None

    def found(self, topics: set[str]) -> None:
        """Take over the tenants' topics that the broker has, so that each producer asks for all at once."""
        self.names |= {topic for topic in topics if self.allows(topic)}


class Destinations:
    """What one producer's own metadata say about the output topics."""

    def __init__(self, outputs: Outputs, producer: AIOKafkaProducer) -> None:
        self._outputs = outputs
        self._client = producer.client
        self._known: dict[str, Destination] = {}
        self._absent: dict[str, float] = {}

    async def start(self) -> None:
        """Fetch the metadata of all known topics; only those of the parties may be missing."""
        await self._client.set_topics(self._outputs.names)
        missing = sorted(topic for topic in self._outputs.required if not self.partitions(topic))
        if missing:
            raise TransientError(f"topic {missing[0]} does not exist; run: signaalhub topics apply")
        for topic in self._outputs.spec.inputs:
            wanted, found = self._outputs.catalogue.topic(topic).partitions, self.partitions(topic)
            if found != wanted:
                raise HaltError(f"topic {topic} has {found} partitions, topics.yaml says {wanted}")

    def get(self, topic: str) -> Destination:
        """Return a topic; else `NewTopicError` (look it up) or `NoTopicError` (it does not exist)."""
        found = self._known.get(topic)
        if found is not None:
            return found
        if not self._outputs.allows(topic):
            raise ContractError(f"topic {topic} is not an output of {self._outputs.spec.name} in topics.yaml")
        count = self.partitions(topic)
        if count is not None:
            subject = self._outputs.catalogue.subject_of(topic)
            return self._known.setdefault(topic, Destination(count, subject, SUBJECTS[subject]))
        if monotonic() - self._absent.get(topic, -_REFRESH_SECONDS) < _REFRESH_SECONDS:
            raise NoTopicError(f"topic {topic} does not exist")
        raise NewTopicError(topic)

    def partitions(self, topic: str) -> int | None:
        """Return the number of partitions of any topic that the producer has metadata of."""
        found: set[int] | None = self._client.cluster.partitions_for_topic(topic)
        return len(found) if found else None

    async def learn(self, topic: str) -> None:
        """Ask the broker for a topic; afterwards `get` gives it or says that it does not exist.

        All topics at once: where one party is new others are too, and each question about a thousand topics
        takes a producer tens of milliseconds.
        """
        names = self._outputs.names
        if topic not in names:
            self._outputs.found((await self._client.fetch_all_metadata()).topics())
        if not await self._client.set_topics(names):
            raise TransientError("no broker told which topics there are")
        if not self.partitions(topic):
            names.discard(topic)
            self._absent[topic] = monotonic()


def _pattern(name: str) -> str:
    return re.escape(name).replace(re.escape("{oin}"), r"\d{20}")
