"""Signals, outcomes and registrations become cases, pauses and statuses on real Kafka."""

from datetime import date, timedelta

import pytest

from services.common.events import (
    Case,
    CaseResult,
    CaseStatus,
    KnownPerson,
    Match,
    MatchKind,
    Outcome,
    OutcomeKind,
    Pause,
    PauseChange,
    PauseEnd,
    Policy,
    Signal,
    SignalPerson,
    SignalState,
    SignalStatus,
)
from services.common.identifiers import derived_id
from tests.real.matcher.conftest import House, new_registration, new_signal

pytestmark = pytest.mark.real


def accepted(signal: Signal, case_id: str) -> Outcome:
    return Outcome(
        outcome_id=derived_id("result", case_id, "1"),
        household=signal.household,
        case_id=case_id,
        municipality=signal.municipality,
        kind=OutcomeKind.RESULT,
        version=1,
        on=date(2026, 3, 25),
        result=CaseResult.FOLLOW_UP_HELP,
        signal_ids=(),
    )


async def test_a_signal_becomes_a_case_and_the_same_signal_again_becomes_nothing(house: House) -> None:
    signal = new_signal()
    await house.signal(signal)
    await house.signal(signal)
    await house.signal(new_signal(household=signal.household, municipality=signal.municipality))
    records = await house.read("cases.v1", Case, signal.household, lambda found: len(found) == 2)
    assert [record.meta.type for record in records] == [
        "nl.signaalhub.cases.opened",
        "nl.signaalhub.cases.changed",
    ]
    cases = [record.event for record in records]
    assert [len(case.signals) for case in cases if isinstance(case, Case)] == [1, 2]
    (match,) = await house.hear("matches.v1", Match, signal.household)
    assert match.kind is MatchKind.MULTIPLE


async def test_help_accepted_starts_a_pause_that_its_own_timer_ends(house: House) -> None:
    signal = new_signal()
    await house.master(
        "policies.v1", signal.municipality, Policy(municipality=signal.municipality, pause_days=20)
    )
    await house.signal(signal)
    (case,) = await house.hear("cases.v1", Case, signal.household)
    begin = house.clock.now()
    await house.write("outcomes.v1", signal.household, accepted(signal, case.case_id))
    (started,) = await house.hear("pauses.v1", Pause, signal.creditor)
    assert (started.change, started.starts_at) == (PauseChange.STARTED, begin)
    assert started.ends_at == begin + timedelta(days=20)
    house.clock.advance(days=21)
    both = await house.read("pauses.v1", Pause, signal.creditor, lambda found: len(found) == 2)
    ended = both[1].event
    assert isinstance(ended, Pause)
    assert (ended.change, ended.end_reason, ended.ends_at) == (
        PauseChange.ENDED,
        PauseEnd.TERM,
        started.ends_at,
    )
    assert both[1].meta.time == started.ends_at
    closed = await house.hear("cases.v1", Case, signal.household, lambda found: len(found) == 2)
    assert closed[1].status is CaseStatus.CLOSED


async def test_a_swap_is_told_when_the_month_closes(house: House) -> None:
    now = house.clock.now().date().replace(day=1)
    last = new_signal(signal_date=now - timedelta(days=3))
    this = new_signal(household=last.household, municipality=last.municipality, signal_date=now)
    await house.signal(last)
    await house.signal(this)
    await house.hear("matches.v1", Match, last.household)
    house.clock.advance(days=32)
    found = await house.hear("matches.v1", Match, last.household, lambda found: len(found) == 2)
    assert [match.kind for match in found] == [MatchKind.CONSECUTIVE, MatchKind.SWAP]


async def test_a_signal_with_a_bsn_is_known_while_help_runs_at_another_address(house: House) -> None:
    registration = new_registration()
    signal = new_signal(evidence=(), person=registration.person)
    link = SignalPerson(
        person=registration.person,
        signal_id=signal.signal_id,
        household=signal.household,
        municipality=signal.municipality,
    )
    await house.signal(signal)
    await house.write("signal-persons.v1", link.person, link)
    await house.helped(registration)
    (known,) = await house.hear("known-persons.v1", KnownPerson, signal.household)
    assert known.contacts == (registration.contact,)

    def is_known(states: list[SignalState]) -> bool:
        return bool(states) and states[-1].status is SignalStatus.KNOWN_IN_DEBT_HELP

    states = await house.hear("signal-statuses.v1", SignalState, signal.household, is_known)
    assert states[-1].contacts == (registration.contact,)
    (match,) = await house.hear("matches.v1", Match, signal.household)
    assert match.evidence == ("same BSN as a running registration",)
    await house.write("registrations.v1", registration.registration_id, None)
    told = await house.hear(
        "signal-statuses.v1", SignalState, signal.household, lambda found: len(found) == 3
    )
    assert (told[-1].status, told[-1].contacts) == (SignalStatus.NOT_YET_PICKED_UP, ())


async def test_a_registration_that_moves_makes_the_old_household_unknown_again(house: House) -> None:
    registration = new_registration()
    signal = new_signal(household=registration.household, evidence=registration.evidence)
    await house.helped(registration)
    await house.signal(signal)

    def told(states: list[SignalState]) -> bool:
        return bool(states) and states[-1].status is SignalStatus.KNOWN_IN_DEBT_HELP

    def untold(states: list[SignalState]) -> bool:
        return any(map(told, ([each] for each in states))) and not told(states)

    await house.hear("signal-statuses.v1", SignalState, signal.household, told)
    moved = new_registration(registration_id=registration.registration_id, person=registration.person)
    await house.helped(moved)
    states = await house.hear("signal-statuses.v1", SignalState, signal.household, untold)
    assert states[-1].contacts == ()
