"""From a signal and a registration to what creditor and municipality hear, and back with an answer."""

from datetime import timedelta
from random import Random

import pytest

from services.common.events import (
    Answer,
    Case,
    Event,
    EvidenceKind,
    Feedback,
    FeedbackStatus,
    Question,
    QuestionState,
)
from services.common.records import Message
from services.notifier.news import news_of
from services.notifier.webhooks import structured
from tests.flow import happened
from tests.flow.happened import CREDITORS, END, HOUSES, PERSONS, START, TOWN, traits
from tests.flow.hub import Given, Hub
from tests.flow.results import latest, told

BORN, INITIAL = EvidenceKind.BIRTH_DATE, EvidenceKind.INITIAL
CREDITOR, OTHER = CREDITORS[0], CREDITORS[1]
SURE = traits(0, BORN, INITIAL)
POSSIBLE = traits(0)
"""Of that surname."""


def a_signal(name: str = "s1", creditor: str = CREDITOR, evidence: object = SURE) -> list[Given]:
    day = START.date()
    return happened.signal(name, START, house=HOUSES[0], creditor=creditor, day=day, evidence=evidence)  # type: ignore[arg-type]


def help_runs(evidence: object = SURE) -> Given:
    at = START + timedelta(hours=1)
    return happened.helped("r1", at, person=PERSONS[0], house=HOUSES[0], evidence=evidence)  # type: ignore[arg-type]


def answer(question: Question, *, same: bool, version: int = 1) -> Given:
    event = Answer(
        answer_id=f"{question.question_id} {version}",
        question_id=question.question_id,
        household=question.household,
        municipality=question.municipality,
        signal_id=question.signal_id,
        registration_id=question.registration_id,
        same=same,
        version=version,
    )
    return Given("answers.v1", question.household, event, event.answer_id, START + timedelta(days=1))


def played(*stages: list[Given]) -> Hub:
    hub = Hub(Random(1))
    for number, stage in enumerate(stages):
        hub.give(stage)
        hub.until(START + timedelta(days=1 + number))
    return hub


def heard(hub: Hub, creditor: str) -> list[Feedback]:
    found = [each.event for each in hub.topics[f"tenant.{creditor}.feedback.v1"]]
    return [each for each in found if isinstance(each, Feedback)]


def is_told_to(creditor: str, message: Message) -> bool:
    found = news_of(message.event)
    return found is not None and found.party == creditor


def asked(hub: Hub) -> Question:
    """Return the one question as its municipality has it."""
    (question,) = latest(hub.topics[f"tenant.{TOWN}.questions.v1"], "question_id").values()
    assert isinstance(question, Question)
    return question


def on_the_worklist(hub: Hub) -> list[Event]:
    found = latest(hub.topics[f"tenant.{TOWN}.cases.v1"], "case_id").values()
    return [each for each in found if isinstance(each, Case) and not each.known_in_debt_help]


@pytest.mark.parametrize("turn", [1, -1], ids=["signal first", "help first"])
def test_a_creditor_hears_of_help_while_it_runs_and_no_longer(turn: int) -> None:
    first, second = [a_signal(), [help_runs()]][::turn]
    ended = happened.help_ended("r1", START + timedelta(days=2))
    hub = played(first, second, [ended])
    (*_, running, over) = heard(hub, CREDITOR)
    assert (running.status, [each.organisation for each in running.contacts]) == (
        FeedbackStatus.KNOWN_IN_DEBT_HELP,
        ["Wijkteam"],
    )
    assert (over.status, over.contacts) == (FeedbackStatus.NOT_YET_PICKED_UP, ())
    pushed = [each for each in hub.topics["feedback.v1"] if is_told_to(CREDITOR, each)]
    assert [b"Wijkteam" in structured(each) for each in pushed[-2:]] == [True, False]
    assert len(on_the_worklist(hub)) == 1


@pytest.mark.parametrize("turn", [1, -1], ids=["signal first", "help first"])
def test_while_help_runs_nobody_has_a_case(turn: int) -> None:
    first, second = [a_signal(), [help_runs()]][::turn]
    hub = played(first, second)
    assert on_the_worklist(hub) == []
    if turn == -1:
        assert not hub.topics["cases.v1"]
        assert not hub.topics["routings.v1"]


def test_before_yes_no_creditor_hears_anything() -> None:
    others = a_signal("s2", OTHER, traits(1, BORN, INITIAL))
    hub = played([*a_signal(evidence=POSSIBLE), *others], [help_runs()])
    for creditor in (CREDITOR, OTHER):
        assert {(each.status, each.contacts) for each in heard(hub, creditor)} == {
            (FeedbackStatus.NOT_YET_PICKED_UP, ())
        }
    question = asked(hub)
    assert (question.signal_id, question.registration_id, question.state) == ("s1", "r1", QuestionState.OPEN)
    hub.give([answer(question, same=True)])
    hub.until(START + timedelta(days=3))
    assert heard(hub, CREDITOR)[-1].status is FeedbackStatus.KNOWN_IN_DEBT_HELP
    assert heard(hub, OTHER)[-1].status is FeedbackStatus.NOT_YET_PICKED_UP
    assert asked(hub).state is QuestionState.YES


def test_no_is_the_end_of_it() -> None:
    hub = played(a_signal(evidence=POSSIBLE), [help_runs()])
    hub.give([answer(asked(hub), same=False), *a_signal(evidence=POSSIBLE)])
    hub.until(START + timedelta(days=3))
    assert asked(hub).state is QuestionState.NO
    assert {each.status for each in heard(hub, CREDITOR)} == {FeedbackStatus.NOT_YET_PICKED_UP}


@pytest.mark.parametrize("seed", range(12))
def test_answers_come_whenever_they_come_and_twice_and_all_ends_the_same(seed: int) -> None:
    """One hub gets all live, the other in any order, with everything twice."""
    story = [
        *a_signal(evidence=POSSIBLE),
        *a_signal("s2", OTHER, SURE),
        *a_signal("s3", CREDITORS[2], POSSIBLE),
        help_runs(),
    ]
    live, chance = played(*[[each] for each in story]), Random(seed)
    backlog = Hub(chance)
    backlog.give(happened.mixed(happened.twice(story, chance), chance))
    backlog.until(START + timedelta(days=5))
    for hub in (live, backlog):
        questions = latest(hub.topics["questions.v1"], "question_id").values()
        known = [each for each in questions if isinstance(each, Question)]
        assert {each.signal_id for each in known} == {"s1", "s3"}
        answers = [answer(each, same=each.signal_id == "s1") for each in known]
        chance.shuffle(answers)
        hub.give([*answers, *answers])
        hub.until(END)
    assert told(live.topics) == told(backlog.topics)
    assert latest(live.topics["questions.v1"], "question_id") == latest(
        backlog.topics["questions.v1"], "question_id"
    )
