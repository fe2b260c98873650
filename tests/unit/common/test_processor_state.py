from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import ContractError
from services.common.processor.poison import HaltError
from services.common.processor.state import FullError, Table
from services.common.records import WakeUp

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    total: int
    days: tuple[datetime, ...] = ()


def copy_of(table: Table[Seen], log: dict[bytes, bytes | None]) -> Table[Seen]:
    """What a restart would have: everything that was ever written, the last record of a key counting."""
    log |= dict(table.changes())
    table.committed()
    fresh = Table(Seen)
    for key, value in log.items():
        fresh.load(key, value)
    fresh.loaded()
    return fresh


def ring(table: Table[Seen], until: datetime) -> list[WakeUp]:
    found = []
    while wake_up := table.pop_due(until):
        found.append(wake_up)
    return found


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.none() | st.integers(0, 5)), max_size=30
)


@given(steps=STEPS, commit_every=st.integers(1, 5))
def test_a_reloaded_table_has_the_same_state_and_the_same_timers(
    steps: list[tuple[str, int, int | None]], commit_every: int
) -> None:
    table = Table(Seen)
    log: dict[bytes, bytes | None] = {}
    plain: dict[str, tuple[Seen | None, datetime | None]] = {}
    for number, (key, total, hours) in enumerate(steps):
        due = None if hours is None or not total else NOW + timedelta(hours=hours)
        state = Seen(total, (NOW,)) if total else None
        table.put(key, state, due)
        plain[key] = (state, due)
        if number % commit_every == 0:
            log |= dict(table.changes())
            table.committed()
    fresh = copy_of(table, log)
    for key, (state, _) in plain.items():
        assert table.get(key) == fresh.get(key) == state
    expected = sorted((due, key) for key, (_, due) in plain.items() if due is not None)
    end = NOW + timedelta(days=1)
    assert sorted((w.due, w.key) for w in ring(fresh, end)) == expected
    assert {(w.due, w.key) for w in ring(table, end)} == set(expected)


def test_a_timer_rings_in_order_of_due_time_and_not_before() -> None:
    table = Table(Seen)
    for hours in (3, 1, 2):
        table.put(f"k{hours}", Seen(1), NOW + timedelta(hours=hours))
    assert [w.key for w in ring(table, NOW + timedelta(hours=2))] == ["k1", "k2"]
    assert table.next_due == NOW + timedelta(hours=3)


def test_the_same_state_and_timer_are_no_change() -> None:
    table = Table(Seen)
    table.put("a", Seen(1), NOW)
    table.committed()
    state = table.get("a")
    table.put("a", state, NOW)
    assert list(table.changes()) == []
    table.put("a", state, None)
    assert len(list(table.changes())) == 1


def test_what_was_loaded_and_looked_at_is_no_change_either() -> None:
    table = Table(Seen)
    table.put("a", Seen(1), NOW)
    fresh = copy_of(table, {})
    state = fresh.get("a")
    assert state is fresh.get("a")
    fresh.put("a", state, NOW)
    assert list(fresh.changes()) == []


def test_a_failed_timer_is_quiet_until_a_record_changes_its_key() -> None:
    table = Table(Seen)
    table.put("a", Seen(1), NOW)
    table.failed["a"] = "ValueError"
    assert table.next_due is None
    table.put("a", Seen(2), NOW)
    assert table.next_due == NOW
    assert not table.failed


def test_state_that_cannot_be_read_halts() -> None:
    with pytest.raises(HaltError, match="cannot read"):
        Table(Seen).load(b"a", b"\x01")


def test_state_that_is_too_large_is_refused_and_the_key_stays_as_it_was() -> None:
    table = Table(Seen)
    table.put("a", Seen(1), NOW)
    with pytest.raises(FullError, match="over 1000000 bytes"):
        table.put("a", Seen(1, (NOW,) * 200_000), None)
    assert (table.get("a"), table.next_due) == (Seen(1), NOW)


def test_a_key_that_changes_often_has_one_timer() -> None:
    table = Table(Seen)
    for total in range(1, 1_000):
        table.put("a", Seen(total), NOW)
    assert [wake_up.key for wake_up in ring(table, NOW)] == ["a"]
    assert vars(table)["_timers"] == []


def test_timers_that_are_moved_do_not_pile_up() -> None:
    table = Table(Seen)
    for minute in range(1_000):
        table.put("a", Seen(1), NOW - timedelta(minutes=minute))
    assert len(vars(table)["_timers"]) < 200
    assert ring(table, NOW - timedelta(minutes=999)) == [WakeUp("a", NOW - timedelta(minutes=999))]


@pytest.mark.parametrize(
    ("state_type", "state", "wake_at", "text"),
    [
        (None, Seen(1), None, "without state"),
        (Seen, None, NOW, "wake_at without state"),
        (Seen, Seen(1), NOW.replace(tzinfo=None), "no time zone"),
    ],
)
def test_what_could_not_be_kept_is_refused(
    state_type: type[Seen] | None, state: Seen | None, wake_at: datetime | None, text: str
) -> None:
    with pytest.raises(ContractError, match=text):
        Table(state_type).put("a", state, wake_at)
