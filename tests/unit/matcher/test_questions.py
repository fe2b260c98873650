"""Possible is asked of the municipality: what it hears, what its answer does, and when it is asked again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import (
    CaseResult,
    Confidence,
    Evidence,
    MatchKind,
    Question,
    QuestionState,
    SignalStatus,
)
from services.matcher.domain.facts import Household
from services.matcher.domain.households import Fact
from tests.unit.matcher.household import AT, JAN, KEES, MAYBE_JAN, Hub, days, evidence, kinds, make

KNOWN, OPEN = SignalStatus.KNOWN_IN_DEBT_HELP, SignalStatus.NOT_YET_PICKED_UP
SIGNAL, HELP = make.signal("s1"), make.registration("reg1", MAYBE_JAN)


def asked(*facts: Fact) -> tuple[Hub, Question]:
    """Return a hub that asked one question."""
    hub = Hub()
    for fact in facts or (SIGNAL, HELP):
        hub.take(fact)
    (question,) = hub.open()
    return hub, question


def status(hub: Hub, signal_id: str = "s1") -> SignalStatus:
    return hub.statuses()[signal_id].status


@pytest.mark.parametrize(
    ("who", "count"),
    [
        (MAYBE_JAN, 1),
        (evidence("", "jansen"), 1),
        (JAN, 0),
        (evidence("1980-01-01", "jansen"), 0),
        (KEES, 0),
        (evidence("1955-05-05", "smit", "k"), 0),
        ((), 0),
    ],
    ids=["name and initials", "name", "certain", "probable", "somebody else", "a stranger", "no evidence"],
)
@pytest.mark.parametrize("turn", [1, -1], ids=["signal first", "registration first"])
def test_only_a_possible_person_is_asked_about(who: tuple[Evidence, ...], count: int, turn: int) -> None:
    hub = Hub()
    facts: list[Fact] = [SIGNAL, make.registration("reg1", who)]
    for fact in facts[::turn]:
        hub.take(fact)
    assert len(hub.open()) == count


def test_a_question_names_ids_and_reasons_and_nothing_personal() -> None:
    hub, question = asked()
    assert question == Question(
        question_id=question.question_id,
        household=SIGNAL.household,
        municipality=SIGNAL.municipality,
        case_id=make.case_id(),
        signal_id="s1",
        registration_id="reg1",
        reasons=("birth date unknown", "surname same", "initials same"),
        state=QuestionState.OPEN,
    )
    assert status(hub) is OPEN
    assert hub.statuses()["s1"].contacts == ()
    assert not [match for match in hub.matches() if match.kind is MatchKind.KNOWN_IN_DEBT_HELP]


def test_yes_makes_the_person_known_until_help_ends() -> None:
    hub, question = asked()
    told = hub.take(make.answer(question, same=True))
    assert kinds(told) == [
        "SignalState.changed",
        "Match.known-in-debt-help",
        "Case.known-in-debt-help",
        "Question.answered",
        "Pause.started",
    ]
    assert hub.questions()[question.question_id].state is QuestionState.YES
    assert [each.organisation for each in hub.statuses()["s1"].contacts] == ["Wijkteam"]
    (match,) = hub.matches()
    assert match.confidence is Confidence.CERTAIN
    assert match.evidence[-1] == "the municipality answered that it is"
    hub.take(make.ended("reg1"), AT + days(1))
    assert (status(hub), hub.statuses()["s1"].contacts) == (OPEN, ())
    assert list(hub.worklist()) == [make.case_id()]


def test_no_is_never_asked_again_nor_called_known() -> None:
    hub, question = asked()
    assert kinds(hub.take(make.answer(question, same=False))) == ["Question.answered"]
    for fact in (make.ended("reg1"), HELP, replace(SIGNAL, revision=2, amount_cents=99_000)):
        hub.take(fact, AT + days(1))
    assert hub.open() == []
    assert status(hub) is OPEN
    assert hub.questions()[question.question_id].state is QuestionState.NO


def test_the_latest_answer_counts_and_an_older_one_that_comes_late_does_not() -> None:
    hub, question = asked()
    hub.take(make.answer(question, same=False, version=2))
    assert hub.take(make.answer(question, same=True, version=1)) == []
    assert status(hub) is OPEN
    hub.take(make.answer(question, same=True, version=3))
    assert status(hub) is KNOWN


def test_an_answer_of_another_municipality_is_none() -> None:
    hub, question = asked()
    foreign = replace(make.answer(question, same=True), municipality="00000099000000000599")
    assert hub.take(foreign) == []


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(
    ("change", "again"),
    [
        (replace(SIGNAL, revision=2, amount_cents=99_000), False),
        (replace(SIGNAL, revision=2, evidence=evidence("", "jansen")), True),
        (make.registration("reg1", MAYBE_JAN, organisation="Kredietbank"), False),
        (make.registration("reg1", evidence("", "jansen")), True),
        (make.registration("reg2", MAYBE_JAN), True),
    ],
    ids=[
        "signal, other amount",
        "signal, other evidence",
        "other contact",
        "other evidence",
        "another registration",
    ],
)
def test_it_is_asked_again_only_when_the_evidence_changed(change: Fact, again: bool, same: bool) -> None:
    hub, question = asked()
    hub.take(make.answer(question, same=same))
    hub.take(change, AT + days(1))
    of_others = isinstance(change, type(HELP)) and change.registration_id == "reg2"
    assert bool(hub.open()) == (again and not (same and of_others))
    assert (status(hub) is KNOWN) == (same and (not again or of_others))


@pytest.mark.parametrize(
    "end",
    [
        make.withdrawal(SIGNAL),
        make.ended("reg1"),
        make.registration("reg1", KEES),
        make.registration("reg1", JAN),
        make.registration("reg2", JAN),
        make.known("s1", "Kredietbank"),
        make.result(CaseResult.PAID_OR_ARRANGED),
    ],
    ids=[
        *("signal withdrawn", "help ended", "surely another", "surely the same", "another is the same"),
        *("known by BSN", "the team has a result"),
    ],
)
def test_a_question_that_is_pointless_is_withdrawn(end: Fact) -> None:
    hub, question = asked()
    hub.take(end, AT + days(1))
    assert hub.questions()[question.question_id].state is QuestionState.WITHDRAWN


def test_a_question_comes_back_with_what_made_it() -> None:
    hub, question = asked()
    hub.take(make.ended("reg1"), AT + days(1))
    hub.take(HELP, AT + days(2))
    assert hub.open() == [question]
    ids = [change.id for change in hub.told if isinstance(change.event, Question)]
    assert len(set(ids)) == len(ids) == 3


def test_when_both_moved_to_another_address_it_is_another_question_of_that_address() -> None:
    _, question = asked()
    there = Hub(state=Household("b" * 32))
    for fact in (replace(SIGNAL, household="b" * 32), replace(HELP, household="b" * 32)):
        there.take(fact)
    assert [each.question_id == question.question_id for each in there.open()] == [False]


def test_a_registration_of_another_municipality_is_not_asked_about() -> None:
    hub = Hub()
    hub.take(SIGNAL)
    hub.take(replace(HELP, municipality="00000099000000000599"))
    assert hub.open() == []


def test_a_team_at_work_is_asked_too_and_a_repeat_is_not() -> None:
    hub = Hub(repeat_days=183)
    hub.take(SIGNAL)
    hub.take(make.attempt())
    hub.take(make.signal("s2", "2026-01-21"))
    hub.take(HELP)
    assert [each.signal_id for each in hub.open()] == ["s1"]


PEOPLE = (JAN, KEES, MAYBE_JAN, evidence("", "jansen"), evidence("1980-01-01", "jansen"))
names = st.sampled_from(PEOPLE)


@given(st.data(), st.lists(names, min_size=1, max_size=3), st.lists(names, min_size=1, max_size=2))
def test_whatever_came_first_and_however_often_the_same_answers_end_in_the_same(
    data: st.DataObject, signals: list[tuple[Evidence, ...]], helped: list[tuple[Evidence, ...]]
) -> None:
    """Each question is answered as soon as it is asked, or in the end, by who knows the two persons."""
    facts: list[Fact] = [make.signal(f"s{i}", evidence=who) for i, who in enumerate(signals)]
    facts += [make.registration(f"reg{i}", who) for i, who in enumerate(helped)]
    at_once = data.draw(st.booleans())
    hubs = []
    for order in (facts, data.draw(st.permutations([*facts, *facts]))):
        hub = Hub()
        for fact in order:
            hub.take(fact)
            if at_once or fact is order[-1]:
                _answer_all(hub)
        hubs.append(hub)
    one, two = hubs
    assert one.statuses() == two.statuses()
    assert one.worklist() == two.worklist()
    assert one.open() == two.open() == []


def _answer_all(hub: Hub) -> None:
    while hub.open():
        question = hub.open()[0]
        odd = (int(question.signal_id[1:]) + int(question.registration_id[3:])) % 2 == 1
        for _ in range(2):
            hub.take(make.answer(question, same=odd))
