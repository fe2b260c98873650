"""How every Kafka client of this product reaches the broker: one place, so that none is left unprotected."""

import ssl
from typing import Any

from aiokafka.client import AIOKafkaClient

from services.common import lost_connections
from services.common.errors import ConfigurationError
from services.common.settings import KafkaSettings

MECHANISM = "SCRAM-SHA-512"


def connection(kafka: KafkaSettings | str) -> dict[str, Any]:
    """Return what an aiokafka client has to be given; a str is the address of a broker without protection.

    The CA is read at each call: a client that is made after the authority was renewed trusts the new one.
    """
    lost_connections.use()
    if isinstance(kafka, str):
        return {"bootstrap_servers": kafka}
    found: dict[str, Any] = {
        "bootstrap_servers": kafka.kafka,
        "security_protocol": kafka.kafka_security_protocol,
    }
    if kafka.kafka_security_protocol.startswith("SASL_"):
        found |= _credentials(kafka)
    if kafka.kafka_security_protocol.endswith("SSL"):
        found["ssl_context"] = _tls(kafka)
    return found


def librdkafka(kafka: KafkaSettings | str) -> dict[str, Any]:
    """Return the same for a client of confluent-kafka, which does what aiokafka has no requests for."""
    if isinstance(kafka, str):
        return {"bootstrap.servers": kafka}
    found: dict[str, Any] = {
        "bootstrap.servers": kafka.kafka,
        "security.protocol": kafka.kafka_security_protocol,
    }
    if kafka.kafka_security_protocol.startswith("SASL_"):
        user = _credentials(kafka)
        found |= {
            "sasl.mechanism": user["sasl_mechanism"],
            "sasl.username": user["sasl_plain_username"],
            "sasl.password": user["sasl_plain_password"],
        }
    if kafka.kafka_security_protocol.endswith("SSL"):
        _tls(kafka)  # says what is wrong with the file
        found["ssl.ca.location"] = str(kafka.kafka_ca_file or "probe")
    return found


def disconnect(client: AIOKafkaClient) -> None:
    """Close the connections of a client that did not end in time, waiting for nothing.

    Over TLS a connection was seen to take more than 15 s to close (uvloop 0.23, a busy machine). And
    `client.close()` would await the same futures again: cancelled by then, they cancel who awaits them.
    """
    if client._sync_task is not None:  # noqa: SLF001 -- no public way without waiting
        client._sync_task.cancel()  # noqa: SLF001
    for connected in client._conns.values():  # noqa: SLF001
        connected.close()


def _credentials(kafka: KafkaSettings) -> dict[str, str]:
    if not kafka.kafka_username or kafka.kafka_password is None:
        raise ConfigurationError(
            f"{kafka.kafka_security_protocol} needs SIGNAALHUB_KAFKA_USERNAME and SIGNAALHUB_KAFKA_PASSWORD"
        )
    return {
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": kafka.kafka_username,
        "sasl_plain_password": kafka.kafka_password.get_secret_value(),
    }


def _tls(kafka: KafkaSettings) -> ssl.SSLContext:
    """Verify the broker's certificate and name, by this file or else by the system's authorities."""
    try:
        return ssl.create_default_context(cafile=kafka.kafka_ca_file)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise ConfigurationError(f"SIGNAALHUB_KAFKA_CA_FILE {kafka.kafka_ca_file}: {problem}") from error
