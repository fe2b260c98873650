"""A match in a check for a partner of the covenant: its collection rests (domain.md 2.4)."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.events import Pause, PauseChange, PauseEnd, PauseGround
from services.matcher.domain.watches import IN_FLIGHT
from tests.unit.matcher.household import AT, GM, days
from tests.unit.matcher.person import Desk, check, ended, helped, signal, withdrawn

STARTED, PROLONGED, ENDED = PauseChange.STARTED, PauseChange.PROLONGED, PauseChange.ENDED
CLIENT = "landlord"


def test_a_match_starts_a_pause_of_thirty_days_that_its_own_timer_ends() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(check("k1", AT, "Wijkteam", dossier="D-1", client=CLIENT))
    assert desk.pauses() == [(CLIENT, "D-1", STARTED, AT + days(30))]
    event = desk.told[0].event
    assert isinstance(event, Pause)
    assert (event.ground, event.check_id, event.municipality) == (PauseGround.CHECK, "k1", GM)
    assert (event.signal_ids, event.sequence, event.starts_at) == ((), 1, AT)
    desk.until(AT + days(40))
    assert desk.pauses()[1:] == [(CLIENT, "D-1", ENDED, AT + days(30))]
    last = desk.told[-1].event
    assert isinstance(last, Pause)
    assert (last.end_reason, last.ground, last.sequence) == (PauseEnd.TERM, None, 2)


def test_help_that_starts_later_pauses_then() -> None:
    desk = Desk()
    desk.take(check("k1", client=CLIENT))
    assert desk.pauses() == []
    desk.take(helped(), AT + days(3))
    desk.take(helped("reg2", "Kredietbank"), AT + days(4))
    assert desk.pauses() == [(CLIENT, "k1", STARTED, AT + days(33))]


def test_who_is_no_partner_is_told_nothing() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(check("k1", AT, "Wijkteam"))
    assert desk.pauses() == []


def test_the_end_of_help_ends_the_pause_and_the_end_of_one_of_two_does_not() -> None:
    desk = Desk()
    desk.take(helped("reg1"))
    desk.take(helped("reg2"))
    desk.take(check("k1", AT, "Wijkteam", client=CLIENT))
    desk.take(ended("reg1"), AT + days(1))
    assert len(desk.pauses()) == 1
    desk.take(ended("reg2"), AT + days(2))
    assert desk.pauses()[1:] == [(CLIENT, "k1", ENDED, AT + days(2))]


def test_another_match_for_the_dossier_prolongs_and_for_another_dossier_starts_one_more() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(check("k1", AT, "Wijkteam", dossier="D-1", client=CLIENT))
    desk.take(check("k2", AT + days(20), "Wijkteam", dossier="D-1", client=CLIENT), AT + days(20))
    desk.take(check("k3", AT + days(21), "Wijkteam", dossier="D-2", client=CLIENT), AT + days(21))
    assert desk.pauses() == [
        (CLIENT, "D-1", STARTED, AT + days(30)),
        (CLIENT, "D-1", PROLONGED, AT + days(50)),
        (CLIENT, "D-2", STARTED, AT + days(51)),
    ]
    desk.until(AT + days(60))
    assert [each[:3] for each in desk.pauses()[3:]] == [(CLIENT, "D-1", ENDED), (CLIENT, "D-2", ENDED)]
    assert len({change.id for change in desk.told}) == len(desk.told)


def test_a_check_that_is_withdrawn_leaves_the_pause_to_its_term() -> None:
    desk = Desk()
    desk.take(helped())
    desk.take(check("k1", AT, "Wijkteam", client=CLIENT))
    desk.take(withdrawn(), AT + days(1))
    desk.until(AT + days(100))
    assert [each[2] for each in desk.pauses()] == [STARTED, ENDED]


def test_an_answer_that_overtook_its_registration_pauses_when_that_is_here() -> None:
    desk = Desk()
    desk.take(check("k1", AT, "Wijkteam", client=CLIENT))
    desk.take(helped(), AT - days(1))
    desk.until(AT + timedelta(minutes=1))
    assert desk.pauses() == [(CLIENT, "k1", STARTED, AT + IN_FLIGHT + days(30))]


def test_an_answer_known_of_help_that_is_over_pauses_nobody() -> None:
    desk = Desk()
    desk.take(check("k1", AT, "Wijkteam", client=CLIENT))
    desk.until(AT + timedelta(minutes=1))
    assert desk.pauses() == []


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["help", "end", "check", "withdraw", "signal"]), max_size=14), st.data())
def test_a_pause_runs_only_while_help_does_and_for_no_one_twice(
    story: list[str], data: st.DataObject
) -> None:
    desk, running, at = Desk(), False, AT
    for number, what in enumerate(story):
        at += timedelta(hours=data.draw(st.integers(1, 500)))
        desk.until(at)
        if what == "help":
            desk.take(helped(), at)
            running = True
        elif what == "end":
            desk.take(ended(), at)
            running = False
        elif what == "check":
            known = ("Wijkteam",) if running else ()
            desk.take(check(f"k{number}", at, *known, dossier="D-1", client=CLIENT), at)
        elif what == "withdraw":
            desk.take(withdrawn(f"k{number - 1}"), at)
        else:
            desk.take(signal(), at)
        open_ones = [each[2] for each in desk.pauses()].count(STARTED) - [
            each[2] for each in desk.pauses()
        ].count(ENDED)
        assert open_ones in ({0, 1} if running else {0})
    desk.until(at + days(400))
    assert [each[2] for each in desk.pauses() if each[2] is not PROLONGED][::2] == [STARTED] * (
        len([each for each in desk.pauses() if each[2] is not PROLONGED]) // 2
    )
