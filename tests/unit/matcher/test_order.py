"""The result does not depend on the order in which inputs arrive, only on what happened when."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import (
    Case,
    CaseResult,
    KnownPerson,
    Match,
    MatchKind,
    Pause,
    Registration,
    Signal,
    SignalEnd,
    SignalStatus,
)
from services.matcher.domain.facts import RegistrationEnded
from services.matcher.domain.households import Fact
from tests.unit.matcher.household import AT, JAN, KEES, Hub, days, evidence, make

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
END = datetime(2026, 6, 15, tzinfo=UTC)
PEOPLE = (
    JAN,
    KEES,
    evidence("1980-01-01", "jansen"),
    evidence("", "jansen"),
    evidence("1990-09-09", "smit", "a"),
)
RESULTS = (
    CaseResult.FOLLOW_UP_HELP,
    CaseResult.ADVICE_OR_QUICK_FIX,
    CaseResult.NEVER_REACHED,
    CaseResult.NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP,
)


@dataclass(frozen=True)
class Happened:
    """A fact with the moment it happened."""

    fact: Fact
    at: datetime

    @property
    def line(self) -> str:
        """Facts of one line come from one place and never overtake each other."""
        match self.fact:
            case Registration() | RegistrationEnded():
                return self.fact.registration_id
            case KnownPerson():
                return f"known {self.fact.signal_id}"
            case _:
                return f"{self.at} {self.fact}"


moments = st.integers(0, 100 * 24 * 4).map(lambda quarters: START + days(quarters / 96))
late_by = st.integers(0, 30)


@st.composite
def signals(draw: st.DrawFn, name: str) -> Happened:
    at = draw(moments)
    day: date = (at - days(draw(late_by))).date()
    signal = make.signal(
        name,
        day.isoformat(),
        draw(st.sampled_from(["c1", "c2", "c3"])),
        unit=draw(st.sampled_from(["", "u1"])),
        evidence=draw(st.sampled_from(PEOPLE)),
        crisis=draw(st.booleans()),
        amount_cents=draw(st.sampled_from([9_000, 10_000])),
    )
    return Happened(signal, at)


@st.composite
def corrections(draw: st.DrawFn, first: Happened) -> list[Happened]:
    """What its creditor does to a signal: it corrects it, moves it away and perhaps back, or withdraws it."""
    signal, at, found = first.fact, first.at, list[Happened]()
    assert isinstance(signal, Signal)
    here = True
    for revision in range(2, 2 + draw(st.integers(0, 3))):
        at += days(draw(st.integers(0, 25 * 24)) / 24)
        what = draw(st.sampled_from(["correct", "move", "withdraw"]))
        if what == "correct":
            signal = replace(
                signal,
                revision=revision,
                amount_cents=draw(st.sampled_from([9_000, 10_000, 12_000])),
                signal_date=draw(st.sampled_from([signal.signal_date, date(2026, 2, 3)])),
                unit=draw(st.sampled_from([signal.unit, "u1"])),
                evidence=draw(st.sampled_from([signal.evidence, *PEOPLE])),
            )
            here = True
            found.append(Happened(signal, at))
        elif here or what == "withdraw":
            here = False
            end = SignalEnd.MOVED if what == "move" else SignalEnd.WITHDRAWN
            found.append(Happened(make.withdrawal(signal, revision, end), at))
            if what == "withdraw":
                break
    return found


@st.composite
def outcomes(draw: st.DrawFn, name: str) -> Happened:
    month = draw(st.sampled_from(["2026-01", "2026-02", "2026-03"]))
    if draw(st.booleans()):
        return Happened(make.attempt(name, month), draw(moments))
    named = tuple(draw(st.sets(st.sampled_from(["s0", "s1", "s2"]), max_size=2)))
    result = make.result(draw(st.sampled_from(RESULTS)), name, month, named, draw(st.integers(1, 4)))
    return Happened(result, draw(moments))


@st.composite
def knowledge(draw: st.DrawFn, name: str) -> list[Happened]:
    begin = draw(moments)
    first: Fact
    last: Fact
    if draw(st.booleans()):
        first, last = make.registration(name, draw(st.sampled_from(PEOPLE))), make.ended(name)
    else:
        signal_id = f"s{name[-1]}"
        first, last = make.known(signal_id, "Wijkteam"), make.known(signal_id)
    found = [Happened(first, begin)]
    return [*found, Happened(last, begin + days(20))] if draw(st.booleans()) else found


@st.composite
def stories(draw: st.DrawFn) -> list[Happened]:
    found = [draw(signals(f"s{number}")) for number in range(draw(st.integers(1, 5)))]
    if draw(st.booleans()):
        found += [later for each in list(found) for later in draw(corrections(each))]
    found += [draw(outcomes(f"o{number}")) for number in range(draw(st.integers(0, 4)))]
    for number in range(draw(st.integers(0, 2))):
        found += draw(knowledge(f"k{number}"))
    return sorted(found, key=lambda each: each.at)


@st.composite
def shuffled(draw: st.DrawFn, story: list[Happened]) -> list[Happened]:
    """Any order but that of a line."""
    mixed = draw(st.permutations(story))
    lines: dict[str, list[Happened]] = {}
    for each in sorted(mixed, key=lambda happened: happened.at):
        lines.setdefault(each.line, []).append(each)
    return [lines[each.line].pop(0) for each in mixed]


def play(story: list[Happened], repeat_days: int = 0) -> Hub:
    """Let a timer go off once everything before its due time was handled, as the Processor does."""
    hub = Hub(repeat_days=repeat_days)
    for number, each in enumerate(story):
        hub.take(each.fact, each.at)
        left = [later.at for later in story[number + 1 :]]
        hub.until(min(left) - days(1 / 1440) if left else END)
    return hub


def final_cases(hub: Hub) -> dict[str, Case]:
    """Return each case as it was told last; nobody hears of one whose signals went or are known."""
    return hub.worklist()


def final_pauses(hub: Hub, story: list[Happened]) -> list[Pause]:
    """Return each pause as it was told last; one without length was told and taken back.

    How often it was told, and with which signal it began (its id), depends on the order. A creditor that
    withdraws one of its signals is not told anew which signals its pause is for. Of help that ended, or was
    that of somebody else before a correction, a creditor hears only if it was known while it was so.
    """
    if has_ended(story) or (is_corrected(story) and has_help(story)):
        return []
    found = [pause for pause in hub.pauses().values() if pause.ends_at > pause.starts_at]
    shown = [replace(pause, pause_id="", sequence=0) for pause in found]
    if is_corrected(story):
        shown = [replace(pause, signal_ids=()) for pause in shown]
    return sorted(shown, key=str)


def swaps(hub: Hub, story: list[Happened]) -> list[Match]:
    """Return what was found by timers: they say the same, and not only that they were found.

    Unless a signal that was named is withdrawn later.
    """
    if is_corrected(story):
        return []
    return [match for match in hub.matches() if match.kind is MatchKind.SWAP]


def is_corrected(story: list[Happened]) -> bool:
    return any(getattr(each.fact, "revision", 1) > 1 for each in story)


def has_ended(story: list[Happened]) -> bool:
    """Tell whether help ended at some moment."""
    return any(
        isinstance(each.fact, RegistrationEnded)
        or (isinstance(each.fact, KnownPerson) and not each.fact.contacts)
        for each in story
    )


def has_help(story: list[Happened]) -> bool:
    return any(isinstance(each.fact, Registration | KnownPerson) for each in story)


def lasting_matches(hub: Hub, story: list[Happened]) -> set[str]:
    """Return match ids but those of help that ended, which is told only if it was known when it ran.

    What a match says is what was known when it was told: its id and that it was told do not depend on order.
    """
    ended = has_ended(story)
    matches = hub.standing().values()
    return {match.match_id for match in matches if not (ended and match.kind is MatchKind.KNOWN_IN_DEBT_HELP)}


@settings(max_examples=150)
@given(st.data())
def test_any_order_of_the_same_facts_gives_the_same_result(data: st.DataObject) -> None:
    story = data.draw(stories())
    other = data.draw(shuffled(story))
    repeat_days = data.draw(st.sampled_from([0, 20, 183]))
    one, two = play(story, repeat_days), play(other, repeat_days)
    assert final_cases(one) == final_cases(two)
    assert one.statuses() == two.statuses()
    assert lasting_matches(one, story) == lasting_matches(two, story)
    assert sorted(swaps(one, story), key=str) == sorted(swaps(two, story), key=str)
    assert final_pauses(one, story) == final_pauses(two, story)
    assert one.wake_at == two.wake_at


@settings(max_examples=60)
@given(st.data())
def test_the_same_fact_again_changes_nothing_and_tells_nothing(data: st.DataObject) -> None:
    story = data.draw(stories())
    hub = Hub()
    latest: dict[str, Happened] = {}
    for each in story:
        hub.take(each.fact, each.at)
        latest[each.line] = each
        again = data.draw(st.sampled_from(sorted(latest)))
        before, wake_at = hub.state, hub.wake_at
        assert hub.take(latest[again].fact, each.at) == []
        assert hub.state is before
        assert hub.wake_at == wake_at


@settings(max_examples=60)
@given(stories())
def test_all_facts_again_in_their_order_end_where_they_ended_before(story: list[Happened]) -> None:
    """The end of a registration makes its begin news again, and the other way round; all else is silent."""
    hub = play(story)
    before = hub.cases(), hub.statuses(), final_pauses(hub, story), hub.wake_at
    matches = set(hub.standing())
    for each in story:
        hub.take(each.fact, each.at if isinstance(each.fact, KnownPerson | Registration) else END)
    hub.until(END)
    assert (hub.cases(), hub.statuses(), final_pauses(hub, story), hub.wake_at) == before
    assert set(hub.standing()) >= matches


def test_a_signal_repeated_after_it_was_forgotten_takes_nothing_back() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(), AT + days(1))
    hub.until(datetime(2027, 3, 1, tzinfo=UTC))
    assert (hub.state, hub.wake_at) == (None, None)
    assert hub.take(make.signal("s1"), datetime(2027, 3, 1, tzinfo=UTC)) == []
    assert (hub.state, hub.wake_at) == (None, None)


def test_a_pause_told_too_late_is_told_again_from_its_right_begin() -> None:
    hub = Hub()
    hub.take(make.signal("later"), AT + days(5))
    hub.take(make.result(), AT + days(1))
    hub.take(make.signal("earlier"), AT)
    (pause,) = hub.pauses().values()
    assert (pause.starts_at, pause.ends_at) == (AT + days(1), AT + days(31))


def test_a_swap_names_only_the_signals_that_were_there_when_it_was_decided() -> None:
    decided = datetime(2026, 1, 31, 23, tzinfo=UTC)
    facts = [
        (make.signal("before", "2025-12-31"), decided - days(31)),
        (make.signal("now", "2026-01-20", "c2"), decided - days(11)),
        (make.signal("late", "2026-01-31", "c3"), decided + days(1)),
    ]
    live, behind = Hub(), Hub()
    for fact, at in facts:
        live.until(at)
        live.take(fact, at)
        behind.take(fact, at)
    behind.until(decided)
    (swap,) = swaps(live, [])
    assert swap.signal_ids == ("before", "now")
    assert swaps(behind, []) == [swap]


def test_that_a_signal_is_known_is_kept_as_long_as_the_signal_whenever_it_was_found() -> None:
    """The registration is old and the signal's BSN reached the persons before it: its time is the old one."""
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.known("s1", "Wijkteam"), AT - days(300))
    hub.until(AT + days(300))
    hub.take(make.attempt(), AT + days(300))
    assert hub.statuses()["s1"].status is SignalStatus.KNOWN_IN_DEBT_HELP
    hub.until(datetime(2027, 3, 1, tzinfo=UTC))
    assert (hub.state, hub.wake_at) == (None, None)


@settings(max_examples=40)
@given(stories())
def test_every_telling_has_an_id_of_its_own(story: list[Happened]) -> None:
    hub = play(story)
    ids = [change.id for change in hub.told]
    assert len(ids) == len(set(ids))


@settings(max_examples=40)
@given(stories())
def test_nothing_is_kept_for_ever_but_running_help(story: list[Happened]) -> None:
    hub = play(story)
    hub.until(datetime(2028, 1, 1, tzinfo=UTC))
    assert hub.wake_at is None
    running = {each.fact.registration_id for each in story if isinstance(each.fact, Registration)} - {
        each.fact.registration_id for each in story if isinstance(each.fact, RegistrationEnded)
    }
    assert {each.registration_id for each in hub.state.registrations} == running if hub.state else not running
