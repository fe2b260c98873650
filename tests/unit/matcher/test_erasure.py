"""A signal that is erased leaves nothing at its household and person but that it was erased."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import CaseResult, ErasedKind, Erasure, ErasureReason, QuestionState, SignalStatus
from services.matcher.domain.facts import SignalErased
from services.matcher.domain.households import Fact
from services.matcher.domain.persons import Fact as PersonFact
from tests.unit.matcher.household import AT, GM, HOUSEHOLD, MAYBE_JAN, Hub, days, make
from tests.unit.matcher.person import Desk, helped, signal


def erased(id_: str, kind: ErasedKind = ErasedKind.SIGNAL) -> Erasure:
    return Erasure(
        erasure_id=f"erasure {id_}",
        household=HOUSEHOLD,
        municipality=GM,
        kind=kind,
        erased_id=id_,
        reason=ErasureReason.REQUEST,
    )


def kept(hub: Hub) -> bytes:
    """Return the state as it stands on the changelog, without the marks of what was erased."""
    assert hub.state is not None
    return msgspec.msgpack.encode(hub.state._replace(erased=()))


def test_nothing_of_an_erased_signal_is_kept_and_nothing_is_told() -> None:
    hub = Hub()
    hub.take(make.signal("secret-1", amount_cents=1_234_567))
    hub.take(make.known("secret-1", "Wijkteam"))
    assert b"secret-1" in kept(hub)
    assert hub.take(erased("secret-1"), AT + days(1)) == []
    assert b"secret-1" not in kept(hub)
    assert hub.state is not None
    assert (hub.state.cases, hub.state.known) == ((), ())


def test_the_other_signals_of_its_case_stay() -> None:
    hub = Hub()
    hub.take(make.signal("s1", creditor="c1"))
    hub.take(make.signal("s2", creditor="c2"))
    hub.take(erased("s1"))
    hub.take(make.attempt())
    (case,) = hub.cases().values()
    assert [each.signal_id for each in case.signals] == ["s2"]


def test_a_pause_of_an_erased_case_is_not_taken_back() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.result(CaseResult.FOLLOW_UP_HELP), AT + days(1))
    told = hub.pauses()
    hub.take(erased("s1"), AT + days(2))
    hub.until(AT + days(40))
    assert hub.pauses() == told


def test_an_erased_registration_ends_and_its_own_tombstone_says_nothing_new() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.registration("reg1"))
    hub.take(erased("reg1", ErasedKind.REGISTRATION))
    assert hub.statuses()["s1"].status is SignalStatus.NOT_YET_PICKED_UP
    before = hub.state
    assert hub.take(make.ended("reg1")) == []
    assert hub.state is before


@pytest.mark.parametrize("kind", ErasedKind)
@pytest.mark.parametrize("same", [None, True, False])
def test_what_was_asked_and_answered_about_it_goes(kind: ErasedKind, same: bool | None) -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.registration("reg1", MAYBE_JAN))
    (question,) = hub.questions().values()
    if same is not None:
        hub.take(make.answer(question, same=same))
    hub.take(erased("s1" if kind is ErasedKind.SIGNAL else "reg1", kind))
    assert hub.state is None or not hub.state.questions
    assert hub.take(make.answer(question, same=True, version=9)) == []
    if kind is ErasedKind.REGISTRATION:
        assert hub.questions()[question.question_id].state is QuestionState.WITHDRAWN


@given(st.permutations([make.signal("s1"), make.signal("s2", creditor="c2"), erased("s1")]), st.booleans())
def test_whatever_comes_first_an_erased_signal_does_not_come_back(facts: list[Fact], again: bool) -> None:
    hub = Hub()
    for fact in [*facts, *(facts if again else ())]:
        hub.take(fact)
    assert b"s1" not in kept(hub)
    assert b"s2" in kept(hub)


def test_what_was_withdrawn_or_corrected_goes_too() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.withdrawal(make.signal("s1")), AT + days(1))
    assert b"s1" in kept(hub)
    hub.take(erased("s1"), AT + days(2))
    assert b"s1" not in kept(hub)
    assert hub.take(make.signal("s1", revision=3), AT + days(3)) == []


def test_that_it_was_erased_is_forgotten_after_sixty_days() -> None:
    hub = Hub()
    hub.take(erased("s1"), AT)
    hub.until(AT + days(59))
    assert hub.state is not None
    hub.until(AT + days(60))
    assert hub.state is None


@pytest.mark.parametrize("first", ["help", "signal"])
def test_a_person_has_an_erased_signal_no_more(first: str) -> None:
    desk = Desk()
    facts: list[PersonFact] = [helped(), signal("s1"), signal("s2")]
    for fact in facts if first == "help" else facts[::-1]:
        desk.take(fact)
    assert desk.take(SignalErased(signal_id="s1")) == []
    assert desk.state is not None
    assert [each.signal_id for each in desk.state.signals] == ["s2"]
    assert desk.take(SignalErased(signal_id="s1")) == []
