"""What a Kafka client is given, from the settings."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.common.connection import connection, librdkafka
from services.common.errors import ConfigurationError
from services.common.settings import REPOSITORY, KafkaSettings

USER: dict[str, Any] = {"kafka_username": "matcher", "kafka_password": SecretStr("made-up")}


def settings(protocol: str, **more: Any) -> KafkaSettings:
    return KafkaSettings.model_validate({"kafka": "broker:9093", "kafka_security_protocol": protocol} | more)


def test_a_broker_without_protection_needs_its_address_only() -> None:
    assert connection("broker:9092") == {"bootstrap_servers": "broker:9092"}
    plain = {"bootstrap_servers": "broker:9093", "security_protocol": "PLAINTEXT"}
    assert connection(KafkaSettings(kafka="broker:9093")) == plain


def test_scram_goes_with_a_verified_certificate() -> None:
    found = connection(settings("SASL_SSL", **USER))
    context = found.pop("ssl_context")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert found == {
        "bootstrap_servers": "broker:9093",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "matcher",
        "sasl_plain_password": "made-up",
    }


def test_without_tls_there_is_no_certificate_and_without_sasl_no_password() -> None:
    assert "ssl_context" not in connection(settings("SASL_PLAINTEXT", **USER))
    assert "sasl_plain_password" not in connection(settings("SSL", **USER))


@pytest.mark.parametrize("left", [{}, {"kafka_username": "matcher"}, {"kafka_password": SecretStr("x")}])
def test_scram_without_a_user_or_password_says_which_settings_are_missing(left: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="SIGNAALHUB_KAFKA_USERNAME and SIGNAALHUB_KAFKA_PASSWORD"):
        connection(settings("SASL_SSL", **left))


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent, empty = tmp_path / "absent.pem", tmp_path / "empty.pem"
    empty.write_text("")
    for path in (absent, empty):
        with pytest.raises(ConfigurationError, match=f"SIGNAALHUB_KAFKA_CA_FILE {path}"):
            connection(settings("SASL_SSL", kafka_ca_file=path, **USER))


def test_a_client_of_confluent_kafka_is_given_the_same(tmp_path: Path) -> None:
    assert librdkafka("broker:9092") == {"bootstrap.servers": "broker:9092"}
    found = librdkafka(settings("SASL_SSL", **USER))
    assert found == {
        "bootstrap.servers": "broker:9093",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "matcher",
        "sasl.password": "made-up",
        "ssl.ca.location": "probe",
    }
    assert "ssl.ca.location" not in librdkafka(settings("SASL_PLAINTEXT", **USER))
    assert "sasl.password" not in librdkafka(settings("SSL"))
    with pytest.raises(ConfigurationError, match="SIGNAALHUB_KAFKA_CA_FILE"):
        librdkafka(settings("SSL", kafka_ca_file=tmp_path / "absent.pem"))


def clients() -> Iterator[tuple[str, str]]:
    for path in sorted((REPOSITORY / "services").rglob("*.py")):
        if "local" in path.relative_to(REPOSITORY).parts or path.name == "connection.py":
            continue  # the local stack's own broker listens on loopback and has no users
        for line in path.read_text().splitlines():
            if "bootstrap_servers=" in line or '"bootstrap.servers"' in line:
                yield path.name, line.strip()


def test_no_client_of_the_services_goes_around_it() -> None:
    assert list(clients()) == []
