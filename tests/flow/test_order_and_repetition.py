"""Whatever order records come in across topics and keys, and however often, the whole hub says the same.

Both sides of each comparison get the same records, in order per key of a topic. One gets them live, one after
the other, with the timers in between; the other from a backlog in chunks, mixed by chance, everything twice.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import (
    Area,
    CaseResult,
    Check,
    Contact,
    Event,
    Evidence,
    EvidenceKind,
    Outcome,
    Pause,
    Refusal,
    Registration,
    Signal,
    SignalPerson,
)
from services.common.identifiers import derived_id
from services.matcher.domain.checks import VALID_FOR
from tests.flow.examples import example
from tests.flow.hub import Given, Hub

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = datetime(2026, 7, 1, tzinfo=UTC)
TOWN = "00000099002220647000"
HOUSES = ("a" * 32, "b" * 32)
PERSONS = ("p" * 32, "q" * 32)
RESULTS = (
    CaseResult.FOLLOW_UP_HELP,
    CaseResult.ADVICE_OR_QUICK_FIX,
    CaseResult.NEVER_REACHED,
    CaseResult.NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP,
)
AREAS = (
    Area(pc4="1234"),
    Area(pc4="1234", district="WK064701", neighbourhood="BU06470101"),
    Area(pc4="9999"),
)
TENANT = f"tenant.{TOWN}"

moments = st.integers(0, 60 * 24 * 4).map(lambda quarters: START + timedelta(minutes=15 * quarters))


def traits(person: int, *kinds: EvidenceKind) -> tuple[Evidence, ...]:
    """Return evidence of one of two residents with one surname; each kind but that tells them apart."""
    return tuple(
        Evidence(kind=kind, digest="name" if kind is EvidenceKind.SURNAME else f"{kind} {person}")
        for kind in kinds
    )


evidence = st.builds(
    lambda person, kinds: traits(person, EvidenceKind.SURNAME, *sorted(kinds)),
    st.integers(0, 1),
    st.sets(st.sampled_from([EvidenceKind.BIRTH_DATE, EvidenceKind.INITIAL])),
)


@st.composite
def signals(draw: st.DrawFn, name: str) -> list[Given]:
    at = draw(moments)
    day = (at - timedelta(days=draw(st.integers(0, 30)))).date()
    person = draw(st.sampled_from([None, *PERSONS]))
    signal = replace(
        example("signals/rent", Signal),
        signal_id=name,
        household=draw(st.sampled_from(HOUSES)),
        municipality=TOWN,
        creditor=draw(st.sampled_from(["c1", "c2", "c3"])),
        signal_date=day,
        unit=draw(st.sampled_from(["", "", "u1"])),
        evidence=draw(evidence),
        crisis=draw(st.booleans()),
        young=draw(st.booleans()),
        area=draw(st.sampled_from(AREAS)),
        person=person,
    )
    found = [Given("signals.v1", signal.household, signal, name, at)]
    if person:
        link = SignalPerson(person=person, signal_id=name, household=signal.household, municipality=TOWN)
        found.append(Given("signal-persons.v1", person, link, f"link {name}", at))
    return found


@st.composite
def outcomes(draw: st.DrawFn, name: str, signal: Signal) -> Given:
    """What a team did about the case of a signal; versions follow the moments, as feedback gives them."""
    at, month = draw(moments), f"{signal.signal_date:%Y-%m}"
    outcome = replace(
        example(f"outcomes/{draw(st.sampled_from(['home-visit', 'help-accepted']))}", Outcome),
        outcome_id=name,
        household=signal.household,
        municipality=TOWN,
        case_id=derived_id("case", TOWN, signal.household, signal.unit, month),
        signal_ids=(),
    )
    if outcome.result:
        outcome = replace(
            outcome,
            result=draw(st.sampled_from(RESULTS)),
            signal_ids=draw(st.sampled_from([(), (), (signal.signal_id,)])),
            version=1 + int((at - START).total_seconds()),
        )
    return Given("outcomes.v1", signal.household, outcome, name, at)


@st.composite
def help_given(draw: st.DrawFn, name: str, *, ends: bool) -> list[Given]:
    """A registration, perhaps changed or moved, perhaps ended."""
    at, found = draw(moments), []
    contact = Contact(organisation=draw(st.sampled_from(["Wijkteam", "Kredietbank"])))
    registration = replace(
        example("registrations/running", Registration),
        registration_id=name,
        person=draw(st.sampled_from(PERSONS)),
        household=draw(st.sampled_from(HOUSES)),
        evidence=draw(evidence),
        contact=contact,
    )
    found.append(Given("registrations.v1", name, registration, f"{name} kept", at))
    if ends and draw(st.booleans()):
        at += timedelta(days=draw(st.integers(1, 20)))
        moved = replace(registration, household=draw(st.sampled_from(["", *HOUSES])))
        found.append(Given("registrations.v1", name, moved, f"{name} moved", at))
    if ends and draw(st.booleans()):
        at += timedelta(days=draw(st.integers(1, 20)))
        found.append(Given("registrations.v1", name, None, f"{name} ended", at))
    return found


@st.composite
def checks(draw: st.DrawFn, name: str) -> Given:
    at, person = draw(moments), draw(st.sampled_from(PERSONS))
    known = draw(st.sampled_from([False, False, True]))
    check = replace(
        example("checks/unknown", Check),
        check_id=name,
        person=person,
        asker="bailiff",
        known=known,
        valid_until=at + VALID_FOR,
    )
    return Given("checks.v1", person, check, name, at)


@st.composite
def refusals(draw: st.DrawFn, name: str) -> Given:
    creditor = draw(st.sampled_from(["c1", "c2"]))
    refusal = replace(example("refusals/two-reasons", Refusal), creditor=creditor, sender="sender")
    return Given("refusals.v1", creditor, refusal, name, draw(moments))


@st.composite
def stories(draw: st.DrawFn, *, ends: bool) -> list[Given]:
    found: list[Given] = []
    for number in range(draw(st.integers(1, 6))):
        found += draw(signals(f"s{number}"))
    for number in range(draw(st.integers(0, 2))):
        found += draw(help_given(f"r{number}", ends=ends))
    sent = [each.event for each in found if isinstance(each.event, Signal)]
    for number in range(draw(st.integers(0, 4))):
        found.append(draw(outcomes(f"o{number}", draw(st.sampled_from(sent)))))
    found += [draw(checks(f"k{number}")) for number in range(draw(st.integers(0, 2)))]
    found += [draw(refusals(f"f{number}")) for number in range(draw(st.integers(0, 1)))]
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


def mixed(records: list[Given], chance: Random) -> list[Given]:
    """Any order but that of a line."""
    lines: dict[tuple[str, str], list[Given]] = {}
    for each in records:
        lines.setdefault(each.line, []).append(each)
    order = [each.line for each in records]
    chance.shuffle(order)
    return [lines[line].pop(0) for line in order]


def twice(story: list[Given], chance: Random) -> list[Given]:
    """Repeat each record at once, or all of its line at the end; a sender's repetition has its own time."""
    found: list[Given] = []
    ending: list[Given] = []
    at_once: dict[tuple[str, str], bool] = {}
    for each in story:
        found.append(each)
        (found if at_once.setdefault(each.line, chance.random() < 0.5) else ending).append(each)
    last = story[-1].at
    sent_again = ("signals.v1", "signal-persons.v1", "outcomes.v1")
    return found + [replace(each, at=last) if each.topic in sent_again else each for each in ending]


def latest(messages: Iterable[Any], name: str) -> dict[str, Event]:
    """Return the last event of each thing; order within one topic is that of the log."""
    return {getattr(each.event, name): each.event for each in messages}


def told(hub: Hub) -> dict[str, object]:
    """Return all that is true in the end, whoever asks for it."""
    topics = hub.topics
    tenants = {name: content for name, content in topics.items() if name.startswith("tenant.")}
    return {
        "cases": latest(topics["cases.v1"], "case_id"),
        "statuses": latest(topics["signal-statuses.v1"], "signal_id"),
        "pauses": real_pauses(topics["pauses.v1"]),
        "teams": latest(topics["routings.v1"], "case_id"),
        "places": {
            name: {each.key: each.event for each in topics[name]} for name in topics if ".by-" in name
        },
        "tenants' cases": latest(topics[f"{TENANT}.cases.v1"], "case_id"),
        "tenants' signals": sorted(each.meta.id for each in topics[f"{TENANT}.signals.v1"]),
        "tenants' refusals": {
            (name, each.meta.id) for name in tenants if "refusals" in name for each in tenants[name]
        },
        "tenants' pauses": {
            (name, *each)
            for name in tenants
            if "pauses" in name
            for each in real_pauses(tenants[name]).items()
        },
        "timers": {place: at for place, at in hub.timers.items() if place[0].startswith("matcher")},
    }


def real_pauses(messages: Iterable[Any]) -> dict[str, Event]:
    """Return the pauses as they ended; one without length was told and taken back."""
    found = latest(messages, "pause_id")
    return {
        name: each
        for name, each in found.items()
        if isinstance(each, Pause) and each.ends_at > each.starts_at
    }


def found_while_help_ran(hub: Hub) -> dict[str, object]:
    """Return what is told once and never taken back, and what a creditor sees of it."""
    return {
        "feedback": {
            name: latest(content, "signal_id")
            for name, content in hub.topics.items()
            if name == "feedback.v1" or ".feedback." in name
        },
        "matches": sorted(each.meta.id for each in hub.topics[f"{TENANT}.matches.v1"]),
        "pushes": sorted(each.meta.id for each in hub.topics["tenant.bailiff.bailiff-matches.v1"]),
    }


def one_content_per_id(hub: Hub) -> None:
    """A receiver drops an id that it had: then nothing new may be under it."""
    for name, content in hub.topics.items():
        if name in {"signals.v1", "refusals.v1"} or "by-" in name:
            continue
        seen: dict[str, Event | None] = {}
        for each in content:
            assert seen.setdefault(each.meta.id, each.event) == each.event


@settings(max_examples=70, deadline=None)
@given(stories(ends=False), st.randoms(use_true_random=False))
def test_the_hub_says_the_same_whatever_the_order_and_however_often(
    story: list[Given], chance: Random
) -> None:
    one, other = live(story), backlog(twice(story, chance), chance)
    assert told(one) == told(other)
    assert found_while_help_ran(one) == found_while_help_ran(other)


@settings(max_examples=70, deadline=None)
@given(stories(ends=True), st.randoms(use_true_random=False))
def test_with_help_that_moves_and_ends_all_but_what_was_found_while_it_ran_is_the_same(
    story: list[Given], chance: Random
) -> None:
    one, other = live(story), backlog(twice(story, chance), chance)
    assert told(one) == told(other)


@settings(max_examples=60, deadline=None)
@given(stories(ends=True), st.randoms(use_true_random=False))
def test_under_one_id_there_is_one_content_also_when_everything_comes_twice(
    story: list[Given], chance: Random
) -> None:
    one_content_per_id(backlog(twice(story, chance), chance))
