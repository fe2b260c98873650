"""The state of a household as the changelog holds it."""

from datetime import UTC, datetime

import msgspec

from services.matcher.domain.facts import CaseFacts, ErasedFact, Household, WithdrawnFact

HOUSEHOLD = Household(
    household="a" * 32,
    cases=(CaseFacts(case_id="c", municipality="m", unit="", month=24312),),
    woken=datetime(2026, 3, 1, tzinfo=UTC),
    withdrawn=(WithdrawnFact("s", 2, 24312),),
    erased=(ErasedFact("s", datetime(2026, 3, 1, tzinfo=UTC)),),
)


def test_state_is_read_back_as_it_was() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(HOUSEHOLD), type=Household) == HOUSEHOLD


def test_state_from_before_a_field_was_added_is_read_without_it() -> None:
    shorter = msgspec.msgpack.decode(msgspec.msgpack.encode(HOUSEHOLD))[:5]
    found = msgspec.msgpack.decode(msgspec.msgpack.encode(shorter), type=Household)
    assert found == HOUSEHOLD._replace(withdrawn=(), erased=())


def test_state_holds_values_without_names() -> None:
    assert b"municipality" not in msgspec.msgpack.encode(HOUSEHOLD)
