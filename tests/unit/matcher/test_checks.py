"""What is answered, how fast may be asked, and what is unusual asking."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Contact
from services.common.tempo import Pace, admit
from services.matcher.check_ids import CheckIds
from services.matcher.domain.checks import Helper, answer
from services.matcher.domain.unusual import Asked, Norms, Pattern, note
from services.matcher.settings import CheckSettings
from tests.real.crash.load import bsns

DAYS = timedelta(days=28)
NORMS = Norms(window=100, neighbours=20, misses_percent=99.5)


def helper(organisation: str, as_of: date) -> Helper:
    return Helper(contact=Contact(organisation=organisation), as_of=as_of)


def test_the_answer_holds_28_days_and_says_the_day_of_the_data_in_the_netherlands() -> None:
    found = answer([], datetime(2026, 3, 31, 22, 30, tzinfo=UTC), DAYS)
    assert (found.known, found.data_date) == (False, date(2026, 4, 1))
    assert found.valid_until == datetime(2026, 4, 28, 22, 30, tzinfo=UTC)
    assert CheckSettings().check_days == DAYS.days


def test_every_contact_is_told_once_with_its_own_day_and_the_answer_is_as_old_as_the_oldest() -> None:
    old, new = date(2026, 3, 1), date(2026, 3, 30)
    running = [helper("Wijkteam", old), helper("Kredietbank", old), helper("Wijkteam", new)]
    found = answer(running, datetime(2026, 3, 31, tzinfo=UTC), DAYS)
    assert found.helpers == (helper("Kredietbank", old), helper("Wijkteam", new))
    assert (found.known, found.data_date) == (True, old)


PACE = Pace(per_minute=60, at_once=10)


def test_so_many_at_once_and_then_at_the_pace() -> None:
    busy = 0.0
    for _ in range(10):
        busy, wait = admit(busy, 1, 100.0, PACE)
        assert wait == 0
    assert admit(busy, 1, 100.0, PACE) == (busy, 1.0)
    assert admit(busy, 5, 100.0, PACE) == (busy, 5.0)
    assert admit(busy, 1, 101.0, PACE)[1] == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 10)), max_size=60))
def test_never_more_than_the_pace_and_what_is_at_once_and_who_waits_gets_in(
    asked: list[tuple[int, int]],
) -> None:
    now, busy, admitted = 0.0, 0.0, 0
    for pause, count in asked:
        now += pause
        busy, wait = admit(busy, count, now, PACE)
        if wait:
            assert admit(busy, count, now + wait + 1e-6, PACE)[1] == 0
        else:
            admitted += count
    assert admitted <= PACE.at_once + now * PACE.per_minute / 60


def seen(numbers: list[int], known: int = 0) -> list[Pattern]:
    """Ask about numbers, of which each `known`-th is known."""
    asked = Asked()
    found = (
        note(asked, number, known=bool(known) and place % known == 0, norms=NORMS)
        for place, number in enumerate(numbers)
    )
    return [each for each in found if each]


def test_numbers_in_a_row_are_noticed_also_backwards_and_between_others() -> None:
    numbers = bsns()
    row = [int(next(numbers)) for _ in range(30)]
    assert seen(row, known=5) == [Pattern.NEIGHBOURS]
    assert seen(row[::-1], known=5) == [Pattern.NEIGHBOURS]
    between = [each for pair in zip(row, range(10**6, 31 * 10**6, 10**6), strict=False) for each in pair]
    assert seen(between, known=5) == [Pattern.NEIGHBOURS]


def test_the_same_number_again_and_numbers_far_apart_are_usual() -> None:
    assert seen([123456782] * 300, known=5) == []
    assert seen(list(range(10**8, 10**9, 10**6)), known=5) == []


def test_hardly_ever_somebody_who_is_known_is_noticed_and_not_again_for_a_while() -> None:
    numbers = list(range(10**8, 4 * 10**8, 10**6))
    assert seen(numbers) == [Pattern.MISSES] * 2
    assert seen(numbers, known=50) == []


IDS = CheckIds(bytes(32))
PERSON = "83d72820f0d161563144c0166c8a792a"


def test_an_id_says_the_person_to_who_asked_and_nothing_to_anybody_else() -> None:
    one, other = IDS.new("a", PERSON), IDS.new("a", PERSON)
    assert one != other
    assert IDS.person("a", one) == PERSON
    assert IDS.person("b", one) is None
    assert CheckIds(bytes(range(32))).person("a", one) is None
    assert PERSON[:8] not in one


@pytest.mark.parametrize("text", ["", "x", "A" * 58, "é" * 58, "*" * 58, "A" * 59])
def test_an_id_that_was_made_up_opens_nothing(text: str) -> None:
    assert IDS.person("a", text) is None
