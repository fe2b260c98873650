"""The model on cases that fit in one's head."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.local.demo.actions import (
    Action,
    AnswerQuestions,
    Ask,
    Attempt,
    Conclude,
    Correct,
    DailyFile,
    Deliver,
    EndHelp,
    Register,
    SendSignal,
    Step,
    Withdraw,
)
from services.local.demo.calendar import at
from services.local.demo.examples import Examples, Spot, load_examples
from services.local.demo.model.expected import Tables, expect
from services.local.demo.model.people import Person, maybe_same, person_of, surely_same

HOME = Spot(postcode="1053AB", number=1, neighbourhood="03630201", district="036302", municipality="0363")
AMSTERDAM = "00000099000000363000"
LANDLORD, ENERGY, HEALTH = "00000099000001011000", "00000099000001021000", "00000099000001041000"
SECTOR = {LANDLORD: "Huur", ENERGY: "Energie", HEALTH: "Zorg"}
BAILIFF = "00000099000003001000"
ANNA = {"voorletters": "A.", "geslachtsnaam": "Bakker", "geboortedatum": "1980-05-05"}
BOB = {"voorletters": "B.", "geslachtsnaam": "Visser", "geboortedatum": "1975-01-01"}
BSN = "999990019"
FEBRUARY, MARCH = at(2, 25, 6), at(3, 10, 9)
END = Step(at=at(4, 2, 10), title="end")
HELPED, REFUSED = "Vervolghulp en/of verwijzing", "Geen reactie na eerder contact"


@pytest.fixture(scope="module")
def examples() -> Examples:
    return replace(load_examples(), spots=(HOME,))


def send(creditor: str, reference: str, on: str, who: dict[str, Any] = ANNA, **more: Any) -> SendSignal:
    content = {
        "kenmerk": reference,
        "gemeentecode": "0363",
        "signaalpartner": SECTOR[creditor],
        "bedragInCenten": 10_000,
        "ontstaansdatum": (datetime.fromisoformat(on) - timedelta(days=40)).date().isoformat(),
        "signaaldatum": on,
        "inspanningen": ["a", "b", "c", "d"],
        "persoon": who,
        "adres": {"postcode": HOME.postcode, "huisnummer": HOME.number},
    }
    return SendSignal(sender=creditor, content=content | more)


def conclude(signal: tuple[str, str], result: str) -> Conclude:
    return Conclude(team="0363-west", municipality=AMSTERDAM, signal=signal, result=result)


def register(bsn: str = BSN, who: dict[str, Any] = ANNA) -> Register:
    content = {
        "burgerservicenummer": bsn,
        "persoon": who,
        "adres": {"postcode": HOME.postcode, "huisnummer": HOME.number},
    }
    return Register(registrar=AMSTERDAM, reference="r-1", content=content)


def ask(dossier: str, *, crossing: bool = False, client: str | None = None) -> Ask:
    return Ask(
        asker=BAILIFF, bsn=BSN, dossier=dossier, reason="dagvaarding", crossing=crossing, client=client
    )


def daily_file(*references: str, confirmed: bool = False) -> DailyFile:
    rows = tuple((each, register(BSN if each == "r-1" else each).content) for each in references)
    return DailyFile(registrar=AMSTERDAM, rows=rows, confirmed=confirmed)


def played(examples: Examples, *moments: tuple[datetime, *tuple[Action, ...]]) -> Tables:
    steps = [Step(at=moment, title="", actions=tuple(actions)) for moment, *actions in moments]
    return expect([*steps, END], examples).tables


def test_two_creditors_in_a_month_are_one_multiple_case(examples: Examples) -> None:
    found = played(
        examples, (FEBRUARY, send(LANDLORD, "1", "2026-02-20"), send(ENERGY, "2", "2026-02-21", BOB))
    )
    assert found["cases"] == {"0363 | multiple": 1}
    assert found["matches"] == {"MULTIPLE": 1}
    assert found["teams"] == {"0363-west": 1}


def test_two_signals_of_one_creditor_are_a_multiple_case_without_a_match(examples: Examples) -> None:
    found = played(examples, (FEBRUARY, send(LANDLORD, "1", "2026-02-20"), send(LANDLORD, "2", "2026-02-21")))
    assert found["cases"] == {"0363 | multiple": 1}
    assert found["matches"] == {}


def test_another_creditor_in_the_next_month_is_consecutive_and_a_swap(examples: Examples) -> None:
    found = played(
        examples, (FEBRUARY, send(LANDLORD, "1", "2026-02-20")), (MARCH, send(ENERGY, "2", "2026-03-09"))
    )
    assert found["cases"] == {"0363 | single": 1, "0363 | single, consecutive": 1}
    assert found["matches"] == {"CONSECUTIVE": 1, "SWAP": 1}


def test_the_same_creditor_in_the_next_month_is_consecutive_without_a_match(examples: Examples) -> None:
    found = played(
        examples, (FEBRUARY, send(LANDLORD, "1", "2026-02-20")), (MARCH, send(LANDLORD, "2", "2026-03-09"))
    )
    assert found["cases"]["0363 | single, consecutive"] == 1
    assert found["matches"] == {}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, {"Huur | NOT_YET_PICKED_UP": 1, "Huur | REPEATED": 1}),
        ({"bedragInCenten": 10_001}, {"Huur | NOT_YET_PICKED_UP": 2}),
        ({"who": BOB}, {"Huur | NOT_YET_PICKED_UP": 2}),
    ],
)
def test_what_a_creditor_says_again_is_a_repeat_and_its_case_is_closed(
    examples: Examples, more: dict[str, Any], status: dict[str, int]
) -> None:
    again = send(LANDLORD, "2", "2026-03-09", **more)
    found = played(examples, (FEBRUARY, send(LANDLORD, "1", "2026-02-20")), (MARCH, again))
    assert found["feedback"] == status
    assert found["case status"]["CLOSED"] == ("Huur | REPEATED" in status)


def test_a_withdrawn_signal_was_never_there_and_a_corrected_one_is_as_it_is_now(examples: Examples) -> None:
    one, other = send(LANDLORD, "1", "2026-02-20"), send(ENERGY, "2", "2026-02-21")
    found = played(
        examples,
        (FEBRUARY, one, other),
        (MARCH, Withdraw(sender=LANDLORD, signal=(LANDLORD, "1"))),
    )
    assert (found["cases"], found["matches"]) == ({"0363 | single": 1}, {})
    corrected = Correct(
        sender=LANDLORD, signal=(LANDLORD, "1"), content=one.content | {"signaaldatum": "2026-03-01"}
    )
    found = played(examples, (FEBRUARY, one, other), (MARCH, corrected))
    assert found["cases"] == {"0363 | single": 1, "0363 | single, consecutive": 1}


def test_units_at_one_number_are_told_apart_however_they_are_written(examples: Examples) -> None:
    home = {"postcode": HOME.postcode, "huisnummer": HOME.number}
    found = played(
        examples,
        (
            FEBRUARY,
            send(LANDLORD, "1", "2026-02-20", adres=home | {"huisletter": "a"}),
            send(ENERGY, "2", "2026-02-20", adres=home | {"huisnummertoevoeging": "A"}),
            send(HEALTH, "3", "2026-02-20", adres=home),
        ),
    )
    assert found["cases"] == {"0363 | multiple": 1, "0363 | single": 1}


def test_the_same_again_is_repeated_and_another_amount_is_in_conflict(examples: Examples) -> None:
    once, other = (
        send(LANDLORD, "1", "2026-02-20"),
        send(LANDLORD, "1", "2026-02-20", bedragInCenten=5),
    )
    found = played(examples, (FEBRUARY, once, once, other))
    assert found["delivered"] == {"accepted": 1, "repeated": 1, "in conflict": 1}


@pytest.mark.parametrize(
    ("creditor", "changes", "reasons"),
    [
        (LANDLORD, {"bedragInCenten": -1}, {"AMOUNT_INVALID"}),
        (LANDLORD, {"signaalpartner": "Water"}, {"PARTNER_TYPE_MISMATCH"}),
        (LANDLORD, {"ontstaansdatum": "2026-02-01"}, {"ARREARS_TOO_SHORT"}),
        (LANDLORD, {"ontstaansdatum": "2024-02-01"}, set()),
        (HEALTH, {"ontstaansdatum": "2025-11-11"}, {"ARREARS_TOO_LONG"}),
        (HEALTH, {"ontstaansdatum": "2025-11-12"}, set()),
        (LANDLORD, {"persoon": ANNA | {"burgerservicenummer": BSN}}, {"BSN_NOT_ALLOWED"}),
        (LANDLORD, {"gemeentecode": "0344"}, {"NO_AGREEMENT", "ADDRESS_OUTSIDE_MUNICIPALITY"}),
        (LANDLORD, {"schuldeiser": ENERGY}, {"PARTNER_TYPE_MISMATCH", "NOT_REPRESENTED"}),
        (LANDLORD, {"signaaldatum": "2026-02-26"}, {"SIGNAL_DATE_IN_FUTURE"}),
    ],
)
def test_every_reason_is_found_at_once(
    examples: Examples, creditor: str, changes: dict[str, Any], reasons: set[str]
) -> None:
    found = played(examples, (FEBRUARY, send(creditor, "1", "2026-02-20", **changes)))
    assert set(found["refused"]) == reasons
    assert found["delivered"] == ({"refused": 1} if reasons else {"accepted": 1})


def test_a_line_that_is_no_json_is_unreadable(examples: Examples) -> None:
    file = Deliver(sender=ENERGY, form="ndjson", rows=("{",))
    assert played(examples, (FEBRUARY, file))["refused"] == {"UNREADABLE": 1}


def test_help_starts_a_pause_for_each_creditor_of_the_person_and_its_timer_ends_it(
    examples: Examples,
) -> None:
    found = played(
        examples,
        (
            FEBRUARY,
            send(LANDLORD, "1", "2026-02-20"),
            send(ENERGY, "2", "2026-02-21"),
            send(HEALTH, "3", "2026-02-22", BOB),
        ),
        (at(2, 27, 12), conclude((LANDLORD, "1"), HELPED)),
    )
    assert found["pauses"] == {"started": 2, "ended: TERM": 2}
    assert found["help accepted"] == {"Huur | yes": 1, "Energie | yes": 1}
    assert found["feedback"]["Zorg | PICKED_UP"] == 1
    assert found["case status"] == {"CLOSED": 1}


def test_a_creditor_that_comes_later_joins_and_a_later_result_ends_it_for_both(examples: Examples) -> None:
    found = played(
        examples,
        (FEBRUARY, send(LANDLORD, "1", "2026-02-20")),
        (at(2, 27, 12), conclude((LANDLORD, "1"), HELPED)),
        (MARCH, send(ENERGY, "2", "2026-03-09"), send(HEALTH, "3", "2026-03-09", BOB)),
        (at(3, 12, 12), conclude((LANDLORD, "1"), REFUSED)),
    )
    assert found["pauses"] == {"started": 2, "ended: RESULT": 2}


def test_a_pause_of_30_days_still_runs_when_the_play_ends_before(examples: Examples) -> None:
    found = played(
        examples,
        (MARCH, send(LANDLORD, "1", "2026-03-09")),
        (at(3, 12, 12), conclude((LANDLORD, "1"), HELPED)),
    )
    assert found["pauses"] == {"started": 1, "running": 1}


def test_an_attempt_picks_up_every_signal_of_its_case(examples: Examples) -> None:
    attempt = Attempt(
        team="0363-west",
        municipality=AMSTERDAM,
        signal=(LANDLORD, "1"),
        reference="p",
        kind="Brief",
        reached=False,
        day_part="Avond",
    )
    found = played(
        examples,
        (FEBRUARY, send(LANDLORD, "1", "2026-02-20"), send(ENERGY, "2", "2026-02-21", BOB)),
        (at(2, 26, 12), attempt),
    )
    assert found["feedback"] == {"Huur | PICKED_UP": 1, "Energie | PICKED_UP": 1}
    assert found["case status"] == {"PICKED_UP": 1}


def test_a_registration_concerns_its_person_only_and_no_longer_when_it_ended(examples: Examples) -> None:
    signals = (send(LANDLORD, "1", "2026-02-20"), send(ENERGY, "2", "2026-02-21", BOB))
    running = played(examples, (at(2, 2, 9), register()), (FEBRUARY, *signals))
    ended = played(
        examples,
        (FEBRUARY, *signals),
        (at(2, 26, 9), register()),
        (MARCH, EndHelp(registrar=AMSTERDAM, reference="r-1")),
    )
    assert running["feedback"] == {"Huur | KNOWN_IN_DEBT_HELP": 1, "Energie | NOT_YET_PICKED_UP": 1}
    assert ended["feedback"] == {"Huur | NOT_YET_PICKED_UP": 1, "Energie | NOT_YET_PICKED_UP": 1}
    assert running["matches"]["KNOWN_IN_DEBT_HELP"] == ended["matches"]["KNOWN_IN_DEBT_HELP"] == 1


def test_a_bailiff_hears_at_once_later_or_never(examples: Examples) -> None:
    found = played(
        examples,
        (at(2, 3, 9), ask("too early")),
        (at(2, 20, 9), ask("in time")),
        (MARCH, register(), ask("at once", crossing=True)),
        (at(3, 11, 9), ask("after")),
        (at(3, 12, 9), EndHelp(registrar=AMSTERDAM, reference="r-1")),
    )
    assert found["checks"] == {
        f"{BAILIFF} | not known": 2,
        f"{BAILIFF} | told later": 1,
        f"{BAILIFF} | told while crossing": 1,
        f"{BAILIFF} | known": 1,
        f"{BAILIFF} | told of the end": 3,
    }


def test_a_daily_file_starts_and_ends_help_and_one_that_lacks_many_waits_until_it_is_confirmed(
    examples: Examples,
) -> None:
    fewer = ("r-1", "r-2", "r-3")
    found = played(
        examples,
        (at(2, 2, 9), daily_file("r-1", "r-2", "r-3", "r-4", "r-5")),
        (at(2, 3, 9), daily_file("r-2", "r-3", "r-4", "r-5", "r-6"), ask("gone")),
        (at(2, 4, 9), daily_file(*fewer), daily_file("r-1", "r-2", confirmed=True)),
        (at(2, 5, 9), daily_file(*fewer, confirmed=True)),
    )
    assert found["files"] == {"taken in": 2, "held": 3, "help starts": 6, "help ends": 1}
    assert found["files (topic)"] == {"ACCEPTED": 2, "HELD": 3}
    assert found["registrations"] == {"running": 5, "ended": 1}
    assert found["checks"] == {f"{BAILIFF} | not known": 1}


@pytest.mark.parametrize(
    ("same", "answer", "status"),
    [(True, "YES", "KNOWN_IN_DEBT_HELP"), (False, "NO", "NOT_YET_PICKED_UP")],
)
def test_who_is_possibly_helped_is_asked_and_a_yes_makes_known_and_starts_a_pause(
    examples: Examples, same: bool, answer: str, status: str
) -> None:
    unsure = send(LANDLORD, "1", "2026-02-20", ANNA | {"geboortedatum": "1980"})
    pair = ((LANDLORD, "1"), "r-1")
    answers = AnswerQuestions(municipality=AMSTERDAM, same=frozenset({pair} if same else ()))
    asked = played(examples, (FEBRUARY, register(), unsure))
    done = played(examples, (FEBRUARY, register(), unsure), (MARCH, answers))
    assert (asked["questions"], done["questions"]) == ({"OPEN": 1}, {answer: 1})
    assert done["feedback"] == {f"Huur | {status}": 1}
    assert done["pauses"] == ({"started": 1, "running": 1} if same else {})


def test_who_is_known_has_a_result_or_lives_elsewhere_is_not_asked_about(examples: Examples) -> None:
    unsure = send(LANDLORD, "1", "2026-02-20", ANNA | {"geboortedatum": "1980"})
    closed = conclude((LANDLORD, "1"), REFUSED)
    assert played(examples, (FEBRUARY, register(), send(LANDLORD, "1", "2026-02-20")))["questions"] == {}
    assert (
        played(examples, (FEBRUARY, unsure), (MARCH, closed), (at(3, 11, 9), register()))["questions"] == {}
    )
    elsewhere = register()
    elsewhere.content["adres"] = {"postcode": "1053AB", "huisnummer": 2}
    assert played(examples, (FEBRUARY, elsewhere, unsure))["questions"] == {}


def test_a_client_pauses_when_its_bailiff_hears_of_help_until_it_ends_or_thirty_days(
    examples: Examples,
) -> None:
    found = played(
        examples,
        (at(2, 2, 9), ask("heard later", client=ENERGY), ask("of no partner", client=BAILIFF)),
        (at(2, 3, 9), register(), ask("at one moment", crossing=True)),
        (at(2, 4, 9), ask("heard at once", client=LANDLORD)),
        (at(3, 5, 9), EndHelp(registrar=AMSTERDAM, reference="r-1")),
    )
    assert found["pauses"] == {
        "started": 2,
        "for a bailiff's client": 2,
        "ended: RESULT": 1,
        "ended: TERM": 1,
    }


@pytest.mark.parametrize(
    ("one", "other", "maybe"),
    [
        ({"geboortedatum": "1980-05-05"}, {"geboortedatum": "1980-05-05"}, False),  # surely
        ({"geboortedatum": "1980-05-05"}, {}, True),
        ({"geboortedatum": "1980-05-05"}, {"geboortedatum": "1950-05-05"}, True),
        ({"geboortedatum": "1980-05-05"}, {"geboortedatum": "1980-05-05", "voorletters": "B."}, True),
        ({"geboortedatum": "1980-05-05"}, {"geboortedatum": "1950-05-05", "voorletters": "B."}, False),
        ({"voorletters": "A.B."}, {"voorletters": "A"}, True),
        ({"voorletters": "A.B."}, {"voorletters": "A.C."}, False),
        ({}, {"geslachtsnaam": "Visser"}, False),
        ({"burgerservicenummer": BSN}, {"burgerservicenummer": BSN}, False),
    ],
)
def test_possible_is_one_surname_and_a_birth_date_or_initials_that_do_not_make_it_sure(
    one: dict[str, str], other: dict[str, str], maybe: bool
) -> None:
    bare = {"geslachtsnaam": "Bakker", "voorletters": "A."}
    assert maybe_same(person_of(bare | one), person_of(bare | other)) is maybe
    assert maybe_same(person_of(bare | other), person_of(bare | one)) is maybe


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"geslachtsnaam": "van den Berg"}, {"voorvoegsel": "van den", "geslachtsnaam": "BERG"}, True),
        ({"geslachtsnaam": "Groß"}, {"geslachtsnaam": "GROSS"}, True),
        ({"geslachtsnaam": "Öztürk"}, {"geslachtsnaam": "Ozturk"}, True),
        (
            {"geslachtsnaam": "Berg", "voorletters": "A.B."},
            {"geslachtsnaam": "Berg", "voorletters": "A"},
            True,
        ),
        (
            {"geslachtsnaam": "Berg", "voorletters": "A."},
            {"geslachtsnaam": "Berg", "voorletters": "B."},
            False,
        ),
        ({"geslachtsnaam": "Berg"}, {"geslachtsnaam": "Bergen"}, False),
    ],
)
def test_names_are_compared_without_marks_prefixes_and_dots(
    one: dict[str, str], other: dict[str, str], same: bool
) -> None:
    born = {"geboortedatum": "1980-05-05"}
    assert surely_same(person_of(one | born), person_of(other | born)) is same


def test_a_bsn_decides_alone_and_an_incomplete_birth_date_never() -> None:
    whole = Person(bsn="1", born="1980-05-05", surname="berg", initial="a")
    assert not surely_same(whole, replace(whole, bsn="2"))
    assert surely_same(whole, Person(bsn="1"))
    assert not surely_same(whole, person_of({"geslachtsnaam": "Berg", "geboortedatum": "1980-05-00"}))
