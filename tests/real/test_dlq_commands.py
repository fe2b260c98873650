"""`signaalhub dlq` as an operator uses it, from the list to the replay."""

import asyncio

import pytest
from typer.testing import CliRunner

from services.common.catalogue import load_catalogue
from services.common.events import Signal
from services.common.settings import REPOSITORY
from services.common.topics import apply
from services.local.cli import app
from tests.flow.examples import example
from tests.real.dlq_kit import Post, post_of

pytestmark = pytest.mark.real

CATALOGUE = load_catalogue(REPOSITORY / "schemas")
SIGNAL = example("signals/rent", Signal)


def run(kafka: str, *command: str) -> list[str]:
    result = CliRunner().invoke(app, ["dlq", *command, "--kafka", kafka])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


async def prepare(kafka: str) -> Post:
    """Two good signals and a stranger's record, all put aside by the matcher."""
    await apply(kafka, [each for each in CATALOGUE.hub_topics() if each.name.endswith(".dlq")])
    post = await post_of(kafka, CATALOGUE.topic("signals.v1"))
    await post.failed(
        post.row(SIGNAL.household, SIGNAL, "e1", partition=4),
        post.row(SIGNAL.household, SIGNAL, "e2", partition=4),
        (b"\x1b[31mred\xff", b"no avro", [("x", b"\x1b[31m")], 4),
        consumer="matcher-households",
    )
    return post


def test_from_the_list_to_the_replay(own_kafka: str) -> None:
    asyncio.run(prepare(own_kafka))
    head, signals, *reasons, last = run(own_kafka, "list")
    assert head.split() == ["TOPIC", "OPEN", "DONE", "OLDEST", "OPEN"]
    assert signals.split() == ["signals.v1", "3", "0", "2026-03-02T09:00:00.000Z"]
    assert reasons == [
        "       3 x ContractError: schema id 9 is unknown to the registry (matcher-households)"
    ]
    assert last == f"3 open on {sum(topic.dlq for topic in CATALOGUE.topics)} dead-letter topics"

    assert run(own_kafka, "replay", "signals.v1", "--dry-run", "--limit", "1") == [
        "signals.v1: 1 would be sent back, 0 superseded, 2 left",
        "       2 x not looked at: beyond --limit, or not asked for",
    ]
    assert run(own_kafka, "replay", "signals.v1.dlq") == [
        "signals.v1: 2 sent back, 0 superseded, 1 left",
        "       1 x this release cannot read it either; --force sends it all the same (first: 0@2)",
    ]
    assert run(own_kafka, "replay", "signals.v1", "--error", "OtherError") == [
        "signals.v1: 0 sent back, 0 superseded, 1 left",
        "       1 x not looked at: beyond --limit, or not asked for",
    ]
    assert run(own_kafka, "list")[1].split()[:3] == ["signals.v1", "1", "2"]

    shown = run(own_kafka, "show", "signals.v1")
    assert shown == [
        "signals.v1.dlq 0@2  open",
        "  from      signals.v1 4@2",
        "  error     ContractError: schema id 9 is unknown to the registry (matcher-households)",
        "  failed    2026-03-02T09:00:00.000Z, sent back before: 0 times",
        "  key       hex 1b5b33316d726564ff",
        "  value     7 bytes, no schema id",
        "  header    x = \\x1b[31m",
        "-- 1 shown",
    ]
    everything = run(own_kafka, "show", "signals.v1", "--all", "--limit", "1")
    assert everything[0] == "signals.v1.dlq 0@0  replayed"
    assert everything[-1] == "-- more: --offset 1, or a larger --limit"
    assert not any("bytes  " in line for line in everything)
    assert "  bytes     6e6f206176726f" in run(own_kafka, "show", "signals.v1", "--bytes")
