"""Commands of the deploy step, as far as they need nothing that runs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.common.errors import ConfigurationError, SignaalhubError, TransientError
from services.common.settings import REPOSITORY
from services.local import cli, stack
from services.local.cli import app
from services.local.demo import examples
from services.local.keys import SCOPES, make_secrets
from services.local.waiting import free_ports

NOWHERE = {"SIGNAALHUB_DATABASE_URL": "", "SIGNAALHUB_KAFKA": ""}


OIN = "00000099000001021000"
KAFKA_COMMANDS = [("topics", "apply"), ("topics", "save", "copy"), ("dlq", "list")]
DATABASE_COMMANDS = [
    ("migrate",),
    ("deliveries", "list"),
    ("deliveries", "restart", "some-id"),
    ("erase", "--huishouden", "0" * 32),
    ("vault", "rotate", "--keys", "made-up"),
    ("import", "areas", "pyproject.toml"),
    ("topics", "load", "pyproject.toml", "--kafka", "nowhere:1"),
]


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


@pytest.mark.parametrize("command", DATABASE_COMMANDS, ids=" ".join)
def test_what_is_no_url_of_a_database_is_one_line_without_it(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    error = error_of(*command, "--database", "made-up-password")
    assert isinstance(error, ConfigurationError)
    assert "SIGNAALHUB_DATABASE_URL" in str(error)
    assert "made-up-password" not in str(error)


@pytest.mark.parametrize("command", KAFKA_COMMANDS, ids=" ".join)
def test_a_folder_without_topics_yaml_is_one_line(command: tuple[str, ...]) -> None:
    error = error_of(*command, "--kafka", "nowhere:1", "--schemas", "/nowhere")
    assert isinstance(error, ConfigurationError)
    assert "/nowhere/topics.yaml is not there" in str(error)


@pytest.mark.parametrize("command", KAFKA_COMMANDS, ids=" ".join)
def test_a_wrong_setting_of_kafka_is_one_line_that_names_it(command: tuple[str, ...]) -> None:
    error = error_of(*command, "--kafka", "nowhere:1", SIGNAALHUB_KAFKA_SECURITY_PROTOCOL="SSLL")
    assert isinstance(error, ConfigurationError)
    assert "SIGNAALHUB_KAFKA_SECURITY_PROTOCOL" in str(error)


@pytest.mark.parametrize("base", ["-5", "65530"])
def test_a_port_that_cannot_be_is_refused_before_anything_starts(base: str, tmp_path: Path) -> None:
    command = ["up", "--port-base", base, "--data-dir", str(tmp_path / "data")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "--port-base" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-04-01T00:00:00+02:00", datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("2026-04-01T00:00:00", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
    ids=["with a zone", "without"],
)
def test_a_simulated_time_begins_in_the_zone_that_it_has(
    given: str, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[stack.Options]()
    monkeypatch.setattr(stack, "run", asked.append)
    CliRunner().invoke(app, ["up", "--clock-start", given])
    assert [each.clock_start for each in asked] == [moment]


def test_a_demo_without_the_examples_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "FOLDER", Path("/nowhere/examples"))
    error = error_of("demo")
    assert isinstance(error, ConfigurationError)
    assert "/nowhere/examples is not there" in str(error)


@pytest.mark.parametrize(
    ("party", "scope", "option"),
    [("123", "signalen", "--party"), (OIN, "signalen signals", "--scope"), (OIN, " ", "--scope")],
    ids=["no OIN", "an unknown scope", "no scope"],
)
def test_a_token_that_no_service_would_take_is_not_made(
    tmp_path: Path, party: str, scope: str, option: str
) -> None:
    make_secrets(tmp_path / "secrets")
    error = error_of("token", "--party", party, "--scope", scope, "--data-dir", str(tmp_path))
    assert isinstance(error, ConfigurationError)
    assert str(error).startswith(option)


def test_the_scopes_of_a_token_are_those_that_the_services_ask_for() -> None:
    sources = "".join(path.read_text() for path in (REPOSITORY / "services").rglob("*.py"))
    asked = re.findall(r'Depends\(needs\("([a-z-]+)"\)\)', sources)
    assert {*asked, "toetsen", "toetsen-eigen-inning"} == SCOPES
    assert all(scope in (cli.token.__doc__ or "") for scope in SCOPES)
