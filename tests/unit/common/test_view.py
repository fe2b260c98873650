import asyncio
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from services.common import view as module
from services.common.errors import ConfigurationError
from services.common.events import Party
from services.common.testing import make_runtime, wait_until
from services.common.view import Content, View

parts = st.sampled_from("abc")
changes = st.lists(st.tuples(parts, parts, st.none() | st.integers(0, 9)))


@given(changes)
def test_whatever_is_put_and_forgotten_the_latest_of_each_key_is_found_under_its_first_part(
    changes: list[tuple[str, str, int | None]],
) -> None:
    content: Content[int] = Content()
    expected: dict[str, dict[str, int]] = {}
    for first, rest, value in changes:
        content.put(f"{first}/{rest}", value)
        expected.setdefault(first, {}).pop(rest, None)
        if value is not None:
            expected[first][rest] = value
    for first in "abc":
        assert content.under(first) == expected.get(first, {})
    values = [value for found in expected.values() for value in found.values()]
    assert sorted(content.values()) == sorted(values)
    assert len(content) == len(values)


def test_a_key_without_a_slash_has_an_empty_rest() -> None:
    content: Content[int] = Content()
    content.put("party", 1)
    assert content.under("party") == {"": 1}


class Consumer:
    """Reads a topic of one record, by a schema that this code does not write; then it is at its end."""

    def __init__(self, **_: Any) -> None:
        self._at: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connected."""

    async def stop(self) -> None:
        """Not connected any more."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._at = dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: int(tp.partition == 0) for tp in partitions}

    async def position(self, tp: TopicPartition) -> int:
        return self._at[tp]

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0.001)
        first = next(iter(self._at))
        if self._at[first]:
            return {}
        self._at[first] = 1
        about = {"topic": first.topic, "partition": 0, "offset": 0, "headers": []}
        return {first: [SimpleNamespace(key=b"k", value=b"\0\0\0\0\x63x", **about)]}


async def test_a_registry_that_refuses_ends_no_view_and_is_what_health_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AIOKafkaConsumer", Consumer)
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.001)
    runtime = await make_runtime("ingest")
    refusing = True

    async def learn(_: Iterable[bytes | None]) -> None:
        if refusing:
            raise ConfigurationError("schema registry refused GET /schemas/ids/99 with 403")

    monkeypatch.setattr(runtime.codec, "learn", learn)
    view: View[Party] = View("parties.v1", runtime)
    await view.start()
    try:
        await wait_until(lambda: "refused GET" in str(view.trouble), what="the reason in health")
        assert str(view.trouble).startswith("not ready: "), "nobody answers from what is not there"
        assert not view.crashed
        refusing = False
        async with asyncio.timeout(10):
            await view.wait_ready()
        assert view.trouble == "1 keys have a record that cannot be read", "nothing of before is left"
    finally:
        await view.stop()
