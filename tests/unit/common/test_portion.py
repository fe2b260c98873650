from datetime import UTC, datetime

import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import ContractError
from services.common.places import Place
from services.common.portion import poisoned, portion_of
from services.common.records import Message, Meta

TP = TopicPartition("topic", 0)
META = Meta("id", "source", "type", datetime(2026, 1, 1, tzinfo=UTC))
GOOD, BAD = b"good", b"bad"


def record(offset: int, value: bytes) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord("topic", 0, offset, 0, 0, b"key", value, None, 3, len(value), ())


def read(found: ConsumerRecord[bytes, bytes]) -> Message:
    if found.value == BAD:
        raise ContractError("bad")
    return Message("topic", "key", None, META, found.value, (), 0, found.offset)


def records(*values: bytes) -> list[ConsumerRecord[bytes, bytes]]:
    return [record(10 + n, value) for n, value in enumerate(values)]


def test_good_records_are_messages_and_move_the_place_behind_the_last() -> None:
    found = portion_of(TP, Place(10), records(GOOD, GOOD), read)
    assert [message.offset for message in found.messages] == [10, 11]
    assert (found.old, found.new, found.dead, found.halt) == (Place(10), Place(12), [], None)


def test_offsets_that_compaction_left_out_are_passed_over() -> None:
    assert portion_of(TP, Place(10), [record(17, GOOD)], read).new == Place(18)


def test_a_record_that_cannot_be_read_is_dead_and_the_rest_goes_on() -> None:
    found = portion_of(TP, Place(10), records(GOOD, BAD, GOOD), read)
    assert [message.offset for message in found.messages] == [10, 12]
    assert [each.offset for each, _ in found.dead] == [11]
    assert found.new.next_offset == 13


def test_the_twentieth_poison_in_a_row_halts_and_stays_where_it_is() -> None:
    found = portion_of(TP, Place(10), records(*[BAD] * 25), read)
    assert len(found.dead) == 19
    assert found.new.next_offset == 29
    assert found.halt == "20 records in a row cannot be handled"


def test_counting_goes_on_after_a_restart() -> None:
    before = portion_of(TP, Place(10), records(*[BAD] * 19), read).new
    found = portion_of(TP, before, [record(29, BAD)], read)
    assert (found.new, found.dead) == (before, [])
    assert found.halt is not None


def test_a_record_that_cannot_be_applied_counts_as_poison() -> None:
    place, error = Place(10), RuntimeError()
    for offset in range(10, 29):
        found = poisoned(TP, place, record(offset, GOOD), error)
        assert found.new.next_offset == offset + 1
        assert found.dead == [(record(offset, GOOD), error)]
        place = found.new
    last = poisoned(TP, place, record(29, GOOD), error)
    assert (last.new, last.dead) == (place, ())
    assert last.halt is not None


@given(st.lists(st.sampled_from([GOOD, GOOD, GOOD, BAD]), max_size=200), st.integers(1, 200))
def test_how_records_fall_into_batches_changes_nothing(values: list[bytes], cut: int) -> None:
    every = records(*values)
    whole = portion_of(TP, Place(10), every, read)
    first = portion_of(TP, Place(10), every[:cut], read)
    rest = portion_of(TP, first.new, [] if first.halt else every[cut:], read)
    assert [*first.messages, *rest.messages] == list(whole.messages)
    assert len(first.dead) + len(rest.dead) == len(whole.dead)
    assert (rest.new, first.halt or rest.halt) == (whole.new, whole.halt)


@pytest.mark.parametrize("values", [[], [BAD] * 30])
def test_nothing_is_both_dead_and_applied(values: list[bytes]) -> None:
    found = portion_of(TP, Place(10), records(*values), read)
    assert not {m.offset for m in found.messages} & {r.offset for r, _ in found.dead}
