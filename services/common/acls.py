"""Which rights on the broker follow from the catalogue and the parties, and whose rights are all ours to say.

Pure: rights.py brings the broker in line, deploy/k8s says the same in the words of Strimzi (a test compares).
No right is wider than what its user does: full names, and a prefix only where names are not known beforehand
(topics and groups of parties, transactional ids). Not named, because Kafka adds it by itself: who may read or
write something may describe it, and who may write to a topic may write idempotently.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.common.catalogue import (
    INTAKE_PREFIX,
    TENANT_PREFIX,
    Catalogue,
    ProcessorSpec,
    ProjectionSpec,
    changelog_of,
    dlq_of,
)
from services.common.errors import ConfigurationError

PREPARE = "prepare"
"""User of `signaalhub topics apply`: makes topics and corrects their settings, reads and writes none."""
_OIN = re.compile(r"[0-9]{20}")
_PARTIES = "parties.v1"


class Resource(StrEnum):
    """What a right is about; values as Strimzi writes them."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactionalId"


class Operation(StrEnum):
    """What may be done; values as Strimzi writes them."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    ALTER_CONFIGS = "AlterConfigs"
    DELETE = "Delete"
    """Of records too."""


MAKING_TOPICS = (Operation.CREATE, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS)
"""What services/common/topics.py does."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Acl:
    """`user` (the principal without `User:`) may do `operation`, from any host."""

    user: str
    resource: Resource
    name: str
    prefixed: bool = False
    """Whether `name` stands for every name that begins with it."""
    operation: Operation


def wanted_acls(catalogue: Catalogue, parties: Iterable[str]) -> frozenset[Acl]:
    """Return every right that is due: of the services, of who makes the topics, of these parties (OINs)."""
    return (
        frozenset().union(*(service_acls(catalogue, name) for name in services_of(catalogue)))
        | preparing_acls()
        | frozenset().union(*(party_acls(catalogue, oin) for oin in parties))
    )


def services_of(catalogue: Catalogue) -> frozenset[str]:
    """Return who reads or writes a topic; each is a user of that name."""
    return frozenset(name for topic in catalogue.topics for name in (*topic.producers, *topic.consumers))


def service_acls(catalogue: Catalogue, service: str) -> frozenset[Acl]:
    """Return what a service needs for its part in the catalogue."""
    return _topics(catalogue, service) | _tenants(catalogue, service) | _groups(catalogue, service)


def preparing_acls() -> frozenset[Acl]:
    """Return what making the hub's topics takes; by `*`, which is Kafka's word for every topic."""
    return _all(PREPARE, Resource.TOPIC, "*", *MAKING_TOPICS)


def party_acls(catalogue: Catalogue, oin: str) -> frozenset[Acl]:
    """Return what a party may: read its own topics, in groups that begin with its OIN; write its intake.

    Not read it: it is clear text, and to see what waits there takes no more than describing. Whatever its
    role: who has no such topic cannot make it, and the gate says what its signals are worth.
    """
    if not _OIN.fullmatch(oin):
        raise ConfigurationError(f"party {oin} is not an OIN of 20 digits, so nobody could tell whose groups")
    own = _all(oin, Resource.TOPIC, f"{TENANT_PREFIX}{oin}.", Operation.READ, prefixed=True)
    groups = _all(oin, Resource.GROUP, oin, Operation.READ, prefixed=True)
    intakes = (topic.name.format(oin=oin) for topic in catalogue.intake_topics)
    return own.union(groups, *(_all(oin, Resource.TOPIC, name, Operation.WRITE) for name in intakes))


def is_ours(catalogue: Catalogue, user: str) -> bool:
    """Whether all that this user may comes from here: a service, `prepare`, or 20 digits (a party)."""
    return user in services_of(catalogue) or user == PREPARE or _OIN.fullmatch(user) is not None


def _topics(catalogue: Catalogue, service: str) -> frozenset[Acl]:
    read = {topic.name for topic in catalogue.topics if service in topic.consumers}
    written = {topic.name for topic in catalogue.topics if service in topic.producers}
    grouped = {name for spec in _members(catalogue, service) for name in spec.inputs}
    changelogs = {changelog_of(s.name) for s in catalogue.processors if s.service == service and s.stateful}
    dlqs = {dlq_of(name) for name in grouped if catalogue.topic(name).dlq}
    reads = (_all(service, Resource.TOPIC, name, Operation.READ) for name in read | changelogs)
    writes = (_all(service, Resource.TOPIC, name, Operation.WRITE) for name in written | changelogs | dlqs)
    return frozenset().union(*reads, *writes)


def _tenants(catalogue: Catalogue, service: str) -> frozenset[Acl]:
    """By prefix: parties come while a service runs."""
    outputs = [name for s in catalogue.processors if s.service == service for name in s.outputs]
    writes = [Operation.WRITE] if any(name.startswith(TENANT_PREFIX) for name in outputs) else []
    # a party's topics are there before the party is
    makes = MAKING_TOPICS if service in catalogue.topic(_PARTIES).producers else ()
    takes_in = any(topic.consumer == service for topic in catalogue.intake_topics)
    empties = (Operation.READ, Operation.DELETE) if takes_in else ()
    tenants = _all(service, Resource.TOPIC, TENANT_PREFIX, *writes, *makes, prefixed=True)
    return tenants | _all(service, Resource.TOPIC, INTAKE_PREFIX, *empties, *makes, prefixed=True)


def _groups(catalogue: Catalogue, service: str) -> frozenset[Acl]:
    intakes = [topic.group for topic in catalogue.intake_topics if topic.consumer == service]
    own = [*(spec.name for spec in catalogue.processors if spec.service == service), *intakes]
    members = [*(spec.name for spec in _members(catalogue, service)), *intakes]
    groups = (_all(service, Resource.GROUP, name, Operation.READ) for name in members)
    ids = (
        _all(service, Resource.TRANSACTIONAL_ID, f"{name}-", Operation.WRITE, prefixed=True) for name in own
    )
    return frozenset().union(*groups, *ids)


def _members(catalogue: Catalogue, service: str) -> list[ProcessorSpec | ProjectionSpec]:
    specs: list[ProcessorSpec | ProjectionSpec] = [*catalogue.processors, *catalogue.projections]
    return [spec for spec in specs if spec.service == service]


def _all(
    user: str, resource: Resource, name: str, *operations: Operation, prefixed: bool = False
) -> frozenset[Acl]:
    return frozenset(
        Acl(user=user, resource=resource, name=name, prefixed=prefixed, operation=each) for each in operations
    )
