"""The examples of schemas/examples as messages, to run handlers on without a broker."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from services.common.events import SUBJECTS, Event
from services.common.records import Message, Meta

EXAMPLES = Path(__file__).parents[2] / "schemas/examples"
NOW = datetime(2026, 3, 25, 10, tzinfo=UTC)


E = TypeVar("E", bound=Event)


def example(name: str, kind: type[E]) -> E:
    """Return the example `<subject>/<file without .json>`."""
    subject, _, file = name.partition("/")
    path = EXAMPLES / subject / "v1" / f"{file}.json"
    assert SUBJECTS[subject] is kind
    event: E = msgspec.json.decode(path.read_bytes(), type=kind)
    return event


def message(
    event: Event | None, topic: str, what: str = "happened", key: str = "k", id: str = "e1"
) -> Message:
    meta = Meta(id, "urn:nld:oin:00000099000000000001:systeem:test", f"nl.signaalhub.x.{what}", NOW)
    return Message(topic, key, event, meta, b"bytes as they came", (("ce_id", b"e1"),), 3, 14)
