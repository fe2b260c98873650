"""Bringing the rights (ACLs) on the broker in line with acls.py; who runs this may change every right there.

Ours, and removed when no longer due, is what **allows** something to a user that is ours (`acls.is_ours`), on
whatever resource and from whatever host. What belongs to other users, and every denial, is left alone: a
denial takes nothing from isolation, and may be there to lock a party out.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError as ReadingError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from services.common.acls import Acl, Operation, Resource, is_ours, wanted_acls
from services.common.catalogue import Catalogue
from services.common.connection import librdkafka
from services.common.errors import ConfigurationError, SignaalhubError, TransientError
from services.common.processor.consumers import free_consumer
from services.common.settings import KafkaSettings

PARTIES = "parties.v1"
_SECONDS = 60.0
_READING_MS = 60_000
"""A topic that was made a moment ago, with hundreds beside it, was seen to have no leader for 20 s."""
_POLL_MS = 250
_PRINCIPAL = "User:"
_RESOURCES = {
    Resource.TOPIC: ResourceType.TOPIC,
    Resource.GROUP: ResourceType.GROUP,
    Resource.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
    Operation.ALTER_CONFIGS: AclOperation.ALTER_CONFIGS,
    Operation.DELETE: AclOperation.DELETE,
}
_REFUSALS = {
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "this user may not change rights: it takes Alter on the cluster",
    KafkaError.SECURITY_DISABLED: "this Kafka has no authorizer (authorizer.class.name), so it has no rights",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What the broker lacks, and what is ours there and no longer due; sorted."""

    missing: tuple[AclBinding, ...]
    superfluous: tuple[AclBinding, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.superfluous)

    def lines(self) -> Iterator[str]:
        """Say each right as a person reads it, + for missing and - for superfluous."""
        yield from (f"+ {_told(each)}" for each in self.missing)
        yield from (f"- {_told(each)}" for each in self.superfluous)


async def known_parties(kafka: KafkaSettings | str, catalogue: Catalogue) -> frozenset[str]:
    """Return the OINs of the parties on the broker: the keys of their topic."""
    partitions = [TopicPartition(PARTIES, n) for n in range(catalogue.topic(PARTIES).partitions)]
    found: dict[bytes, bool] = {}
    try:
        async with free_consumer(kafka, "read_committed", _READING_MS) as consumer:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            for partition in partitions:
                while await consumer.position(partition) < ends[partition]:
                    for records in (await consumer.getmany(partition, timeout_ms=_POLL_MS)).values():
                        found |= {record.key: record.value is not None for record in records}
    except (ReadingError, TimeoutError) as error:
        raise TransientError(f"{PARTIES} could not be read: {error!r}") from error
    return frozenset(key.decode() for key, present in found.items() if present)


def apply_acls(
    kafka: KafkaSettings | str, catalogue: Catalogue, parties: Iterable[str], *, dry_run: bool = False
) -> Difference:
    """Give what is due, then take away what is ours and is not; returns when it holds. Dry: only say it."""
    wanted = {_binding(acl) for acl in wanted_acls(catalogue, parties)}
    admin = AdminClient(librdkafka(kafka) | {"log_level": 0})
    difference = _difference(admin, catalogue, wanted)
    if dry_run or not difference:
        return difference
    if difference.missing:
        _settled(admin.create_acls(list(difference.missing), request_timeout=_SECONDS).values())
    if difference.superfluous:
        filters = [_exactly(each) for each in difference.superfluous]
        _settled(admin.delete_acls(filters, request_timeout=_SECONDS).values())
    _wait_until_seen(admin, catalogue, wanted)
    return difference


def _difference(admin: AdminClient, catalogue: Catalogue, wanted: set[AclBinding]) -> Difference:
    found = _found(admin)
    ours = {each for each in found if _is_ours(catalogue, each)}
    return Difference(tuple(sorted(wanted - found)), tuple(sorted(ours - wanted)))


def _wait_until_seen(admin: AdminClient, catalogue: Catalogue, wanted: set[AclBinding]) -> None:
    """Wait for the brokers: they learn from the controller a moment later what they are to enforce."""
    end = time.monotonic() + _SECONDS
    while _difference(admin, catalogue, wanted):
        if time.monotonic() > end:
            raise TransientError("the rights were changed, but the brokers do not show them yet")
        time.sleep(_POLL_MS / 1000)


def _found(admin: AdminClient) -> set[AclBinding]:
    any_text: Any = None  # its annotations say str, its documentation None
    anything = AclBindingFilter(
        ResourceType.ANY,
        any_text,
        ResourcePatternType.ANY,
        any_text,
        any_text,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    asked = admin.describe_acls(anything, request_timeout=_SECONDS)
    (found,) = _settled([asked])
    return set(found)


def _settled(futures: Iterable[Future[list[AclBinding]]]) -> list[list[AclBinding]]:
    try:
        return [future.result(_SECONDS) for future in futures]
    except KafkaException as error:
        raise _understood(error.args[0]) from error
    except TimeoutError as error:
        raise TransientError("Kafka did not answer about rights in time") from error


def _understood(error: KafkaError) -> SignaalhubError:
    if (text := _REFUSALS.get(error.code())) is not None:
        return ConfigurationError(text)
    return TransientError(f"Kafka did not take the rights: {error.name()}")


def _is_ours(catalogue: Catalogue, binding: AclBinding) -> bool:
    user = binding.principal.removeprefix(_PRINCIPAL)
    allows = binding.permission_type is AclPermissionType.ALLOW
    return allows and user != binding.principal and is_ours(catalogue, user)


def _binding(acl: Acl) -> AclBinding:
    return AclBinding(
        _RESOURCES[acl.resource],
        acl.name,
        ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
        f"{_PRINCIPAL}{acl.user}",
        "*",
        _OPERATIONS[acl.operation],
        AclPermissionType.ALLOW,
    )


def _exactly(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _told(binding: AclBinding) -> str:
    what = f"{AclOperation(binding.operation).name} {ResourceType(binding.restype).name} {binding.name}"
    rest = "*" if binding.resource_pattern_type is ResourcePatternType.PREFIXED else ""
    return f"{binding.principal} {what}{rest}" + ("" if binding.host == "*" else f" from {binding.host}")
