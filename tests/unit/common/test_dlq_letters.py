"""What is written on a letter can be read from it, and what is written by others is not taken for ours."""

from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord

from services.common.catalogue import load_catalogue
from services.common.dlq.identity import FACTS, STATES
from services.common.dlq.letters import (
    Error,
    Fate,
    Origin,
    is_for,
    is_replay,
    letter_of,
    mark,
    marked,
    replay_headers,
    without_replay,
)
from services.common.errors import ContractError
from services.common.events import SUBJECTS
from services.common.processor.poison import dead_letter
from services.common.settings import REPOSITORY

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CATALOGUE = load_catalogue(REPOSITORY / "schemas")
PLAIN = (("ce_id", b"1"), ("content-type", b"application/avro"))


def record(
    value: bytes | None = b"v", headers: tuple[tuple[str, bytes], ...] = PLAIN, offset: int = 7
) -> ConsumerRecord:
    return ConsumerRecord("t.v1", 3, offset, 0, 0, b"k", value, None, 1, 1, headers)


def buried(found: ConsumerRecord, error: Exception | None = None, consumer: str = "c1") -> ConsumerRecord:
    value, headers = dead_letter(found, error or ContractError("no good"), consumer, NOW)
    return record(value, tuple(headers), offset=1)


def test_a_letter_holds_the_record_as_it_was_and_what_went_wrong() -> None:
    letter = letter_of(buried(record()))
    assert (letter.key, letter.value, letter.headers) == (b"k", b"v", PLAIN)
    assert letter.origin == Origin(3, 7)
    assert (letter.error, letter.message, letter.consumer) == ("ContractError", "no good", "c1")
    assert (letter.failed_at, letter.replays, letter.value_left) == ("2026-03-02T09:00:00.000Z", 0, False)


def test_each_failure_after_a_replay_counts_one_more() -> None:
    found = record()
    for again in range(1, 4):
        letter = letter_of(buried(found))
        found = record(letter.value, tuple(replay_headers(letter, ["c1"])))
        assert letter_of(buried(found)).replays == again
    assert without_replay(tuple(found.headers)) == PLAIN


def test_a_value_without_room_for_our_headers_is_said_to_be_left_where_it_is() -> None:
    letter = letter_of(buried(record(bytes(1_000_000))))
    assert (letter.value, letter.value_left, letter.origin) == (None, True, Origin(3, 7))


@pytest.mark.parametrize("headers", [(), PLAIN, ((Error.PARTITION, b"x"), (Error.OFFSET, b"1"))])
def test_what_the_hub_did_not_write_has_no_origin(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert letter_of(record(headers=headers)).origin is None


def test_a_replayed_record_is_for_those_who_failed_and_any_other_for_everybody() -> None:
    letter = letter_of(buried(record()))
    addressed = replay_headers(letter, {"slow", "fast"})
    assert addressed[-1] == ("dlq_replay_for", b"fast,slow")
    assert [is_for(addressed, name) for name in ("fast", "slow", "low", "")] == [True, True, False, False]
    assert is_for(replay_headers(letter, None), "anybody")
    assert is_for(PLAIN, "anybody")
    assert is_for((), "anybody")
    assert is_for((("dlq_replay_for", None),), "anybody")
    assert [is_replay(each) for each in (addressed, replay_headers(letter, None), PLAIN)] == [
        True,
        True,
        False,
    ]


def test_a_mark_says_what_became_of_which_letter() -> None:
    fates = {3: Fate.REPLAYED, 5: Fate.SUPERSEDED, 4: Fate.REPLAYED}
    key, value, headers = mark(fates)
    found = ConsumerRecord("t.v1.dlq", 0, 9, 0, 0, key, value, None, 1, 1, tuple(headers))
    assert marked(found) == fates


def test_a_strangers_record_that_looks_like_a_mark_is_a_letter_when_it_was_buried() -> None:
    _, value, headers = mark({3: Fate.REPLAYED})
    assert marked(buried(record(value, tuple(headers)))) is None


@pytest.mark.parametrize(
    "topic", [each for each in CATALOGUE.topics if each.dlq], ids=lambda topic: topic.name
)
def test_of_every_topic_with_a_dlq_it_is_known_whether_a_later_record_replaces_an_earlier_one(
    topic: object,
) -> None:
    found = next(each for each in CATALOGUE.topics if each is topic)
    record_type = SUBJECTS[found.subject]
    assert [found.compacted, record_type in STATES, record_type in FACTS].count(True) == 1


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
def test_the_member_that_says_what_a_state_is_of_exists(kind: type) -> None:
    assert STATES[kind] in kind.__annotations__
