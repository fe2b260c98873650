"""The head of a table: synonyms, and everything that is wrong with it at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.columns import Head, HeadError, plain
from services.ingest.domain.reading import read_signal
from services.ingest.domain.signal_columns import SIGNAL_COLUMNS, signal_of
from tests.unit.ingest.messages import LANDLORD, message

NAMES = ["kenmerk", "gemeentecode", "signaalpartner", "bedrag", "ontstaansdatum", "signaaldatum"]
DECLARED = "inspanningen"
HEAD = [*NAMES, DECLARED, "postcode", "huisnummer"]
ROW = ["H-1", "0363", "Huur", "450,50", "01-01-2026", "09-03-2026", "abcd", "1234 AB", "12"]


def head(*names: str) -> Head:
    return Head(names, SIGNAL_COLUMNS)


def problems_of(*names: str) -> set[tuple[str, str]]:
    with pytest.raises(HeadError) as found:
        head(*names)
    return {(problem.reason.value, problem.field) for problem in found.value.problems}


def test_a_row_says_the_same_as_its_message() -> None:
    cells = {
        "Kenmerk": "H-1",
        "GEMEENTE_CODE": "363",
        "Signaalpartner ": "huur",
        "Openstaand bedrag": "€ 450,50",
        "Achterstand sinds": "1-1-2026",
        "Signaaldatum": " 2026-03-09 ",
        "Inspanningen": "A, b, c, d",
        "Crisis": "nee",
        "Debiteurnr.": "",
        "Voorletters": "J.",
        "Achternaam": "Jansen",
        "Geb. datum": "29-02-1980",
        "Postcode": "1234 ab",
        "Huisnr": "12",
        "Straat": "Kerkstraat",
        "Woonplaats": "Amsterdam",
        "Tel": "0612345678",
        "": "",
    }
    row, problems = read_signal(signal_of(head(*cells), list(cells.values())), LANDLORD)
    assert problems == ()
    assert row == read_signal(message(), LANDLORD)[0]


@given(st.permutations(list(zip(HEAD, ROW, strict=True))))
def test_the_order_of_the_columns_makes_no_difference(columns: list[tuple[str, str]]) -> None:
    names, cells = zip(*columns, strict=True)
    assert signal_of(head(*names), cells) == signal_of(head(*HEAD), ROW)


def test_all_that_is_missing_is_said_at_once_by_the_name_that_we_use() -> None:
    assert problems_of("kenmerk", "huisnr") == {("FIELD_MISSING", name) for name in HEAD[1:-1]}


def test_euros_or_cents_will_do_but_not_both() -> None:
    cents = [name.replace("bedrag", "bedragInCenten") for name in HEAD]
    assert signal_of(head(*cents), ["45050" if cell == "450,50" else cell for cell in ROW]) == signal_of(
        head(*HEAD), ROW
    )
    assert problems_of(*HEAD, "bedragInCenten") == {("FIELD_INVALID", "bedragInCenten")}


def test_an_unknown_column_is_told_by_its_place_when_its_name_may_be_a_value() -> None:
    assert problems_of(*HEAD, "hobby", "bewoner@example.org") == {
        ("FIELD_UNKNOWN", "hobby"),
        ("FIELD_UNKNOWN", "kolom 11"),
    }


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["kenmerk|gemeentecode|postcode"], "noemt geen enkele kolom"),
        (["ÿþk\0e\0n\0m\0e\0r\0k\0", "\0p\0o\0s\0t\0c\0o\0d\0e\0"], "UTF-16"),
        ([*HEAD, "Postcode"], "meer dan eens"),
        ([*HEAD, "bedragInCenten"], "onder een andere naam"),
    ],
    ids=["another delimiter", "another encoding", "a column twice", "two names of one"],
)
def test_what_is_wrong_with_a_head_is_said_and_not_only_that_something_is(
    names: list[str], words: str
) -> None:
    with pytest.raises(HeadError) as found:
        head(*names)
    [problem] = found.value.problems
    assert words in problem.sentence


def test_a_first_row_of_data_is_no_head_and_is_not_repeated() -> None:
    assert problems_of("H-1", "Jansen", "999990019") == {("UNREADABLE", "")}


def test_a_row_may_lack_cells_at_its_end_and_have_empty_ones_there_but_no_others() -> None:
    short = head(*HEAD, "toevoeging", "email")
    assert signal_of(short, ROW) == signal_of(short, [*ROW, "", "", "", " "]) == signal_of(head(*HEAD), ROW)
    assert signal_of(short, [*ROW, "", "", "x"]) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12", {}),
        ("12A", {"huisletter": "A"}),
        ("12 a", {"huisletter": "a"}),
        ("12-3", {"huisnummertoevoeging": "3"}),
        ("12 bis", {"huisnummertoevoeging": "bis"}),
        ("12-A2", {"huisnummertoevoeging": "A2"}),
    ],
)
def test_a_number_with_more_behind_it_is_taken_apart(cell: str, expected: dict[str, Any]) -> None:
    row = signal_of(head(*HEAD), [*ROW[:-1], cell])
    assert row is not None
    assert row["adres"] == {"postcode": "1234AB", "huisnummer": "12"} | expected


@pytest.mark.parametrize("cell", ["123456", "A12", "12 en 14 boven", "12-"])
def test_a_number_that_is_none_is_refused(cell: str) -> None:
    _, problems = read_signal(signal_of(head(*HEAD), [*ROW[:-1], cell]), LANDLORD)
    assert [problem.field for problem in problems] == ["adres.huisnummer"]


def test_a_letter_of_its_own_stays_beside_a_number_that_is_none() -> None:
    row = signal_of(head(*HEAD, "toev"), [*ROW[:-1], "12A", "B"])
    assert row is not None
    assert row["adres"] == {"postcode": "1234AB", "huisnummer": "12A", "huisnummertoevoeging": "B"}


def test_no_name_stands_for_two_columns() -> None:
    names = [plain(name) for column in SIGNAL_COLUMNS for name in column.names]
    assert len(names) == len(set(names))


@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_row_is_a_message_or_none(cells: list[str]) -> None:
    read_signal(signal_of(head(*HEAD), cells), LANDLORD)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_head_is_one_or_says_why_not(names: list[str]) -> None:
    assert problems_of(*names)
