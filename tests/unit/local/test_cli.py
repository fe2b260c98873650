"""Commands of the deploy step, as far as they need nothing that runs."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.common.errors import ConfigurationError, SignaalhubError, TransientError
from services.local.cli import app
from services.local.waiting import free_ports

NOWHERE = {"SIGNAALHUB_DATABASE_URL": "", "SIGNAALHUB_KAFKA": ""}


def error_of(*command: str, **env: str) -> SignaalhubError:
    """What `main` shows as one line."""
    result = CliRunner().invoke(app, command, env=NOWHERE | env)
    assert isinstance(result.exception, SignaalhubError), result.output
    return result.exception


@pytest.mark.parametrize(
    "command",
    [
        *(("migrate",), ("topics", "apply"), ("deliveries", "list"), ("deliveries", "restart", "some-id")),
        *(("dlq", "list"), ("dlq", "show", "signals.v1"), ("dlq", "replay", "signals.v1")),
    ],
)
def test_without_a_stack_and_without_an_address_it_says_what_to_give(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    error = error_of(*command, "--data-dir", str(tmp_path))
    assert isinstance(error, ConfigurationError)
    assert "no stack is up" in str(error)


def test_a_database_that_does_not_answer_is_one_line_without_its_password() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    url = f"postgresql+psycopg://hub:made-up-password@{address}/hub"
    error = error_of("migrate", SIGNAALHUB_DATABASE_URL=url)
    assert isinstance(error, TransientError)
    assert "made-up-password" not in str(error)


def test_a_broker_that_asks_for_a_password_is_not_asked_without_one() -> None:
    error = error_of(
        "topics", "apply", "--kafka", "broker:9093", SIGNAALHUB_KAFKA_SECURITY_PROTOCOL="SASL_SSL"
    )
    assert isinstance(error, ConfigurationError)
    assert "SIGNAALHUB_KAFKA_USERNAME" in str(error)


@pytest.mark.parametrize(
    ("topic", "text"), [("nothing.v1", "is not in topics.yaml"), ("teams.v1", "has no dead-letter topic")]
)
def test_a_topic_without_a_dead_letter_topic_is_one_line(topic: str, text: str) -> None:
    error = error_of("dlq", "replay", topic, "--kafka", "nowhere:1")
    assert isinstance(error, ConfigurationError)
    assert text in str(error)
