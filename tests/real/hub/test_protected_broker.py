"""The services on a Kafka that asks for SCRAM over TLS, each with no more than deploy/k8s gives it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from services.local.kafka import EmbeddedKafka
from services.local.keys import Secrets, make_secrets
from services.local.postgres import EmbeddedPostgres
from services.local.waiting import free_ports, wait_until
from tests.contract.manifests import SERVICES, SITE, Manifest, Right, containers, rendered, rights_of
from tests.real.hub.certificate import write_certificates
from tests.real.hub.town import INSURER, LANDLORD, Town

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(500)]

JOB = "prepare"
SECONDS = 180
PASSWORD = "made-up-"  # and the user's name
KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactionalId": ResourceType.TRANSACTIONAL_ID,
}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
}
MANIFESTS = rendered(SITE)
USERS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] == "KafkaUser"}


@dataclass(frozen=True)
class Site:
    """Where things are, and what stands in the Secrets."""

    folder: Path
    kafka: str
    database: str
    secrets: Secrets

    def environment(self, name: str, container: Manifest) -> dict[str, str]:
        """What a container is started with: the manifest's, only the addresses are those of this machine."""
        (shared,) = (each["data"] for each in MANIFESTS if each["kind"] == "ConfigMap")
        known = {
            f"secret {name} password": PASSWORD + name,
            "secret signaalhub-database url": self.database,
            "secret signaalhub-pseudonym-key key": self.secrets.pseudonym_key,
            "secret signaalhub-vault-key key": self.secrets.vault_key,
            "field metadata.name": f"{name}-0",
        }
        own = {
            each["name"]: each.get("value") or known.get(_reference(each), "") for each in container["env"]
        }
        here = {
            "SIGNAALHUB_KAFKA": self.kafka,
            "SIGNAALHUB_KAFKA_CA_FILE": str(self.folder / "ca.pem"),
            "SIGNAALHUB_KAFKA_REPLICATION": "1",
            "SIGNAALHUB_ISSUER": "urn:signaalhub:local",
            "SIGNAALHUB_JWKS": str(self.secrets.jwks),
        }
        path = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return path | (shared | here if "envFrom" in container else {}) | own


def _reference(variable: Manifest) -> str:
    source = variable.get("valueFrom", {})
    if "secretKeyRef" in source:
        return "secret {name} {key}".format(**source["secretKeyRef"])
    return "field {fieldPath}".format(**source["fieldRef"]) if "fieldRef" in source else ""


def broker_settings(folder: Path, ports: list[int]) -> dict[str, str]:
    """An open listener for who administers (loopback, this test), a protected one for everybody else."""
    plain, protected, controller = ports
    module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{plain},HUB://127.0.0.1:{protected},"
        f"CONTROLLER://127.0.0.1:{controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,HUB:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.hub.scram-sha-512.sasl.jaas.config": module,
        "listener.name.hub.ssl.keystore.type": "PEM",
        "listener.name.hub.ssl.keystore.location": str(folder / "broker.pem"),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "false",
    }


def make_users(admin: AdminClient, names: list[str]) -> None:
    """What Strimzi does with its KafkaUsers."""
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    users: list[Any] = [
        UserScramCredentialUpsertion(name, info, (PASSWORD + name).encode()) for name in names
    ]
    for done in admin.alter_user_scram_credentials(users).values():
        done.result(30)
    bindings = [each for name in names for right in rights_of(USERS[name]) for each in acls(name, right)]
    for made in admin.create_acls(bindings).values():
        made.result(30)


def acls(user: str, right: Right) -> Iterator[AclBinding]:
    kind, pattern = KINDS[right.kind], PATTERNS[right.pattern]
    for operation in right.operations:
        yield AclBinding(
            kind, right.name, pattern, f"User:{user}", "*", OPERATIONS[operation], AclPermissionType.ALLOW
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sh-")))
        write_certificates(folder)
        ports = free_ports(3)
        plain, protected, controller = ports
        broker = EmbeddedKafka(
            folder / "kafka", plain, controller_port=controller, settings=broker_settings(folder, ports)
        )
        stack.enter_context(broker)
        server = stack.enter_context(EmbeddedPostgres(folder / "postgres", fsync=False))
        make_users(AdminClient({"bootstrap.servers": broker.bootstrap}), [*SERVICES, JOB])
        yield Site(folder, f"127.0.0.1:{protected}", server.url, make_secrets(folder / "secrets"))


@pytest.fixture(scope="module")
def town(site: Site) -> Iterator[Town]:
    """All services as the manifests start them, and a settled town."""
    (job,) = (each for each in MANIFESTS if each["kind"] == "Job")
    for container in containers(job):
        subprocess.run(_command(container), env=site.environment(JOB, container), check=True, timeout=120)
    with ExitStack() as stack:
        endpoints = {}
        for manifest in MANIFESTS:
            if manifest["kind"] != "StatefulSet":
                continue
            name, (container,) = manifest["metadata"]["name"], containers(manifest)
            port = str(free_ports(1)[0])
            log = stack.enter_context((site.folder / f"{name}.log").open("w"))
            env = site.environment(name, container) | {"SIGNAALHUB_HTTP_PORT": port}
            process = subprocess.Popen(_command(container), env=env, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            endpoints[name] = f"http://127.0.0.1:{port}"
        for name, url in endpoints.items():
            wait_until(partial(well, url), SECONDS, f"health of {name}")
        found = Town(endpoints, site.secrets.token)
        found.settle()
        yield found


def _command(container: Manifest) -> list[str]:
    return [sys.executable, "-m", "services.local.cli", *container["args"]]


def well(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_what_a_signal_sets_in_motion_needs_no_right_that_its_service_lacks(town: Town) -> None:
    assert town.check().json()["bekend"] is False
    assert town.signal(INSURER, "Z-1").status_code == 202
    assert town.signal(LANDLORD, "H-1").status_code == 202
    assert town.signal(LANDLORD, "H-2", bedragInCenten=-1).status_code == 400
    wait_until(lambda: any(len(case["signalen"]) == 2 for case in town.cases()), SECONDS, "the case")
    assert town.register("R-1").status_code == 200
    wait_until(lambda: town.check().json()["bekend"], SECONDS, "the registration")
    (case,) = (case["id"] for case in town.cases() if len(case["signalen"]) == 2)
    assert town.result(case).status_code == 202
    wait_until(lambda: town.cases()[0]["status"] == "afgesloten", SECONDS, "the result")
    for url in town.endpoints.values():
        assert well(url), httpx.get(f"{url}/health").text


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_sees_no_topic_but_those_it_has_rights_to(site: Site, town: Town, name: str) -> None:
    client = AdminClient(
        {
            "bootstrap.servers": site.kafka,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": name,
            "sasl.password": PASSWORD + name,
            "ssl.ca.location": str(site.folder / "ca.pem"),
        }
    )
    seen = set(client.list_topics(timeout=30).topics)
    given = {right for right in rights_of(USERS[name]) if right.kind == "topic"}
    plain = {right.name for right in given if right.pattern == "literal"}
    assert {topic for topic in seen if not topic.startswith("tenant.")} == plain
    assert any(topic.startswith("tenant.") for topic in seen) is (len(given) > len(plain))
