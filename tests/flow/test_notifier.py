"""The notifier's handlers on the published examples."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.common.errors import PermanentError
from services.common.events import (
    BailiffMatch,
    Case,
    DebtReport,
    Feedback,
    Lane,
    Match,
    Pause,
    Policy,
    Refusal,
    Role,
    Routing,
    RoutingReason,
    Signal,
    Team,
)
from services.common.records import Forward, Outgoing, WakeUp
from services.notifier.domain import REMEMBERED, Household
from services.notifier.processors import bailiffs, creditors, households
from tests.flow.examples import NOW, example, message

OPENED, CLOSED = example("cases/opened", Case), example("cases/closed-with-help", Case)
TOWN = OPENED.municipality
CENTRUM = Team(
    team_id="centrum", municipality=TOWN, name="Centrum", areas=("1234",), lanes=(), fallback=False
)
CRISIS = replace(CENTRUM, team_id="acuut", areas=(), lanes=(Lane.CRISIS,))


def no_roles(oin: str) -> list[Role]:
    return []


def handler(*teams: Team) -> Any:
    return households(lambda municipality: teams)


def test_a_new_case_is_routed_and_its_municipality_gets_it_with_the_team() -> None:
    cause = message(OPENED, "cases.v1", "opened", OPENED.household)
    effects = handler(CENTRUM)(None, cause, NOW)
    routing, copy = effects.outputs
    expected = Routing(
        case_id=OPENED.case_id,
        household=OPENED.household,
        municipality=TOWN,
        team="centrum",
        reason=RoutingReason.AREA,
    )
    assert (routing.topic, routing.key, routing.event) == ("routings.v1", OPENED.household, expected)
    assert copy == Outgoing(
        f"tenant.{TOWN}.cases.v1", OPENED.household, replace(OPENED, team="centrum"), "opened", "e1"
    )
    assert effects.wake_at == NOW + REMEMBERED


def test_a_later_change_keeps_the_team_and_says_no_routing() -> None:
    handle = handler(CENTRUM)
    first = handle(None, message(OPENED, "cases.v1"), NOW)
    calm = replace(CLOSED, crisis=False, team=None)
    (copy,) = handle(first.state, message(calm, "cases.v1"), NOW).outputs
    assert copy.event == replace(calm, team="centrum")


def test_a_case_that_became_a_crisis_is_routed_again() -> None:
    handle = handler(CENTRUM, CRISIS)
    first = handle(None, message(OPENED, "cases.v1"), NOW)
    routing, copy = handle(first.state, message(CLOSED, "cases.v1"), NOW).outputs
    assert (routing.event.team, routing.event.reason) == ("acuut", RoutingReason.CRISIS)
    assert copy.event.team == "acuut"
    assert routing.id != first.outputs[0].id


def test_a_municipality_without_teams_gets_its_cases_all_the_same() -> None:
    effects = handler()(None, message(OPENED, "cases.v1"), NOW)
    (copy,) = effects.outputs
    assert (copy.topic, copy.event) == (f"tenant.{TOWN}.cases.v1", OPENED)
    assert (effects.state, effects.wake_at) == (None, None)


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (example("signals/rent", Signal), "signals"),
        (example("matches/multiple", Match), "matches"),
        (example("matches/known-in-debt-help", Match), "matches"),
    ],
)
def test_signals_and_matches_go_on_untouched(event: Signal | Match, subject: str) -> None:
    cause = message(event, f"{subject}.v1")
    effects = handler(CENTRUM)(None, cause, NOW)
    assert effects.outputs == (Forward(f"tenant.{event.municipality}.{subject}.v1", cause),)


@pytest.mark.parametrize("event", [example("signals/rent", Signal), example("matches/multiple", Match)])
def test_a_repeated_signal_or_match_stands_once_on_the_topic_of_its_municipality(
    event: Signal | Match,
) -> None:
    handle, cause = handler(CENTRUM), message(event, "signals.v1")
    first = handle(None, cause, NOW)
    routed = handle(first.state, message(OPENED, "cases.v1"), NOW)
    again = handle(routed.state, cause, NOW + REMEMBERED / 2)
    assert (len(first.outputs), again.outputs) == (1, ())
    assert again.state is routed.state
    assert again.wake_at == NOW + REMEMBERED


@pytest.mark.parametrize("event", [OPENED, example("signals/rent", Signal)])
def test_what_is_long_ago_is_forgotten_by_the_households_timer(event: Case | Signal) -> None:
    handle = handler(CENTRUM)
    first = handle(None, message(event, "cases.v1"), NOW)
    due = first.wake_at
    assert due == NOW + REMEMBERED
    later = handle(first.state, WakeUp(OPENED.household, due), due)
    assert (later.state, later.outputs, later.wake_at) == (None, (), None)


def test_a_state_from_before_signals_were_remembered_can_be_read() -> None:
    before = handler(CENTRUM)(None, message(OPENED, "cases.v1"), NOW).state
    old = msgspec.to_builtins(before)
    del old["forwarded"]
    assert msgspec.convert(old, Household) == before


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        (example("refusals/two-reasons", Refusal), "refusals"),
        (example("pauses/started", Pause), "pauses"),
        (example("feedback/known", Feedback), "feedback"),
    ],
)
def test_what_is_for_a_creditor_goes_to_its_own_topic_untouched(
    event: Refusal | Pause | Feedback, subject: str
) -> None:
    cause = message(event, f"{subject}.v1")
    topic = f"tenant.{event.creditor}.{subject}.v1"
    assert creditors(no_roles)(None, cause, NOW).outputs == (Forward(topic, cause),)


def test_a_refusal_goes_to_the_sender_too() -> None:
    refusal = example("refusals/two-reasons", Refusal)
    cause = message(replace(refusal, sender="00000099000000005001"), "refusals.v1")
    outputs = creditors(lambda oin: [Role.INTERMEDIARY])(None, cause, NOW).outputs
    topics = [each.topic for each in outputs]
    assert topics == [f"tenant.{refusal.creditor}.refusals.v1", "tenant.00000099000000005001.refusals.v1"]


def test_a_push_goes_to_the_bailiff_who_asked() -> None:
    event = example("bailiff-matches/help-started", BailiffMatch)
    cause = message(event, "bailiff-matches.v1")
    topic = f"tenant.{event.asker}.bailiff-matches.v1"
    assert bailiffs(None, cause, NOW).outputs == (Forward(topic, cause),)


def test_what_a_bailiff_tells_goes_to_the_municipality_that_helps_and_a_mere_question_to_nobody() -> None:
    told, asked = example("debt-reports/told", DebtReport), example("debt-reports/nobody-to-tell", DebtReport)
    cause = message(told, "debt-reports.v1")
    topic = f"tenant.{told.municipality}.debt-reports.v1"
    assert bailiffs(None, cause, NOW).outputs == (Forward(topic, cause),)
    assert bailiffs(None, message(asked, "debt-reports.v1"), NOW).outputs == ()


@pytest.mark.parametrize("handle", [handler(), creditors(no_roles), bailiffs])
def test_a_tombstone_or_foreign_record_is_poison(handle: Any) -> None:
    for event in (None, example("policies/thirty-days", Policy)):
        with pytest.raises(PermanentError):
            handle(None, message(event, "cases.v1"), NOW)
