"""Bringing the broker's topics in line with the catalogue: made, settings corrected, never repartitioned.

Run by the deploy step (`signaalhub topics apply`), and by ingest for a new party's own topics. Repeating it
is harmless. A topic with another number of partitions is refused: its keys would move, state would be lost.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, for_code

from services.common.catalogue import Catalogue, PhysicalTopic
from services.common.connection import connection
from services.common.errors import ConfigurationError, TransientError
from services.common.events import Role
from services.common.settings import KafkaSettings

_NO_ERROR, _UNKNOWN_TOPIC, _LEADERLESS, _EXISTS = 0, 3, 5, 36
_VISIBLE_SECONDS = 30.0
_DAY_MS = 24 * 3600 * 1000
_SUPERSEDED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done; names of topics."""

    created: tuple[str, ...]
    corrected: tuple[str, ...]


def wanted_topics(
    catalogue: Catalogue, parties: Mapping[str, Iterable[Role]] | None = None
) -> list[PhysicalTopic]:
    """Return the hub's topics and those of the parties given (OIN to roles)."""
    tenants = [topic for oin, roles in (parties or {}).items() for topic in catalogue.topics_for(oin, roles)]
    return [*catalogue.hub_topics(), *tenants]


async def apply(
    kafka: KafkaSettings | str,
    wanted: Sequence[PhysicalTopic],
    *,
    replication: int = 1,
    dry_run: bool = False,
) -> Applied:
    """Make or correct `wanted`; `ConfigurationError` names what has another number of partitions.

    A dry run changes nothing and returns what it would have done.
    """
    client = connection(kafka)
    admin, address = AIOKafkaAdminClient(**client), client["bootstrap_servers"]
    try:
        await admin.start()
    except KafkaConnectionError as error:
        raise TransientError(f"no Kafka broker answers at {address}") from error
    try:
        found = await _partition_counts(admin, wanted)
        _refuse_other_counts(wanted, found)
        absent = [topic for topic in wanted if topic.name not in found]
        wrong = await _wrong(admin, [topic for topic in wanted if topic.name in found], replication)
        if not dry_run:
            await _create(admin, absent, replication)
            await _correct(admin, wrong, replication)
        return Applied(tuple(topic.name for topic in absent), tuple(topic.name for topic in wrong))
    except (KafkaError, TimeoutError) as error:
        raise TransientError(f"Kafka at {address} did not take the topics: {error!r}") from error
    finally:
        await admin.close()


def settings_of(topic: PhysicalTopic, replication: int) -> dict[str, str]:
    """Return a topic's own settings as the broker is to have them."""
    common = {
        "message.timestamp.type": "LogAppendTime",  # retention counts from arrival, not from a sender's clock
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    if topic.compacted:  # a superseded record (it may hold personal data) is gone within days
        return common | {
            "cleanup.policy": "compact",
            "max.compaction.lag.ms": str(_SUPERSEDED_DAYS * _DAY_MS),
        }
    return common | {"cleanup.policy": "delete", "retention.ms": str((topic.retention_days or 0) * _DAY_MS)}


async def _partition_counts(admin: AIOKafkaAdminClient, wanted: Sequence[PhysicalTopic]) -> dict[str, int]:
    """Return the topics that exist; one whose partitions have no leader yet does not count."""
    if not wanted:
        return {}
    described = await admin.describe_topics([topic.name for topic in wanted])
    for each in described:
        if each["error_code"] not in (_NO_ERROR, _UNKNOWN_TOPIC, _LEADERLESS):
            raise for_code(each["error_code"])
    return {
        each["topic"]: len(each["partitions"])
        for each in described
        if each["error_code"] == _NO_ERROR and all(part["leader"] >= 0 for part in each["partitions"])
    }


def _refuse_other_counts(wanted: Sequence[PhysicalTopic], found: Mapping[str, int]) -> None:
    wrong = [
        f"{topic.name} has {found[topic.name]} partitions and should have {topic.partitions}"
        for topic in wanted
        if found.get(topic.name, topic.partitions) != topic.partitions
    ]
    if wrong:
        raise ConfigurationError(
            f"{'; '.join(wrong)}. Partitions are never changed, keys would move: set the old number in "
            "topics.yaml, or give the topic a new version and migrate"
        )


async def _create(admin: AIOKafkaAdminClient, absent: Sequence[PhysicalTopic], replication: int) -> None:
    if not absent:
        return
    new = [
        NewTopic(t.name, t.partitions, replication, topic_configs=settings_of(t, replication)) for t in absent
    ]
    answer = await admin.create_topics(new, timeout_ms=60_000)
    for name, code, *message in answer.topic_errors:
        if code not in (_NO_ERROR, _EXISTS):  # somebody else may make it at the same moment
            raise ConfigurationError(
                f"topic {name} was refused by Kafka: {for_code(code).__name__} {message}"
            )
    # made is not yet usable: brokers learn of a topic a moment later
    async with asyncio.timeout(_VISIBLE_SECONDS):
        while len(await _partition_counts(admin, absent)) < len(absent):
            await asyncio.sleep(0.02)


async def _wrong(
    admin: AIOKafkaAdminClient, present: Sequence[PhysicalTopic], replication: int
) -> list[PhysicalTopic]:
    """Return those whose settings are not as they should be."""
    if not present:
        return []
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in present]
    actual: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for _, _, _, name, entries in answer.resources:
            actual[name] = {entry[0]: entry[1] for entry in entries}
    return [t for t in present if not settings_of(t, replication).items() <= actual[t.name].items()]


async def _correct(admin: AIOKafkaAdminClient, wrong: Sequence[PhysicalTopic], replication: int) -> None:
    if wrong:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, t.name, settings_of(t, replication)) for t in wrong]
        )
