"""The three handlers on the published examples of their input topics."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.common.errors import PermanentError
from services.common.events import (
    BailiffMatch,
    Case,
    CaseStatus,
    Check,
    HelpChange,
    KnownPerson,
    MatchKind,
    Outcome,
    Pause,
    PauseChange,
    Registration,
    Signal,
    SignalPerson,
    SignalState,
    SignalStatus,
)
from services.common.identifiers import derived_id
from services.common.records import Effects, Message, Outgoing, WakeUp
from services.matcher.domain.facts import Household
from services.matcher.domain.households import Policies
from services.matcher.domain.persons import Person
from services.matcher.processors import households_handler, persons_handler, registrations
from tests.flow.examples import NOW, example, message

SIGNALS = tuple(example(f"signals/{name}", Signal) for name in ("rent", "energy-crisis", "health-with-bsn"))
REGISTRATION = example("registrations/running", Registration)
UNKNOWN = example("checks/unknown", Check)
handle = households_handler(Policies(lambda _: 30, lambda _: 183))


def here(event: Signal | Outcome | KnownPerson, topic: str) -> Message:
    return message(event, topic, key=event.household)


def under(place: str, registration: Registration | None, topic: str, id: str = "e1") -> Message:
    return message(registration, topic, key=f"{place}/{REGISTRATION.registration_id}", id=id)


def events(*effects: Effects[Household] | Effects[Person]) -> list[object]:
    return [each.event for effect in effects for each in effect.outputs if isinstance(each, Outgoing)]


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.partner_type.value)
def test_a_signal_opens_a_case_on_the_topics_of_its_household(signal: Signal) -> None:
    found = handle(None, here(signal, "signals.v1"), NOW)
    assert {(each.topic, each.key, each.what) for each in found.outputs if isinstance(each, Outgoing)} == {
        ("signal-statuses.v1", signal.household, "changed"),
        ("cases.v1", signal.household, "opened"),
    }
    assert found.state is not None
    assert found.wake_at is not None
    assert found.wake_at > NOW


@pytest.mark.parametrize("name", ["help-accepted", "home-visit"])
def test_an_outcome_changes_the_case_of_its_signals(name: str) -> None:
    outcome = example(f"outcomes/{name}", Outcome)
    signal = next((each for each in SIGNALS if each.household == outcome.household), SIGNALS[0])
    opened = handle(None, here(signal, "signals.v1"), NOW)
    case = next(each for each in events(opened) if isinstance(each, Case))
    outcome = replace(outcome, household=signal.household, case_id=case.case_id, signal_ids=())
    changed = handle(opened.state, here(outcome, "outcomes.v1"), NOW)
    after = next(each for each in events(changed) if isinstance(each, Case))
    assert after.status is (CaseStatus.CLOSED if outcome.result else CaseStatus.PICKED_UP)
    pauses = [each for each in changed.outputs if isinstance(each, Outgoing) and each.topic == "pauses.v1"]
    assert [each.key for each in pauses] == ([signal.creditor] if name == "help-accepted" else [])


def test_a_wake_up_ends_the_pause_that_a_result_started() -> None:
    signal = SIGNALS[0]
    outcome = replace(
        example("outcomes/help-accepted", Outcome),
        household=signal.household,
        case_id=derived_id("case", signal.municipality, signal.household, signal.unit, "2026-03"),
        signal_ids=(),
    )
    assert signal.signal_date.isoformat().startswith("2026-03")
    opened = handle(None, here(signal, "signals.v1"), NOW)
    started = handle(opened.state, here(outcome, "outcomes.v1"), NOW)
    due = started.wake_at
    assert due is not None
    ended = handle(started.state, WakeUp(signal.household, due), due)
    changes = [each.change for each in events(started, ended) if isinstance(each, Pause)]
    assert changes == [PauseChange.STARTED, PauseChange.ENDED]


def test_known_persons_make_a_signal_known_until_no_longer() -> None:
    known = example("known-persons/known", KnownPerson)
    signal = replace(SIGNALS[2], household=known.household, signal_id=known.signal_id)
    no_longer = replace(known, contacts=())
    opened = handle(None, here(signal, "signals.v1"), NOW)
    told = handle(opened.state, here(known, "known-persons.v1"), NOW)
    over = handle(told.state, here(no_longer, "known-persons.v1"), NOW)
    states = [each for each in events(told, over) if isinstance(each, SignalState)]
    assert [each.status for each in states] == [
        SignalStatus.KNOWN_IN_DEBT_HELP,
        SignalStatus.NOT_YET_PICKED_UP,
    ]
    assert over.state is not None
    assert over.state.cases[0].matched == (known.signal_id,)
    assert example("known-persons/no-longer", KnownPerson).contacts == ()


def test_a_registration_at_the_household_is_put_and_removed_under_its_own_key() -> None:
    place, topic = REGISTRATION.household, "registrations.by-household.v1"
    signal = replace(SIGNALS[0], household=place, evidence=REGISTRATION.evidence)
    known = handle(None, under(place, REGISTRATION, topic), NOW)
    told = handle(known.state, here(signal, "signals.v1"), NOW)
    (match,) = [each for each in told.outputs if isinstance(each, Outgoing) and each.topic == "matches.v1"]
    assert match.what == "known-in-debt-help"
    over = handle(told.state, under(place, None, topic), NOW)
    statuses = [each.status for each in events(over) if isinstance(each, SignalState)]
    assert statuses == [SignalStatus.NOT_YET_PICKED_UP]
    assert MatchKind.KNOWN_IN_DEBT_HELP.value not in signal.signal_id


def test_registrations_are_keyed_anew_and_removed_where_they_were() -> None:
    cause = message(REGISTRATION, "registrations.v1", key=REGISTRATION.registration_id)
    put = registrations(None, cause, NOW)
    keys = [(each.topic, each.key, each.event) for each in put.outputs if isinstance(each, Outgoing)]
    assert keys == [
        ("registrations.by-person.v1", f"{REGISTRATION.person}/{cause.key}", REGISTRATION),
        ("registrations.by-household.v1", f"{REGISTRATION.household}/{cause.key}", REGISTRATION),
    ]
    assert registrations(put.state, cause, NOW) == Effects(put.state)
    end = message(None, "registrations.v1", key=REGISTRATION.registration_id, id="e2")
    gone = registrations(put.state, end, NOW)
    assert gone.state is None
    assert [each.event for each in gone.outputs if isinstance(each, Outgoing)] == [None, None]
    ids = [each.id for each in (*put.outputs, *gone.outputs) if isinstance(each, Outgoing)]
    assert len(set(ids)) == 4


@pytest.mark.parametrize("first", ["check", "registration"])
def test_a_check_and_a_registration_meet_on_the_topic_of_bailiff_matches(first: str) -> None:
    asked = message(UNKNOWN, "checks.v1", key=UNKNOWN.person)
    running = under(
        UNKNOWN.person, replace(REGISTRATION, person=UNKNOWN.person), "registrations.by-person.v1"
    )
    order = [asked, running] if first == "check" else [running, asked]
    begin = datetime(2026, 3, 1, 12, tzinfo=UTC)
    one = persons_handler(None, order[0], begin)
    two = persons_handler(one.state, order[1], begin)
    (match,) = [each for each in (*one.outputs, *two.outputs) if isinstance(each, Outgoing)]
    assert (match.topic, match.key) == ("bailiff-matches.v1", UNKNOWN.person)
    assert isinstance(match.event, BailiffMatch)
    assert match.event.dossier == UNKNOWN.dossier


def test_a_check_that_was_answered_known_is_followed_by_the_end_of_help() -> None:
    known, topic = example("checks/known", Check), "registrations.by-person.v1"
    running = replace(REGISTRATION, person=known.person, contact=known.contacts[0])
    helped = persons_handler(None, under(known.person, running, topic), NOW)
    asked = persons_handler(helped.state, message(known, "checks.v1", key=known.person), NOW)
    assert asked.outputs == ()
    over = persons_handler(asked.state, under(known.person, None, topic), NOW)
    (match,) = [each for each in over.outputs if isinstance(each, Outgoing)]
    assert (match.topic, match.key, match.what) == ("bailiff-matches.v1", known.person, "ended")
    assert isinstance(match.event, BailiffMatch)
    assert (match.event.contacts, match.event.change) == ((), HelpChange.ENDED)


def test_a_withdrawn_check_is_followed_by_nothing() -> None:
    asked = persons_handler(None, message(UNKNOWN, "checks.v1", key=UNKNOWN.person), NOW)
    key = f"{UNKNOWN.person}/{UNKNOWN.check_id}"
    gone = persons_handler(asked.state, message(None, "checks.v1", key=key), NOW)
    running = replace(REGISTRATION, person=UNKNOWN.person)
    helped = persons_handler(gone.state, under(UNKNOWN.person, running, "registrations.by-person.v1"), NOW)
    assert (gone.outputs, helped.outputs) == ((), ())


def test_a_signal_with_a_bsn_is_told_of_help_and_of_its_end() -> None:
    signal = example("signal-persons/health", SignalPerson)
    person, topic = signal.person, "registrations.by-person.v1"
    one = persons_handler(None, message(signal, "signal-persons.v1", key=person), NOW)
    two = persons_handler(one.state, under(person, REGISTRATION, topic), NOW)
    three = persons_handler(two.state, under(person, None, topic), NOW)
    found = [each for each in (*one.outputs, *two.outputs, *three.outputs) if isinstance(each, Outgoing)]
    assert [(each.topic, each.key) for each in found] == [("known-persons.v1", signal.household)] * 2
    contacts = [each.event.contacts for each in found if isinstance(each.event, KnownPerson)]
    assert contacts == [(REGISTRATION.contact,), ()]


@pytest.mark.parametrize("topic", ["signals.v1", "outcomes.v1", "known-persons.v1"])
def test_a_tombstone_where_nothing_ever_ends_is_poison(topic: str) -> None:
    with pytest.raises(PermanentError):
        handle(None, message(None, topic), NOW)
    with pytest.raises(PermanentError):
        persons_handler(None, message(None, "checks.v1"), NOW)


def test_a_record_of_another_kind_is_poison() -> None:
    with pytest.raises(PermanentError):
        registrations(None, message(UNKNOWN, "registrations.v1"), NOW)
    with pytest.raises(PermanentError):
        registrations(None, WakeUp("k", NOW), NOW)
