"""The whole hub on Kafka with SCRAM and the rights of `topics apply --acls`: nobody does more than its part.

The services run as deploy/k8s starts them. The rights come from the command, not from the manifests; that
these give the same is shown by tests/contract/test_k8s.py.
"""

import asyncio
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import TopicPartition as Place
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from typer.testing import CliRunner

from services.common.acls import PREPARE
from services.common.catalogue import (
    ProcessorSpec,
    ProjectionSpec,
    changelog_of,
    dlq_of,
    load_catalogue,
)
from services.common.connection import connection, librdkafka
from services.common.errors import ConfigurationError, TransientError
from services.common.processor.poison import dead_letter
from services.common.rights import _found, apply_acls
from services.common.settings import REPOSITORY, KafkaSettings
from services.common.topics import apply
from services.local.cli import app
from services.local.waiting import free_ports, wait_until
from tests.contract.manifests import SERVICES
from tests.real.hub.attempts import (
    refused_emptying,
    refused_groups,
    refused_members,
    refused_reading,
    refused_subscribing,
    refused_transactions,
    refused_writing,
    seen_by,
)
from tests.real.hub.protected import ADMIN, Site, command, protected_site, workloads
from tests.real.hub.town import BAILIFF, INSURER, LANDLORD, OTHER_LANDLORD, OTHER_TOWN, TOWN, Town

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(900)]

SECONDS = 400
MENDER = "mender"
"""Who looks at dead letters and sends them back, for as long as that takes."""
QUIET = {"log_level": 0}
"""The client outlives the broker and would complain of it."""
CATALOGUE = load_catalogue(REPOSITORY / "schemas")
MUNICIPALITY = ("signals", "cases", "matches", "questions", "withdrawals", "erasures", "debt-reports")
CREDITOR = ("pauses", "feedback", "refusals")
TENANTS = {
    TOWN: MUNICIPALITY,
    OTHER_TOWN: MUNICIPALITY,
    LANDLORD: CREDITOR,
    OTHER_LANDLORD: CREDITOR,
    BAILIFF: ("bailiff-matches",),
}
SPECS: list[ProcessorSpec | ProjectionSpec] = [*CATALOGUE.processors, *CATALOGUE.projections]
INTAKE_GROUPS = {topic.group for topic in CATALOGUE.intake_topics}
GROUPS = {spec.name for spec in SPECS} | INTAKE_GROUPS

tenants = pytest.mark.parametrize("oin", TENANTS)
services = pytest.mark.parametrize("name", SERVICES)


def own(oin: str) -> set[str]:
    return {f"tenant.{oin}.{subject}.v1" for subject in TENANTS[oin]}


def intake(oin: str) -> set[str]:
    """The topic to which a creditor writes its signals."""
    return {f"intake.{oin}.signalen.v1"} if TENANTS[oin] == CREDITOR else set()


def named(names: Iterable[str], every: set[str]) -> set[str]:
    """Names as topics.yaml has them, on the broker: {oin} is each party's."""
    patterns = [re.escape(name).replace(r"\{oin\}", "[0-9]{20}") for name in names]
    return {topic for topic in every if any(re.fullmatch(pattern, topic) for pattern in patterns)}


def changelogs_of(service: str) -> set[str]:
    return {changelog_of(s.name) for s in CATALOGUE.processors if s.service == service and s.stateful}


def taken_in_by(service: str, every: set[str]) -> set[str]:
    return named((topic.name for topic in CATALOGUE.intake_topics if topic.consumer == service), every)


def read_by(service: str, every: set[str]) -> set[str]:
    consumed = {topic.name for topic in CATALOGUE.topics if service in topic.consumers}
    return consumed | changelogs_of(service) | taken_in_by(service, every)


def written_by(service: str, every: set[str]) -> set[str]:
    produced = {topic.name for topic in CATALOGUE.topics if service in topic.producers}
    put_aside = {dlq_of(name) for spec in SPECS if spec.service == service for name in spec.inputs}
    told = {name for s in CATALOGUE.processors if s.service == service for name in s.outputs if "{" in name}
    return produced | changelogs_of(service) | put_aside | named(told, every)


def made_by(service: str, every: set[str]) -> set[str]:
    """Topics of parties are made by who keeps the parties, and described to see that they are there."""
    makes = service in CATALOGUE.topic("parties.v1").producers
    return {topic for topic in every if makes and topic.startswith(("tenant.", "intake."))}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with protected_site([*SERVICES, PREPARE, MENDER, *TENANTS]) as found:
        apply_acls(found.settings(ADMIN), CATALOGUE, [])
        yield found


@pytest.fixture(scope="module")
def town(site: Site) -> Iterator[Town]:
    """All services as the manifests start them, a settled town, and then the rights of its parties."""
    for name, container in workloads("Job"):
        run(container["args"], site.environment(name, container))
    with ExitStack() as stack:
        endpoints = {}
        for name, container in workloads("StatefulSet"):
            port = str(free_ports(1)[0])
            log = stack.enter_context((site.folder / f"{name}.log").open("w"))
            env = site.environment(name, container) | {"SIGNAALHUB_HTTP_PORT": port}
            process = subprocess.Popen(command(container), env=env, stderr=log)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
            endpoints[name] = f"http://127.0.0.1:{port}"
        for name, url in endpoints.items():
            wait_until(partial(well, url), SECONDS, f"health of {name}")
        found = Town(endpoints, site.secrets.token)
        found.settle()
        said = run(["topics", "apply", "--acls"], site.variables(ADMIN))
        assert "rights of the services and 6 parties: 18 given, 0 taken away" in said
        yield found


def run(args: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a command of ours in this process: the start of another takes seconds."""
    done = CliRunner().invoke(app, args, env=env, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def every(site: Site, town: Town) -> set[str]:
    """Every topic on the broker, also Kafka's own."""
    return seen_by(site.settings(ADMIN)) | {"__transaction_state", "__consumer_offsets"}


async def write(site: Site, oin: str, value: bytes) -> None:
    """Write as a creditor's own software does."""
    (topic,) = intake(oin)
    async with AIOKafkaProducer(**connection(site.settings(oin)), acks="all") as producer:
        await producer.send_and_wait(topic, value)


def well(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


# The services


def test_what_a_signal_sets_in_motion_needs_no_right_that_its_service_lacks(site: Site, town: Town) -> None:
    assert town.check().json()["bekend"] is False
    assert town.signal(INSURER, "Z-1").status_code == 202
    assert town.signal(LANDLORD, "H-1").status_code == 202
    assert town.signal(LANDLORD, "H-2", bedragInCenten=-1).status_code == 400
    asyncio.run(write(site, LANDLORD, b"{no json"))
    wait_until(lambda: any(len(case["signalen"]) == 2 for case in town.cases()), SECONDS, "the case")
    (case,) = (case["id"] for case in town.cases() if len(case["signalen"]) == 2)
    assert town.result(case).status_code == 202
    wait_until(lambda: town.cases()[0]["status"] == "afgesloten", SECONDS, "the result")
    assert town.register("R-1").status_code == 200
    wait_until(lambda: town.check().json()["bekend"], SECONDS, "the registration")
    for url in town.endpoints.values():
        assert well(url), httpx.get(f"{url}/health").text


@services
async def test_a_service_reads_what_it_consumes_and_nothing_else(
    site: Site, every: set[str], name: str
) -> None:
    assert await refused_reading(site.settings(name), every) == every - read_by(name, every)


@services
async def test_a_service_writes_what_it_produces_and_nothing_else(
    site: Site, every: set[str], name: str
) -> None:
    foreign = every - written_by(name, every)
    assert await refused_writing(site.settings(name), foreign) == foreign


@services
def test_a_service_is_told_of_no_topic_but_those_it_has_to_do_with(
    site: Site, every: set[str], name: str
) -> None:
    worked_with = read_by(name, every) | written_by(name, every)
    assert seen_by(site.settings(name)) == worked_with | made_by(name, every)


@services
async def test_a_service_empties_no_topic_but_those_it_takes_in(
    site: Site, every: set[str], name: str
) -> None:
    assert await refused_emptying(site.settings(name), every) == every - taken_in_by(name, every)


async def test_nobody_but_a_party_speaks_in_its_name_and_nobody_but_it_hears_what_it_is_told(
    site: Site, every: set[str]
) -> None:
    told = {topic for topic in every if topic.startswith("tenant.")}
    said = {topic for topic in every if topic.startswith("intake.")}
    assert told
    assert said
    for name in (*SERVICES, PREPARE):
        assert await refused_writing(site.settings(name), said) == said
        assert await refused_reading(site.settings(name), told) == told


@services
async def test_a_service_is_in_no_group_and_no_transaction_of_another(
    site: Site, town: Town, name: str
) -> None:
    user = site.settings(name)
    own_groups = {spec.name for spec in SPECS if spec.service == name}
    own_groups |= {topic.group for topic in CATALOGUE.intake_topics if topic.consumer == name}
    others = GROUPS - own_groups | {TOWN, "anything"}
    assert await refused_groups(user, own_groups | others) == others
    every = {f"{spec.name}-0": spec.service for spec in CATALOGUE.processors}
    foreign = {id for id, service in every.items() if service != name}
    assert await refused_transactions(user, every) == foreign


@pytest.mark.parametrize("name", [*SERVICES, PREPARE, TOWN])
def test_nobody_but_an_administrator_sees_or_gives_rights(site: Site, town: Town, name: str) -> None:
    with pytest.raises(ConfigurationError, match="may not change rights: it takes Alter on the cluster"):
        apply_acls(site.settings(name), CATALOGUE, [])


async def test_who_makes_topics_reads_and_writes_none(site: Site, every: set[str]) -> None:
    user = site.settings(PREPARE)
    assert await refused_reading(user, every) == every
    assert await refused_writing(user, every) == every


def test_who_sends_dead_letters_back_needs_no_more_than_operations_md_says(site: Site, town: Town) -> None:
    every = [dlq_of(topic.name) for topic in CATALOGUE.topics if topic.dlq]
    allowed(site, ResourceType.TOPIC, every, AclOperation.READ)
    allowed(site, ResourceType.TOPIC, ["signals.v1", "signals.v1.dlq"], AclOperation.READ, AclOperation.WRITE)
    allowed(site, ResourceType.TRANSACTIONAL_ID, ["dlq-replay-signals.v1"], AclOperation.WRITE)
    assert town.signal(LANDLORD, "H-1").status_code == 202  # perhaps the same again
    asyncio.run(put_aside(site))
    variables = site.variables(MENDER)
    assert "1 x ValueError" in run(["dlq", "list"], variables)
    assert "error     ValueError" in run(["dlq", "show", "signals.v1"], variables)
    back = run(["dlq", "replay", "signals.v1"], variables)
    assert back == "signals.v1: 1 sent back, 0 superseded, 0 left\n"


def allowed(site: Site, kind: ResourceType, names: Iterable[str], *operations: AclOperation) -> None:
    """Give the mender rights by hand, as who runs a Kafka does."""
    literal, allow = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    given = {
        AclBinding(kind, name, literal, f"User:{MENDER}", "*", operation, allow)
        for name in names
        for operation in operations
    }
    admin = AdminClient(librdkafka(site.settings(ADMIN)) | QUIET)
    for made in admin.create_acls(list(given)).values():
        made.result(60)
    wait_until(lambda: given <= _found(admin), 30, "the rights of the mender")


async def put_aside(site: Site) -> None:
    """Write a letter about a signal that was handled well, as if a consumer had failed on it."""
    user = site.settings(ADMIN)
    record = await one_of("signals.v1", user)
    value, headers = dead_letter(record, ValueError(), "matcher-households", datetime.now(UTC))
    async with AIOKafkaProducer(**connection(user), acks="all") as producer:
        await producer.send_and_wait("signals.v1.dlq", value, record.key, 0, headers=headers)


async def one_of(topic: str, user: KafkaSettings) -> ConsumerRecord:
    async with AIOKafkaConsumer(topic, **connection(user), auto_offset_reset="earliest") as consumer:
        return await consumer.getone()


# The parties


@tenants
async def test_a_party_reads_its_own_topics_in_its_own_group(site: Site, town: Town, oin: str) -> None:
    consumer = AIOKafkaConsumer(
        *own(oin), **connection(site.settings(oin)), group_id=f"{oin}-afnemer", auto_offset_reset="earliest"
    )
    async with consumer:
        assert {partition.topic for partition in consumer.assignment()} == own(oin)
        expected = {TOWN: 2, LANDLORD: 2}.get(oin, 0)  # the signals of the test above, its refusals
        read = 0
        while read < expected:
            read += len([await consumer.getone()])
        await consumer.commit()


@tenants
async def test_the_broker_gives_a_party_no_record_of_anybody_else(
    site: Site, every: set[str], oin: str
) -> None:
    assert await refused_reading(site.settings(oin), every) == every - own(oin)


@tenants
async def test_a_party_writes_to_no_topic_but_its_own_signals(site: Site, every: set[str], oin: str) -> None:
    assert await refused_writing(site.settings(oin), every) == every - intake(oin)


@tenants
def test_a_party_is_told_of_its_own_topics_only(site: Site, every: set[str], oin: str) -> None:
    assert seen_by(site.settings(oin)) == own(oin) | intake(oin)


async def test_a_creditor_sees_how_much_of_its_signals_waits_and_reads_none_of_it_back(
    site: Site, town: Town
) -> None:
    user, (topic,) = site.settings(LANDLORD), intake(LANDLORD)
    async with AIOKafkaConsumer(**connection(user)) as consumer:
        assert (await consumer.end_offsets([Place(topic, 0)]))[(topic, 0)] > 0
    assert await refused_reading(user, [topic]) == {topic}


@tenants
def test_a_usual_consumer_of_a_party_hears_that_it_may_not_read_what_is_of_another(
    site: Site, every: set[str], oin: str
) -> None:
    foreign = every - own(oin)
    assert refused_subscribing(site.settings(oin), f"{oin}-afnemer", foreign) == foreign


@tenants
async def test_a_party_is_in_no_group_of_another(site: Site, town: Town, oin: str) -> None:
    others = {other for other in TENANTS if other != oin}
    theirs = {f"{other}-afnemer" for other in others}
    assert await refused_members(site.settings(oin), min(own(oin)), theirs) == theirs
    foreign = others | theirs | GROUPS | {"anything", oin[:-1]}
    assert await refused_groups(site.settings(oin), foreign | {oin, f"{oin}-afnemer"}) == foreign


def test_a_party_makes_changes_and_empties_no_topic(site: Site, town: Town) -> None:
    admin, topic = AdminClient(librdkafka(site.settings(TOWN)) | QUIET), f"tenant.{TOWN}.signals.v1"
    forever = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    setting = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[forever])
    attempts = [
        *admin.create_topics([NewTopic(f"tenant.{TOWN}.more.v1", 1, 1)]).values(),
        *admin.delete_topics([topic]).values(),
        *admin.incremental_alter_configs([setting]).values(),
        *admin.delete_records([TopicPartition(topic, 0, -1)]).values(),
    ]
    for attempt in attempts:
        with pytest.raises(KafkaException) as refused:
            attempt.result(60)
        assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_wrong_password_and_none_at_all_get_nobody_in(site: Site, town: Town) -> None:
    plain = KafkaSettings(kafka=site.kafka)
    for user in (site.settings(TOWN, password="guessed"), plain):
        with pytest.raises(TransientError, match="no Kafka broker answers"):
            asyncio.run(apply(user, []))
