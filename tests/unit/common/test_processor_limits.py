import pytest
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from services.common.pace import PROMPT, UNHURRIED, Pace
from services.common.processor.poison import HaltError, Window
from services.common.processor.processor import of_every_input


def plain(outcomes: list[bool]) -> bool:
    """Whether the last outcome is one poison record too many."""
    return (len(outcomes) >= 20 and all(outcomes[-20:])) or (outcomes[-1] and sum(outcomes[-100:]) >= 50)


@given(st.lists(st.integers(0, 3).map(bool), max_size=300))
def test_the_window_halts_where_a_plain_count_does(outcomes: list[bool]) -> None:
    window = Window()
    for number, poison in enumerate(outcomes):
        window = restarted(window)
        too_many = plain(outcomes[: number + 1])
        if not poison:
            window.good()
        elif too_many:
            with pytest.raises(HaltError):
                window.poison()
            return
        else:
            window.poison()


def restarted(window: Window) -> Window:
    fresh = Window()
    fresh.restore(window.text)
    return fresh


@pytest.mark.parametrize("text", ["", "set by a tool", "ffffffffff"])
def test_metadata_of_somebody_else_is_no_poison(text: str) -> None:
    window = Window()
    window.restore(text)
    for _ in range(19):
        window.poison()


def test_a_partition_runs_only_when_all_its_inputs_are_assigned() -> None:
    assigned = [TopicPartition("a", 0), TopicPartition("b", 0), TopicPartition("a", 1)]
    assert of_every_input(assigned, 2) == ([0], [1])


def test_the_pause_grows_with_the_number_of_transactions_and_not_for_full_batches() -> None:
    pace = Pace()
    pauses = [pace.pause(1, 0.0) for _ in range(100)]
    assert pauses[0] == pytest.approx(0.06, rel=0.01)
    assert pauses == sorted(pauses)
    assert pace.pause(2_000, 0.0) == 0


@pytest.mark.parametrize("patience", [UNHURRIED, PROMPT])
def test_nobody_waits_longer_for_company_than_its_processor_says(patience: float) -> None:
    pace = Pace(patience)
    pauses = [pace.pause(1, 0.0) for _ in range(100)]
    assert max(pauses) == pytest.approx(patience, rel=0.01)


@pytest.mark.parametrize(("took", "expected"), [(0.1, 0.1), (0.3, 0.3), (5.0, 0.5)])
def test_a_slow_transaction_is_followed_by_as_long_a_pause_up_to_half_a_second(
    took: float, expected: float
) -> None:
    assert Pace().pause(1, took) == pytest.approx(expected, rel=0.01)
