"""Pauses by bailiffs' checks and by signals of the same creditor, through all processors, in any order."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from services.common.events import Check, Contact, EvidenceKind, Pause
from services.common.records import Message
from tests.flow import happened
from tests.flow.happened import CREDITORS, END, HOUSES, PERSONS, START, traits
from tests.flow.hub import Given, Hub
from tests.flow.results import latest

CLIENT = CREDITORS[0]
JAN = traits(0, EvidenceKind.BIRTH_DATE)
Stretch = tuple[datetime, datetime]


def a_signal(name: str, day: int, person: str | None = PERSONS[0]) -> list[Given]:
    at = START + timedelta(days=day)
    return happened.signal(
        name, at, house=HOUSES[0], creditor=CLIENT, day=at.date(), evidence=JAN, person=person
    )


def a_check(name: str, day: int, *, known: bool = True) -> list[Given]:
    given = happened.check(name, START + timedelta(days=day), PERSONS[0], known=known, client=CLIENT)
    assert isinstance(given.event, Check)
    contacts = (Contact(organisation="Wijkteam"),) if known else ()
    return [replace(given, event=replace(given.event, contacts=contacts))]


def help_runs(day: int) -> list[Given]:
    """Somebody with that BSN, registered at another address."""
    at = START + timedelta(days=day)
    return [happened.helped("r1", at, person=PERSONS[0], house=HOUSES[1], evidence=JAN)]


def help_ends(day: int) -> list[Given]:
    return [happened.help_ended("r1", START + timedelta(days=day))]


STORIES = {
    "known, then checked": [help_runs(0), a_signal("s1", 1), a_check("k1", 20)],
    "checked, then a signal": [help_runs(0), a_check("k1", 1), a_signal("s1", 5)],
    "checked before help, then both": [a_check("k1", 0, known=False), help_runs(3), a_signal("s1", 5)],
    "a signal before help and check": [a_signal("s1", 0), a_check("k1", 1, known=False), help_runs(3)],
    "help ends": [help_runs(0), a_signal("s1", 1), a_check("k1", 10), help_ends(15)],
    "two checks and two signals": [
        help_runs(0),
        a_check("k1", 1),
        a_signal("s1", 5),
        a_signal("s2", 12),
        a_check("k2", 20),
    ],
}


def last_stretch(hub: Hub) -> Stretch:
    """Return from when to when the client waited last, as its pauses say in the end."""
    found = latest(hub.topics[f"tenant.{CLIENT}.pauses.v1"], "pause_id").values()
    return max((each.ends_at, each.starts_at) for each in found if isinstance(each, Pause))[::-1]


def most_at_once(messages: list[Message]) -> int:
    """Return how many pauses ran at once, as the client was told, at most."""
    running, most = set[str](), 0
    for each in (message.event for message in messages):
        if isinstance(each, Pause):
            (running.discard if each.end_reason else running.add)(each.pause_id)
            most = max(most, len(running))
    return most


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_client_that_signals_about_the_person_of_a_check_has_one_pause(story: list[list[Given]]) -> None:
    hub = Hub(Random(0))
    for records in story:
        hub.until(records[0].at)
        hub.give(records)
    hub.until(END)
    told = hub.topics[f"tenant.{CLIENT}.pauses.v1"]
    assert most_at_once(told) == 1
    assert len({each.event.pause_id for each in told if isinstance(each.event, Pause)}) == 1
    assert told[-1].event.end_reason  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(16))
def test_from_when_to_when_it_waits_is_the_same_whichever_came_first_check_or_signal(seed: int) -> None:
    later = [a_signal("s1", 5), a_signal("s2", 12), a_check("k1", 3), a_check("k2", 20)]
    story = sorted(later, key=lambda records: records[0].at)
    live, backlog, chance = Hub(Random(0)), Hub(Random(seed)), Random(seed)
    for hub in (live, backlog):
        hub.give(help_runs(0))
        hub.until(START)
    for records in story:
        live.until(records[0].at)
        live.give(records)
    backlog.give(happened.mixed([each for records in story for each in records], chance))
    for hub in (live, backlog):
        hub.until(END)
    expected = START + timedelta(days=3), START + timedelta(days=50)
    assert last_stretch(live) == last_stretch(backlog) == expected


def test_without_a_bsn_in_the_signal_nobody_knows_and_both_are_told() -> None:
    hub = Hub(Random(0))
    hub.give([*help_runs(0)])
    hub.until(START)
    at_home = happened.helped("r2", START, person=PERSONS[0], house=HOUSES[0], evidence=JAN)
    hub.give([at_home, *a_signal("s1", 1, person=None), *a_check("k1", 2)])
    hub.until(START + timedelta(days=3))
    pauses = [each.event for each in hub.topics["pauses.v1"] if isinstance(each.event, Pause)]
    assert sorted(bool(each.signal_ids) for each in pauses) == [False, True]
