"""The broker of docker-compose.yml, its users and the rights that its `prepare` gives, without Docker.

Settings and commands are those of the file; only places (ports, folders) are of this machine.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr
from typer.testing import CliRunner

from services.common.catalogue import load_catalogue
from services.common.connection import librdkafka
from services.common.errors import TransientError
from services.common.settings import REPOSITORY, KafkaSettings
from services.common.topics import apply
from services.local.cli import app
from services.local.kafka import EmbeddedKafka
from services.local.kafka_kit import kafka_kit
from services.local.waiting import free_ports
from tests.contract.compose import broker_properties, filled_in
from tests.real.hub.attempts import refused_groups, refused_reading, refused_writing, seen_by

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

COMPOSE = filled_in()
CATALOGUE = load_catalogue(REPOSITORY / "schemas")
SERVICES = ("ingest", "matcher", "notifier", "feedback")
INSIDE, CONTROLLER, HUB, PARTIES = "127.0.0.1:9091", "127.0.0.1:9093", "kafka:9092", "127.0.0.1:19092"
CREDITOR, TOWN = "00000099000000001001", "00000099000000000363"
TOOLS = "/opt/kafka/bin"
CLIENT = "/etc/kafka/broker.properties"


@dataclass(frozen=True)
class Machine:
    """Where that what the file speaks of is here."""

    places: Mapping[str, str]

    def here(self, text: str) -> str:
        for place, here in self.places.items():
            text = text.replace(place, here)
        return text

    def environment(self, service: str) -> dict[str, str]:
        given: dict[str, str] = COMPOSE["services"][service]["environment"]
        return {name: self.here(value) for name, value in given.items()}

    def client(self, service: str, **other: Any) -> KafkaSettings:
        """What a service's Kafka clients are given."""
        given = {
            setting: value
            for name, value in self.environment(service).items()
            if (setting := name.removeprefix("SIGNAALHUB_").lower()) in KafkaSettings.model_fields
        }
        return KafkaSettings.model_validate(given | other)


@pytest.fixture(scope="module")
def machine(session_folder: Path) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="compose-", dir=session_folder))
    ports = dict(zip((INSIDE, CONTROLLER, HUB, PARTIES), free_ports(4), strict=True))
    places = {place: f"127.0.0.1:{port}" for place, port in ports.items()}
    found = Machine({**places, TOOLS: str(folder), CLIENT: str(folder / "broker.properties")})
    with EmbeddedKafka(
        folder / "kafka", ports[INSIDE], controller_port=ports[CONTROLLER], settings=settings(found, ports)
    ):
        (folder / "broker.properties").write_text(COMPOSE["configs"]["broker"]["content"])
        make_users(found, folder)
        prepare(found)
        yield found


def prepare(machine: Machine, *more: str) -> None:
    """What the service `prepare` does, and by hand for a new party."""
    said = CliRunner().invoke(app, ["topics", "apply", "--acls", *more], env=machine.environment("prepare"))
    assert said.exit_code == 0, said.output


@pytest.fixture(scope="module")
def creditor(machine: Machine) -> KafkaSettings:
    """A party beside another one, as docs/operations.md makes it ("Kafka without Strimzi")."""
    info, password = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), "made-up-party"
    user = UserScramCredentialUpsertion(CREDITOR, info, password.encode())
    outside = machine.client("prepare", kafka=machine.here(PARTIES))
    admin = AdminClient(librdkafka(outside))
    for made in admin.alter_user_scram_credentials([user]).values():
        made.result(60)
    prepare(machine, "--party", f"{CREDITOR}=CREDITOR", "--party", f"{TOWN}=MUNICIPALITY")
    return outside.model_copy(update={"kafka_username": CREDITOR, "kafka_password": SecretStr(password)})


def settings(machine: Machine, ports: Mapping[str, int]) -> dict[str, str]:
    found = {name: machine.here(value) for name, value in broker_properties(COMPOSE).items()}
    everywhere = {f"://:{place.split(':')[1]}": f"://127.0.0.1:{ports[place]}" for place in (HUB, PARTIES)}
    for place, here in everywhere.items():
        found["listeners"] = found["listeners"].replace(place, here)
    return {name: value for name, value in found.items() if name != "log.dirs"}


def make_users(machine: Machine, folder: Path) -> None:
    """Run the command of the service `users`; the tool is the class that the image's script starts."""
    kit = kafka_kit()
    script = folder / "kafka-configs.sh"
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    tool = f'"{kit.java}" {quick} -cp "{kit.classpath}" kafka.admin.ConfigCommand'
    script.write_text(f'#!/bin/sh\nexec {tool} "$@"\n')
    script.chmod(0o700)
    users = COMPOSE["services"]["users"]
    (command,) = users["command"]
    done = subprocess.run(
        ["bash", *users["entrypoint"][1:], machine.here(command)],
        env=os.environ | users["environment"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_gets_in_and_reads_and_writes_what_topics_yaml_says(
    machine: Machine, service: str
) -> None:
    user = machine.client(service)
    topics = {topic.name for topic in CATALOGUE.topics}
    read = {topic.name for topic in CATALOGUE.topics if service in topic.consumers}
    foreign = {topic.name for topic in CATALOGUE.topics if service not in topic.producers}
    assert await refused_reading(user, topics) == topics - read
    assert await refused_writing(user, foreign) == foreign


def test_the_administrator_sees_every_topic_from_outside_the_containers_too(machine: Machine) -> None:
    outside = machine.client("prepare", kafka=machine.here(PARTIES))
    assert {topic.name for topic in CATALOGUE.hub_topics()} <= seen_by(outside)


async def test_a_party_reads_what_is_its_own_from_outside_and_writes_its_signals_and_nothing_else(
    machine: Machine, creditor: KafkaSettings
) -> None:
    told = {f"tenant.{CREDITOR}.{subject}.v1" for subject in ("pauses", "feedback", "refusals")}
    said = {f"intake.{CREDITOR}.signalen.v1"}
    every = seen_by(machine.client("prepare", kafka=machine.here(PARTIES)))
    assert {*told, *said, f"tenant.{TOWN}.cases.v1"} <= every
    assert await refused_reading(creditor, every) == every - told
    assert await refused_writing(creditor, every) == every - said
    assert seen_by(creditor) == told | said
    hub = {spec.name for spec in CATALOGUE.processors} | {spec.name for spec in CATALOGUE.projections}
    others = {f"{TOWN}-afnemer", *hub}
    assert await refused_groups(creditor, {f"{CREDITOR}-afnemer", *others}) == others


@pytest.mark.parametrize("place", [HUB, PARTIES, INSIDE])
async def test_without_a_password_nobody_gets_in_anywhere(machine: Machine, place: str) -> None:
    with pytest.raises(TransientError, match="no Kafka broker answers"):
        await apply(machine.here(place), [])


@pytest.mark.parametrize("place", [HUB, PARTIES])
async def test_a_guessed_password_lets_nobody_in(machine: Machine, place: str) -> None:
    with pytest.raises(TransientError, match="no Kafka broker answers"):
        await apply(machine.client("ingest", kafka=machine.here(place), kafka_password="guessed"), [])
