"""A pause by a check and one by signals of the same creditor for the same person are one (domain.md 2.4)."""

from datetime import datetime

import pytest

from services.common.events import CheckPause, KnownPerson, Pause, PauseChange, PauseEnd, PauseGround
from services.common.identifiers import derived_id
from services.matcher.domain.households import Fact
from tests.unit.matcher.household import AT, GM, HOUSEHOLD, Hub, days, make
from tests.unit.matcher.person import Desk, check, ended, helped, signal, withdrawn

STARTED, PROLONGED, ENDED = PauseChange.STARTED, PauseChange.PROLONGED, PauseChange.ENDED
CLIENT = "c1"
"""The creditor of the signals of household.py."""
ALONE = derived_id("pause", "k1")
"""The pause of check k1 as long as nobody knows of a signal."""


def asked(desk: Desk, at: datetime = AT, name: str = "k1") -> None:
    desk.take(check(name, at, "Wijkteam", client=CLIENT, dossier="D-1"), at)


def told_last(desk: Desk) -> KnownPerson:
    """What a household was told last."""
    events = [each.event for each in desk.told]
    return [each for each in events if isinstance(each, KnownPerson)][-1]


def test_a_client_with_a_signal_of_that_bsn_is_told_by_the_household_of_the_signal() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(signal(creditor=CLIENT))
    asked(desk, AT + days(1))
    assert desk.pauses() == []
    begin = AT + days(1)
    assert told_last(desk).checks == (
        CheckPause(check_id="k1", dossier="D-1", starts_at=begin, ends_at=begin + days(30)),
    )


def test_the_signal_of_another_creditor_changes_nothing() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(signal(creditor="another"))
    asked(desk)
    assert desk.pauses() == [(CLIENT, "D-1", STARTED, AT + days(30))]
    assert told_last(desk).checks == ()


def test_a_signal_after_the_check_takes_its_pause_over_once() -> None:
    desk = Desk()
    desk.take(helped())
    asked(desk)
    desk.take(signal(creditor=CLIENT), AT + days(2))
    (told,) = told_last(desk).checks
    assert (told.pause_id, told.sequence) == (ALONE, 1)
    desk.take(signal("s2", creditor=CLIENT), AT + days(3))
    (again,) = told_last(desk).checks
    assert (again.pause_id, again.sequence) == (None, 0)
    desk.until(AT + days(100))
    assert desk.pauses() == [(CLIENT, "D-1", STARTED, AT + days(30))]


def test_when_the_signal_is_withdrawn_the_check_pauses_by_itself_again_for_the_rest() -> None:
    desk = Desk()
    desk.take(helped())
    asked(desk)
    desk.take(signal(creditor=CLIENT), AT + days(2))
    desk.take(signal(creditor=CLIENT, revision=2, withdrawn=True), AT + days(5))
    assert desk.pauses()[1:] == [(CLIENT, "D-1", STARTED, AT + days(30))]
    ids = {each.event.pause_id for each in desk.told if isinstance(each.event, Pause)}
    assert len(ids) == 2
    desk.until(AT + days(40))
    assert [each[2] for each in desk.pauses()] == [STARTED, STARTED, ENDED]


def test_when_the_signal_is_withdrawn_after_the_term_nothing_is_told() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(signal(creditor=CLIENT))
    asked(desk)
    desk.until(AT + days(40))
    desk.take(signal(creditor=CLIENT, revision=2, withdrawn=True), AT + days(41))
    assert desk.pauses() == []


def test_the_end_of_help_is_told_to_the_household_and_a_withdrawn_check_to_nobody() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(signal(creditor=CLIENT))
    asked(desk)
    desk.take(withdrawn(), AT + days(1))
    assert told_last(desk).checks
    desk.take(ended(), AT + days(2))
    assert (told_last(desk).contacts, told_last(desk).checks, desk.pauses()) == ((), (), [])


def known(at: datetime, until: datetime, **more: object) -> KnownPerson:
    pause = CheckPause(check_id="k1", dossier="D-1", starts_at=at, ends_at=until, **more)  # type: ignore[arg-type]
    return KnownPerson(
        household=HOUSEHOLD,
        signal_id="s1",
        contacts=make.known("s1", "Wijkteam").contacts,
        since=AT,
        checks=(pause,),
    )


def last(hub: Hub) -> Pause:
    return [each.event for each in hub.told if isinstance(each.event, Pause)][-1]


def test_a_check_prolongs_the_pause_that_runs_by_known_help_and_names_the_dossier() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.known("s1", "Wijkteam", since=AT))
    hub.take(known(AT + days(10), AT + days(40)), AT + days(10))
    assert hub.pause_steps(CLIENT) == [(STARTED, AT + days(30)), (PROLONGED, AT + days(40))]
    assert (last(hub).ground, last(hub).dossier) == (PauseGround.KNOWN_IN_DEBT_HELP, "D-1")
    assert len(hub.pauses()) == 1


def test_a_check_after_the_term_of_known_help_starts_the_same_pause_again() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(make.known("s1", "Wijkteam", since=AT))
    hub.until(AT + days(60))
    hub.take(known(AT + days(60), AT + days(90)), AT + days(60))
    assert hub.pause_steps(CLIENT)[2:] == [(STARTED, AT + days(90))]
    assert (last(hub).ground, last(hub).signal_ids) == (PauseGround.CHECK, ("s1",))
    assert len(hub.pauses()) == 1


def test_the_end_of_help_ends_what_rests_on_the_check_too() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(known(AT + days(10), AT + days(40)), AT + days(10))
    hub.take(make.known("s1"), AT + days(12))
    assert hub.pause_steps(CLIENT)[-1] == (ENDED, AT + days(12))
    assert last(hub).end_reason is PauseEnd.RESULT


@pytest.mark.parametrize("turn", [1, -1], ids=["signal first", "check first"])
def test_the_pause_of_a_check_goes_on_under_its_id_whenever_the_signal_comes(turn: int) -> None:
    hub = Hub()
    facts: list[tuple[Fact, datetime]] = [
        (make.signal("s1"), AT + days(2)),
        (known(AT, AT + days(30), pause_id="alone", sequence=1), AT + days(2)),
    ]
    for fact, at in facts[::turn]:
        hub.take(fact, at)
    hub.until(AT + days(50))
    pauses = [each.event for each in hub.told if isinstance(each.event, Pause)]
    assert {each.pause_id for each in pauses} == {"alone"}
    assert [(each.change, each.sequence, each.signal_ids, each.starts_at) for each in pauses] == [
        (PROLONGED, 2, ("s1",), AT),
        (ENDED, 3, ("s1",), AT),
    ]
    assert pauses[-1].ends_at == AT + days(32)
    assert pauses[0].municipality == GM


def test_of_two_that_ran_the_first_goes_on_and_the_other_ends_naming_it() -> None:
    hub = Hub()
    hub.take(make.registration())
    hub.take(make.signal("s1"), AT + days(2))
    mine = last(hub).pause_id
    hub.take(known(AT, AT + days(30), pause_id="alone", sequence=1), AT + days(3))
    found = hub.pauses()
    assert (found[mine].change, found[mine].covered_by) == (ENDED, "alone")
    assert (found["alone"].change, found["alone"].ends_at) == (PROLONGED, AT + days(32))


def test_the_same_again_changes_nothing() -> None:
    hub = Hub()
    hub.take(make.signal("s1"))
    hub.take(known(AT, AT + days(30)))
    before = hub.state
    assert hub.take(known(AT, AT + days(30)), AT + days(1)) == []
    assert hub.state == before
