"""A Kafka that asks for SCRAM over TLS, a PostgreSQL, and the manifests' containers to run with them."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as such
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from services.common.settings import KafkaSettings
from services.local.kafka import EmbeddedKafka
from services.local.keys import Secrets, make_secrets
from services.local.postgres import EmbeddedPostgres
from services.local.waiting import free_ports
from tests.contract.manifests import SITE, Manifest, containers, rendered
from tests.real.hub.certificate import write_certificates

ADMIN = "admin"
"""May do everything, as who runs a Kafka; no service has this user."""
_PASSWORD = "made-up-"  # and the user's name
_MANIFESTS = rendered(SITE)


@dataclass(frozen=True)
class Site:
    """Where things are, and what stands in the Secrets."""

    folder: Path
    kafka: str
    database: str
    secrets: Secrets

    def settings(self, user: str, password: str | None = None) -> KafkaSettings:
        """What a client of this user is given."""
        return KafkaSettings(
            kafka=self.kafka,
            kafka_security_protocol="SASL_SSL",
            kafka_username=user,
            kafka_password=SecretStr(password or _PASSWORD + user),
            kafka_ca_file=self.folder / "ca.pem",
        )

    def variables(self, user: str) -> dict[str, str]:
        """The same in the environment of a command."""
        return {
            "SIGNAALHUB_KAFKA": self.kafka,
            "SIGNAALHUB_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "SIGNAALHUB_KAFKA_USERNAME": user,
            "SIGNAALHUB_KAFKA_PASSWORD": _PASSWORD + user,
            "SIGNAALHUB_KAFKA_CA_FILE": str(self.folder / "ca.pem"),
            "SIGNAALHUB_DATABASE_URL": self.database,
        }

    def environment(self, name: str, container: Manifest) -> dict[str, str]:
        """What a container is started with: the manifest's, only the addresses are those of this machine."""
        (shared,) = (each["data"] for each in _MANIFESTS if each["kind"] == "ConfigMap")
        known = {
            f"secret {name} password": _PASSWORD + name,
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


def workloads(kind: str) -> Iterator[tuple[str, Manifest]]:
    """Name and container of each of this kind (Job, StatefulSet); one that runs first comes first."""
    for manifest in _MANIFESTS:
        if manifest["kind"] == kind:
            yield from ((manifest["metadata"]["name"], container) for container in containers(manifest))


def command(container: Manifest) -> list[str]:
    return [sys.executable, "-m", "services.local.cli", *container["args"]]


@contextmanager
def protected_site(users: Iterable[str]) -> Iterator[Site]:
    """Start broker and database; these users and `admin` exist, and only `admin` may do anything yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sh-")))
        write_certificates(folder)
        ports = free_ports(3)
        broker = EmbeddedKafka(
            folder / "kafka", ports[0], controller_port=ports[2], settings=_broker_settings(folder, ports)
        )
        stack.enter_context(broker)
        server = stack.enter_context(EmbeddedPostgres(folder / "postgres", fsync=False))
        _make_users(AdminClient({"bootstrap.servers": broker.bootstrap}), [*users, ADMIN])
        yield Site(folder, f"127.0.0.1:{ports[1]}", server.url, make_secrets(folder / "secrets"))


def _reference(variable: Manifest) -> str:
    source = variable.get("valueFrom", {})
    if "secretKeyRef" in source:
        return "secret {name} {key}".format(**source["secretKeyRef"])
    return "field {fieldPath}".format(**source["fieldRef"]) if "fieldRef" in source else ""


def _broker_settings(folder: Path, ports: list[int]) -> Mapping[str, str]:
    """An open listener for who makes the users (loopback, this test), a protected one for everybody else."""
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
        "super.users": f"User:ANONYMOUS;User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
    }


def _make_users(admin: AdminClient, names: list[str]) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    users: list[Any] = [
        UserScramCredentialUpsertion(name, info, (_PASSWORD + name).encode()) for name in names
    ]
    for done in admin.alter_user_scram_credentials(users).values():
        done.result(30)
