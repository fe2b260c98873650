"""The rights on a real broker become those of the catalogue and the parties; only what is ours is touched."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from typer.testing import CliRunner

from services.common.acls import wanted_acls
from services.common.catalogue import PhysicalTopic, load_catalogue
from services.common.errors import ConfigurationError
from services.common.rights import _exactly, _found, apply_acls, known_parties
from services.common.settings import REPOSITORY
from services.common.topics import apply
from services.local.cli import app
from services.local.kafka import EmbeddedKafka
from services.local.waiting import wait_until

pytestmark = pytest.mark.real

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
TOWN, LANDLORD, BAILIFF = "00000099000000000363", "00000099000000001001", "00000099000000004001"
GUARDED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}


@pytest.fixture(scope="module")
def broker(session_folder: Path) -> Iterator[str]:
    """A broker that has rights; whoever runs these tests may do everything."""
    folder = Path(tempfile.mkdtemp(prefix="kafka-", dir=session_folder))
    with EmbeddedKafka(folder, settings=GUARDED) as broker:
        yield broker.bootstrap


@pytest.fixture
def guarded(broker: str) -> str:
    """That broker, without the rights that an earlier test gave."""
    admin = AdminClient({"bootstrap.servers": broker})
    present = [_exactly(each) for each in _found(admin)]
    for gone in admin.delete_acls(present).values() if present else ():
        gone.result(30)
    wait_until(lambda: not _found(admin), 30, "the end of all rights")
    return broker


def by_hand(user: str, *, deny: bool = False, host: str = "*") -> AclBinding:
    permission = AclPermissionType.DENY if deny else AclPermissionType.ALLOW
    literal = ResourcePatternType.LITERAL
    return AclBinding(
        ResourceType.TOPIC, "signals.v1", literal, f"User:{user}", host, AclOperation.READ, permission
    )


def command(kafka: str, *more: str) -> list[str]:
    done = CliRunner().invoke(app, ["topics", "apply", "--kafka", kafka, *more], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


async def put(kafka: str, *records: tuple[str, bytes | None]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for oin, value in records:
            await producer.send_and_wait("parties.v1", value, oin.encode())


def test_what_is_due_is_given_once_and_what_is_not_due_any_more_is_taken_away(guarded: str) -> None:
    first = apply_acls(guarded, CATALOGUE, [TOWN, LANDLORD])
    assert len(first.missing) == len(wanted_acls(CATALOGUE, [TOWN, LANDLORD]))
    again = apply_acls(guarded, CATALOGUE, [TOWN, LANDLORD])
    assert (again.missing, again.superfluous) == ((), ())
    gone = apply_acls(guarded, CATALOGUE, [TOWN])
    assert {each.principal for each in gone.superfluous} == {f"User:{LANDLORD}"}
    assert list(apply_acls(guarded, CATALOGUE, [TOWN]).lines()) == []


def test_of_what_was_given_by_hand_only_that_of_our_users_goes_and_a_denial_stays(guarded: str) -> None:
    admin = AdminClient({"bootstrap.servers": guarded})
    others = [by_hand("somebody"), by_hand(TOWN, deny=True)]
    ours = [by_hand(TOWN), by_hand("ingest"), by_hand("prepare", host="127.0.0.1")]
    for made in admin.create_acls([*others, *ours]).values():
        made.result(30)
    wait_until(lambda: {*others, *ours} <= _found(admin), 30, "what was given by hand")
    assert set(apply_acls(guarded, CATALOGUE, [TOWN], dry_run=True).superfluous) == set(ours)
    assert set(apply_acls(guarded, CATALOGUE, [TOWN]).superfluous) == set(ours)
    assert set(others) <= _found(admin)


async def test_the_parties_are_those_whose_last_record_is_not_an_end(guarded: str) -> None:
    await apply(guarded, [topic for topic in CATALOGUE.hub_topics() if topic.name == "parties.v1"])
    assert await known_parties(guarded, CATALOGUE) == frozenset()
    await put(guarded, (TOWN, b"1"), (LANDLORD, b"1"), (TOWN, b"2"), (LANDLORD, None), (BAILIFF, b"1"))
    assert await known_parties(guarded, CATALOGUE) == {TOWN, BAILIFF}
    await put(guarded, (TOWN, None), (BAILIFF, None))
    assert await known_parties(guarded, CATALOGUE) == frozenset()


def test_the_command_says_first_and_does_only_then(guarded: str) -> None:
    wanted = wanted_acls(CATALOGUE, [LANDLORD])
    asked = ["--acls", "--party", f"{LANDLORD}=CREDITOR"]
    said = command(guarded, *asked, "--dry-run")
    assert said == command(guarded, *asked, "--dry-run")
    assert f"+ topic tenant.{LANDLORD}.refusals.v1" in said
    assert f"+ User:{LANDLORD} READ TOPIC tenant.{LANDLORD}.*" in said
    assert said[-1] == f"rights of the services and 1 parties: {len(wanted)} to be given, 0 to be taken away"
    done = command(guarded, *asked)
    assert done[-1] == f"rights of the services and 1 parties: {len(wanted)} given, 0 taken away"
    nothing = command(guarded, *asked, "--dry-run")
    assert nothing[0].endswith("topics: 0 to be made, 0 to be corrected")
    assert nothing[1].endswith("0 to be given, 0 to be taken away")


async def test_a_dry_run_of_topics_makes_and_corrects_nothing(kafka: str) -> None:
    topic = PhysicalTopic(name="dry-run.v1", partitions=1, retention_days=1)
    for _ in range(2):
        assert (await apply(kafka, [topic], dry_run=True)).created == (topic.name,)
    await apply(kafka, [topic])
    for _ in range(2):
        found: Any = await apply(kafka, [topic], replication=3, dry_run=True)
        assert (found.created, found.corrected) == ((), (topic.name,))


def test_a_broker_without_an_authorizer_is_told_as_one(kafka: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no authorizer \(authorizer\.class\.name\)"):
        apply_acls(kafka, CATALOGUE, [])
