"""An erasure at the notifier and at feedback: told once, and nothing that was under way comes after it."""

from dataclasses import replace

from services.common.events import Erasure, Signal, SignalState
from services.common.records import Forward
from services.feedback.domain import UNDER_WAY
from services.feedback.processors import disclosure
from services.matcher.processors import persons_handler
from services.notifier.processors import households
from tests.flow.examples import NOW, example, message

ERASURE = example("erasures/term", Erasure)
SIGNAL = example("signals/rent", Signal)
KNOWN = replace(example("signal-statuses/known", SignalState), signal_id=ERASURE.erased_id)
TOLD = message(ERASURE, "erasures.v1", "erased", ERASURE.household)


def test_its_municipality_is_told_once_byte_for_byte() -> None:
    handle = households(lambda oin: ())
    first = handle(None, TOLD, NOW)
    assert first.outputs == (Forward(f"tenant.{ERASURE.municipality}.erasures.v1", TOLD),)
    assert handle(first.state, TOLD, NOW).outputs == ()


def test_two_municipalities_of_one_household_are_told_both() -> None:
    handle = households(lambda oin: ())
    other = replace(ERASURE, erasure_id="other", municipality="00000099000000000518")
    also = message(other, "erasures.v1", "erased", ERASURE.household, "e2")
    state = handle(None, TOLD, NOW).state
    assert handle(state, also, NOW).outputs == (Forward(f"tenant.{other.municipality}.erasures.v1", also),)


def test_a_signal_that_was_under_way_reaches_its_municipality_no_more() -> None:
    handle = households(lambda oin: ())
    late = message(replace(SIGNAL, signal_id=ERASURE.erased_id), "signals.v1")
    assert handle(None, late, NOW).outputs
    assert handle(handle(None, TOLD, NOW).state, late, NOW).outputs == ()


def test_a_creditor_hears_no_more_of_an_erased_signal() -> None:
    late = message(KNOWN, "signal-statuses.v1")
    told = disclosure(None, late, NOW)
    assert told.outputs
    after = disclosure(told.state, TOLD, NOW)
    assert after.outputs == disclosure(after.state, late, NOW).outputs == ()
    assert after.state is not None
    assert after.state.signals == {}
    assert after.wake_at == NOW + UNDER_WAY


def test_a_tombstone_removes_a_signal_from_its_person() -> None:
    handled = persons_handler(None, message(None, "signal-persons.v1", key="p/s1"), NOW)
    assert (handled.state, handled.outputs) == (None, ())
