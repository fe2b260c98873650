"""schemas/topics.yaml as typed data: which topics there are, what is on them, who reads and writes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import yaml

from services.common.errors import ConfigurationError
from services.common.events import Role

DLQ_RETENTION_DAYS = 28
TENANT_PREFIX = "tenant."
INTAKE_PREFIX = "intake."


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic; exactly one of `compacted` and `retention_days` is set."""

    name: str
    subject: str
    description: str
    key: str
    partitions: int
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    dlq: bool
    personal_data: bool
    compacted: bool = False
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTopic:
    """A topic that each party with one of `roles` has; `name` holds the place {oin}.

    `collectors`: each local government that collects itself (`Party.collects`) has it too.
    """

    name: str
    subject: str
    roles: tuple[Role, ...]
    partitions: int
    retention_days: int
    collectors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeTopic:
    """A topic that each party with one of `roles` writes itself; `consumer` takes it in, in `group`.

    On it are messages of the interface (JSON), no contract of ours; the sender is the topic's party.
    `name` is `intake.{oin}.` and more.
    """

    name: str
    roles: tuple[Role, ...]
    partitions: int
    retention_days: int
    """For what is not taken in yet: what is, is deleted."""
    consumer: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorSpec:
    """Inputs and outputs of one processor; its name is its consumer group."""

    name: str
    service: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stateful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSpec:
    """Inputs of one projection; its name is its consumer group."""

    name: str
    service: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalTopic:
    """A topic as the broker is to have it."""

    name: str
    partitions: int
    compacted: bool = False
    retention_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The whole catalogue."""

    topics: tuple[Topic, ...]
    tenant_topics: tuple[TenantTopic, ...]
    processors: tuple[ProcessorSpec, ...]
    projections: tuple[ProjectionSpec, ...]
    intake_topics: tuple[IntakeTopic, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Topic]:
        return {topic.name: topic for topic in self.topics}

    @cached_property
    def _tenant_subjects(self) -> dict[str, str]:
        return {topic.name.partition("{oin}.")[2]: topic.subject for topic in self.tenant_topics}

    def topic(self, name: str) -> Topic:
        """Return a hub topic; a name that is not in the catalogue is a `ConfigurationError`."""
        try:
            return self._by_name[name]
        except KeyError:
            raise ConfigurationError(f"topic {name} is not in topics.yaml; add it there first") from None

    def processor(self, name: str) -> ProcessorSpec:
        """Return a processor's entry."""
        for spec in self.processors:
            if spec.name == name:
                return spec
        raise ConfigurationError(f"processor {name} is not in topics.yaml; add it there first")

    def subject_of(self, topic: str) -> str:
        """Return the subject of a hub or tenant topic."""
        if not topic.startswith(TENANT_PREFIX):
            return self.topic(topic).subject
        rest = topic.split(".", 2)[2]
        try:
            return self._tenant_subjects[rest]
        except KeyError:
            raise ConfigurationError(f"tenant topic {topic} is not in topics.yaml") from None

    def hub_topics(self) -> list[PhysicalTopic]:
        """Return every topic of the hub itself: topics, their DLQs, and the processors' changelogs."""
        plain = [
            PhysicalTopic(
                name=t.name, partitions=t.partitions, compacted=t.compacted, retention_days=t.retention_days
            )
            for t in self.topics
        ]
        dlqs = [
            PhysicalTopic(name=dlq_of(t.name), partitions=1, retention_days=DLQ_RETENTION_DAYS)
            for t in self.topics
            if t.dlq
        ]
        return plain + dlqs + [self._changelog(spec) for spec in self.processors if spec.stateful]

    def _changelog(self, spec: ProcessorSpec) -> PhysicalTopic:
        partitions = self.topic(spec.inputs[0]).partitions
        return PhysicalTopic(name=changelog_of(spec.name), partitions=partitions, compacted=True)

    def topics_for(self, oin: str, roles: Iterable[Role], *, collects: bool = False) -> list[PhysicalTopic]:
        """Return the tenant topics of a party with these roles, with those that it writes."""
        wanted = frozenset(roles)
        own = {t.name for t in self.tenant_topics if collects and t.collectors}
        every: tuple[TenantTopic | IntakeTopic, ...] = (*self.tenant_topics, *self.intake_topics)
        return [
            PhysicalTopic(
                name=t.name.format(oin=oin), partitions=t.partitions, retention_days=t.retention_days
            )
            for t in every
            if wanted & frozenset(t.roles) or t.name in own
        ]


def dlq_of(topic: str) -> str:
    """Return the name of a topic's dead-letter queue."""
    return f"{topic}.dlq"


def changelog_of(processor: str) -> str:
    """Return the name of a processor's changelog."""
    return f"{processor}.changelog"


def tenant_topic(oin: str, subject: str) -> str:
    """Return the name of a party's own topic of a subject."""
    return f"{TENANT_PREFIX}{oin}.{subject}.v1"


def load_catalogue(schemas_dir: Path) -> Catalogue:
    """Read topics.yaml; none, or an unknown or missing member, is a `ConfigurationError` that names it."""
    file = schemas_dir / "topics.yaml"
    if not file.is_file():
        raise ConfigurationError(f"{file} is not there: SIGNAALHUB_SCHEMAS_DIR, or --schemas, is its folder")
    content = yaml.safe_load(file.read_text())
    try:
        return msgspec.convert(content, Catalogue)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"topics.yaml: {error}") from error
