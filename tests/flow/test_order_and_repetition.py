"""Whatever order records come in across topics and keys, and however often, the whole hub says the same.

Both sides of each comparison get the same records, in order per key of a topic. One gets them live, one after
the other, with the timers in between; the other from a backlog in chunks, mixed by chance, everything twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import EvidenceKind, Signal
from tests.flow import happened
from tests.flow.happened import AREAS, CREDITORS, END, HOUSES, PERSONS, RESULTS, START, mixed, twice
from tests.flow.hub import Given, Hub
from tests.flow.results import contents, found_while_help_ran, told

moments = st.integers(0, 60 * 24 * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters))
evidence = st.builds(
    lambda person, kinds: happened.traits(person, *sorted(kinds)),
    st.integers(0, 1),
    st.sets(st.sampled_from([EvidenceKind.BIRTH_DATE, EvidenceKind.INITIAL])),
)


@st.composite
def signals(draw: st.DrawFn, name: str) -> list[Given]:
    at = draw(moments)
    return happened.signal(
        name,
        at,
        house=draw(st.sampled_from(HOUSES)),
        creditor=draw(st.sampled_from(CREDITORS)),
        day=(at - timedelta(days=draw(st.integers(0, 30)))).date(),
        evidence=draw(evidence),
        unit=draw(st.sampled_from(["", "", "u1"])),
        crisis=draw(st.booleans()),
        young=draw(st.booleans()),
        area=draw(st.sampled_from(AREAS)),
        person=draw(st.sampled_from([None, *PERSONS])),
    )


@st.composite
def corrections(draw: st.DrawFn, sent: Given) -> list[Given]:
    """What its creditor does to a signal later: amount, address, person corrected, or all of it withdrawn."""
    signal, at, found = sent.event, sent.at, list[Given]()
    assert isinstance(signal, Signal)
    earlier = [signal]
    for _ in range(draw(st.integers(0, 2))):
        at += timedelta(hours=draw(st.integers(1, 20 * 24)))
        after = replace(
            signal,
            revision=signal.revision + 1,
            amount_cents=draw(st.sampled_from([9_000, 12_000])),
            household=draw(st.sampled_from(HOUSES)),
            unit=draw(st.sampled_from([signal.unit, "u1"])),
            evidence=draw(evidence),
            person=draw(st.sampled_from([signal.person, *PERSONS])),
        )
        found += happened.corrected(signal, after, at)
        signal = after
        earlier.append(signal)
    if draw(st.booleans()):
        found += happened.withdrawn(signal, earlier, at + timedelta(hours=draw(st.integers(1, 500))))
    return found


@st.composite
def outcomes(draw: st.DrawFn, name: str, signal: Signal) -> Given:
    if draw(st.booleans()):
        return happened.attempt(name, draw(moments), signal)
    named = draw(st.sampled_from([(), (), (signal.signal_id,)]))
    return happened.result(name, draw(moments), signal, draw(st.sampled_from(RESULTS)), named)


@st.composite
def help_given(draw: st.DrawFn, name: str, *, ends: bool) -> list[Given]:
    """A registration, perhaps changed or moved, perhaps ended."""
    at, person, who = draw(moments), draw(st.sampled_from(PERSONS)), draw(evidence)

    def version(*houses: str) -> Given:
        place, organisation = st.sampled_from(houses), st.sampled_from(["Wijkteam", "Kredietbank"])
        return happened.helped(
            name, at, person=person, house=draw(place), evidence=who, organisation=draw(organisation)
        )

    found = [version(*HOUSES)]
    if ends and draw(st.booleans()):
        at += timedelta(days=draw(st.integers(1, 20)))
        found.append(version("", *HOUSES))
    if ends and draw(st.booleans()):
        found.append(happened.help_ended(name, at + timedelta(days=draw(st.integers(1, 20)))))
    return found


@st.composite
def stories(draw: st.DrawFn, *, ends: bool) -> list[Given]:
    found: list[Given] = []
    for number in range(draw(st.integers(1, 6))):
        found += draw(signals(f"s{number}"))
    sent = [each.event for each in found if isinstance(each.event, Signal)]
    if draw(st.booleans()):
        found += [
            later for each in list(found) if each.topic == "signals.v1" for later in draw(corrections(each))
        ]
    for number in range(draw(st.integers(0, 4))):
        found.append(draw(outcomes(f"o{number}", draw(st.sampled_from(sent)))))
    for number in range(draw(st.integers(0, 2))):
        found += draw(help_given(f"r{number}", ends=ends))
    for number in range(draw(st.integers(0, 2))):
        known = draw(st.sampled_from([False, False, True]))
        found.append(happened.check(f"k{number}", draw(moments), draw(st.sampled_from(PERSONS)), known=known))
    if draw(st.booleans()):
        found.append(happened.refusal("f0", draw(moments), draw(st.sampled_from(CREDITORS))))
    return sorted(found, key=lambda each: each.at)


def live(story: list[Given]) -> Hub:
    """Handle each record as it comes, and each timer as it falls due."""
    hub = Hub(Random(0))
    for each in story:
        hub.until(each.at)
        hub.give([each])
    hub.until(END)
    return hub


def backlog(story: list[Given], chance: Random) -> Hub:
    """Handle the story in some chunks, each mixed; the timers of a chunk's time come after it."""
    hub, rest = Hub(chance), list(story)
    while rest:
        size = chance.randint(1, len(rest))
        hub.give(mixed(rest[:size], chance))
        rest = rest[size:]
        hub.until(min(each.at for each in rest) if rest else END)
    return hub


def matchers_timers(hub: Hub) -> dict[tuple[str, str], datetime]:
    """Return when the matcher forgets; the others count from what they were told last."""
    return {place: at for place, at in hub.timers.items() if place[0].startswith("matcher")}


@settings(max_examples=40)
@given(stories(ends=False), st.randoms(use_true_random=False))
def test_the_hub_says_the_same_whatever_the_order_and_however_often(
    story: list[Given], chance: Random
) -> None:
    one, other = live(story), backlog(twice(story, chance), chance)
    assert told(one.topics) == told(other.topics)
    assert found_while_help_ran(one.topics) == found_while_help_ran(other.topics)
    assert matchers_timers(one) == matchers_timers(other)


@settings(max_examples=40)
@given(stories(ends=True), st.randoms(use_true_random=False))
def test_with_help_that_moves_and_ends_all_but_what_was_found_while_it_ran_is_the_same(
    story: list[Given], chance: Random
) -> None:
    one, other = live(story), backlog(twice(story, chance), chance)
    assert told(one.topics) == told(other.topics)
    assert matchers_timers(one) == matchers_timers(other)


@settings(max_examples=25)
@given(stories(ends=True), st.randoms(use_true_random=False))
def test_under_one_id_there_is_one_content_also_when_everything_comes_twice(
    story: list[Given], chance: Random
) -> None:
    found = contents(backlog(twice(story, chance), chance).topics)
    assert {place: events for place, events in found.items() if len(events) > 1} == {}
