"""What teams order about pauses, through all processors, as the creditor hears it on its own topic."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import (
    CaseResult,
    Evidence,
    EvidenceKind,
    Pause,
    PauseChange,
    PauseEnd,
    PauseOrder,
    Signal,
)
from services.common.identifiers import derived_id
from tests.flow import happened
from tests.flow.happened import CREDITORS, END, HOUSES, START, TOWN, mixed, traits, twice
from tests.flow.hub import PAUSE_DAYS, Given, Hub
from tests.flow.results import latest

CREDITOR, OTHER = CREDITORS[:2]
JAN, KEES = (traits(person, EvidenceKind.BIRTH_DATE) for person in (0, 1))
STARTED, PROLONGED, ENDED = PauseChange.STARTED, PauseChange.PROLONGED, PauseChange.ENDED
TERM, RESULT = PauseEnd.TERM, PauseEnd.RESULT
TERM_ENDS = 1 + PAUSE_DAYS
"""The day on which the term of `accepted` is over."""
Said = tuple[PauseChange, int, PauseEnd | None]
"""What a creditor heard: the change, the day on which its pause ends, and how it ended."""


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def a_signal(name: str = "s1", creditor: str = CREDITOR, who: tuple[Evidence, ...] = JAN) -> list[Given]:
    return happened.signal(name, START, house=HOUSES[0], creditor=creditor, day=START.date(), evidence=who)


def the_signal(records: Sequence[Given]) -> Signal:
    event = records[0].event
    assert isinstance(event, Signal)
    return event


S1 = the_signal(a_signal())


def result(number: int, found: CaseResult = CaseResult.FOLLOW_UP_HELP, *named: str) -> list[Given]:
    return [happened.result(f"result {number} {found}", day(number), S1, found, named)]


def order(number: int, until: int | None, *named: str, version: int | None = None) -> list[Given]:
    """Return an order of a day: pauses run until another day, or end (None)."""
    name = f"order {number} {until} {named}"
    event = PauseOrder(
        order_id=name,
        household=S1.household,
        case_id=derived_id("case", TOWN, S1.household, S1.unit, f"{S1.signal_date:%Y-%m}"),
        municipality=TOWN,
        version=version or number,
        until=None if until is None else day(until),
        signal_ids=named,
    )
    return [Given("pause-orders.v1", S1.household, event, name, day(number))]


def played(*story: list[Given], until: datetime = END) -> Hub:
    """Play records live: before each all that fell due has gone off."""
    hub = Hub(Random(0))
    for records in story:
        hub.until(records[0].at)
        hub.give(records)
    hub.until(until)
    return hub


def heard(hub: Hub, creditor: str = CREDITOR) -> list[Said]:
    events = (each.event for each in hub.topics[f"tenant.{creditor}.pauses.v1"])
    return [
        (each.change, (each.ends_at - START).days, each.end_reason)
        for each in events
        if isinstance(each, Pause)
    ]


BEGUN = (a_signal(), result(1))
PAUSE: Said = (STARTED, TERM_ENDS, None)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([], [(ENDED, TERM_ENDS, TERM)]),
        ([order(5, 60)], [(PROLONGED, 60, None), (ENDED, 60, TERM)]),
        ([order(5, 20)], [(ENDED, TERM_ENDS, TERM)]),
        ([order(5, None)], [(ENDED, 5, RESULT)]),
        ([order(5, 60), order(10, None)], [(PROLONGED, 60, None), (ENDED, 10, RESULT)]),
        (
            [order(5, 60), order(9, 50), order(12, 70)],
            [(PROLONGED, 60, None), (PROLONGED, 70, None), (ENDED, 70, TERM)],
        ),
        ([order(5, 60), order(5, 60)], [(PROLONGED, 60, None), (ENDED, 60, TERM)]),
        ([order(5, None), order(9, 60)], [(ENDED, 5, RESULT)]),
        ([order(TERM_ENDS + 4, 90)], [(ENDED, TERM_ENDS, TERM)]),
        ([order(TERM_ENDS + 4, None)], [(ENDED, TERM_ENDS, TERM)]),
        ([order(5, None), result(9)], [(ENDED, 5, RESULT), (STARTED, 39, None), (ENDED, 39, TERM)]),
    ],
    ids=[
        "none: its term ends it",
        "prolonged",
        "never made shorter",
        "ended now",
        "prolonged, then ended",
        "several: the longest of them",
        "the same again",
        "ended, then prolonged: it is over",
        "prolonged after its end: it is over",
        "ended after its end",
        "ended, then accepted again",
    ],
)
def test_a_creditor_hears_what_a_team_ordered(orders: list[list[Given]], expected: list[Said]) -> None:
    assert heard(played(*BEGUN, *orders)) == [PAUSE, *expected]


def test_an_order_without_a_pause_tells_nobody_anything() -> None:
    assert heard(played(a_signal(), order(2, 60), order(3, None))) == []


def test_an_order_that_overtook_the_result_counts_when_that_comes() -> None:
    hub = Hub(Random(0))
    hub.give([*a_signal(), *order(5, 60)])
    hub.until(day(1))
    hub.give(result(1))
    hub.until(END)
    assert heard(hub) == [(STARTED, 60, None), (ENDED, 60, TERM)]


def test_an_order_for_one_signal_is_for_all_of_that_person_and_nobody_else() -> None:
    story = [*a_signal(), *a_signal("s2", creditor=OTHER), *a_signal("s3", creditor=CREDITORS[2], who=KEES)]
    accepted = [*result(1, CaseResult.FOLLOW_UP_HELP, "s1", "s2", "s3")]
    hub = played(story, accepted, order(5, 60, "s1"))
    assert heard(hub)[1] == heard(hub, OTHER)[1] == (PROLONGED, 60, None)
    assert heard(hub, CREDITORS[2]) == [PAUSE, (ENDED, TERM_ENDS, TERM)]


def test_two_pauses_that_an_order_makes_overlap_are_one() -> None:
    """A later result in another month, while the team has prolonged what rests on the first."""
    later = happened.signal(
        "s2", day(40), house=HOUSES[0], creditor=CREDITOR, day=day(40).date(), evidence=JAN
    )
    second = [happened.result("second", day(45), the_signal(later), CaseResult.FOLLOW_UP_HELP)]
    hub = played(*BEGUN, order(5, 60), later, second)
    assert heard(hub)[-2:] == [(PROLONGED, 75, None), (ENDED, 75, TERM)]
    pauses = latest(hub.topics[f"tenant.{CREDITOR}.pauses.v1"], "pause_id")
    assert len(pauses) == 1


orders = st.builds(
    order,
    st.integers(2, 70),
    st.one_of(st.none(), st.integers(3, 100)),
    st.sampled_from(["s1", "s2"]),
)
results = st.builds(
    result, st.integers(1, 60), st.sampled_from([CaseResult.FOLLOW_UP_HELP, CaseResult.NEVER_REACHED])
)


@settings(max_examples=100, deadline=None)
@given(
    acts=st.lists(st.one_of(orders, results), min_size=1, max_size=6, unique_by=lambda each: each[0].id),
    chance=st.randoms(use_true_random=False),
)
def test_how_it_ends_depends_neither_on_order_nor_on_repetition(
    acts: list[list[Given]], chance: Random
) -> None:
    """Records that cross, come from a backlog and come twice end as those that came one by one."""
    first = [*a_signal(), *a_signal("s2", creditor=OTHER)]
    story = [first, *sorted(acts, key=lambda each: (each[0].at, each[0].id))]
    live, backlog = played(*story), Hub(chance)
    backlog.give(mixed(twice([each for records in story for each in records], chance), chance))
    backlog.until(END)
    for creditor in (CREDITOR, OTHER):
        assert how_it_ended(live, creditor) == how_it_ended(backlog, creditor)
    assert not live.timers or min(live.timers.values()) > END


def how_it_ended(hub: Hub, creditor: str) -> list[Said]:
    """Return the last stretch of its pause, unless it was taken back; nothing runs any more."""
    events = latest(hub.topics[f"tenant.{creditor}.pauses.v1"], "pause_id").values()
    found = [each for each in events if isinstance(each, Pause)]
    assert all(each.change is ENDED for each in found)
    return [
        (ENDED, (each.ends_at - START).days, each.end_reason)
        for each in found
        if each.starts_at < each.ends_at
    ]
