"""feedback-disclosure on the published examples."""

from dataclasses import replace

import pytest

from services.common.errors import PermanentError
from services.common.events import Feedback, FeedbackStatus, SignalState
from services.common.records import Outgoing, WakeUp
from services.feedback.domain import REMEMBERED
from services.feedback.processors import disclosure
from tests.flow.examples import NOW, example, message


def state(name: str) -> SignalState:
    return example(f"signal-statuses/{name}", SignalState)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("result-with-help", (FeedbackStatus.PICKED_UP, True, 0)),
        ("known", (FeedbackStatus.KNOWN_IN_DEBT_HELP, None, 1)),
        ("other-reason", (FeedbackStatus.NOT_PICKED_UP, None, 0)),
    ],
)
def test_the_creditor_hears_what_it_may(name: str, seen: tuple[FeedbackStatus, bool | None, int]) -> None:
    found = state(name)
    (output,) = disclosure(None, message(found, "signal-statuses.v1"), NOW).outputs
    assert isinstance(output, Outgoing)
    assert isinstance(output.event, Feedback)
    assert (output.topic, output.key) == ("feedback.v1", found.creditor)
    assert (output.event.status, output.event.help_accepted, len(output.event.contacts)) == seen


def test_two_changes_have_two_ids_and_the_same_cause_the_same_id() -> None:
    first = disclosure(None, message(state("known"), "signal-statuses.v1", id="1"), NOW)
    again = disclosure(None, message(state("known"), "signal-statuses.v1", id="1"), NOW)
    ended = replace(state("known"), contacts=())
    later = disclosure(first.state, message(ended, "signal-statuses.v1", id="2"), NOW)
    assert first.outputs == again.outputs
    assert isinstance(later.outputs[0], Outgoing)
    assert isinstance(first.outputs[0], Outgoing)
    assert later.outputs[0].id != first.outputs[0].id


def test_what_the_creditor_may_not_see_makes_no_event() -> None:
    first = disclosure(None, message(state("result-with-help"), "signal-statuses.v1"), NOW)
    moved = replace(state("result-with-help"), case_id="another")
    assert disclosure(first.state, message(moved, "signal-statuses.v1"), NOW).outputs == ()


def test_a_signal_that_is_long_over_is_forgotten_by_the_households_timer() -> None:
    first = disclosure(None, message(state("known"), "signal-statuses.v1"), NOW)
    assert first.wake_at == NOW + REMEMBERED
    over = disclosure(first.state, WakeUp("k", first.wake_at), first.wake_at)
    assert (over.state, over.outputs, over.wake_at) == (None, (), None)


def test_a_tombstone_is_poison() -> None:
    with pytest.raises(PermanentError):
        disclosure(None, message(None, "signal-statuses.v1"), NOW)
