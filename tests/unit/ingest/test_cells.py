"""What a cell of a Dutch table says; what can be read in two ways is not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.cells import day, euros, municipality_code, yes_no

AMBIGUOUS = [
    "1.234",
    "1,234",
    "12.34.56",
    "1.2345,00",
    "12,345",
    "-1",
    "1e3",
    "½",
    "",
    "€",
    "1 234",
    "1.23,45",
]


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("1234", 123_400),
        ("1234,5", 123_450),
        ("1234,56", 123_456),
        ("1234.56", 123_456),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1.234.567,00", 123_456_700),
        ("€ 184,50", 18_450),
        ("184,50 EUR", 18_450),
        ("€\u00a0184,-", 18_400),
        ("0,05", 5),
    ],
)
def test_an_amount_in_euros_is_whole_cents(cell: str, cents: int) -> None:
    assert euros(cell) == cents


@pytest.mark.parametrize("cell", AMBIGUOUS)
def test_an_amount_that_could_be_another_is_left_for_the_gate_to_refuse(cell: str) -> None:
    assert euros(cell) == cell


@given(st.integers(0, 10**11))
def test_every_amount_is_read_as_it_was_written_in_both_notations(cents: int) -> None:
    english = f"{cents // 100:,}.{cents % 100:02}"
    dutch = english.translate(str.maketrans(".,", ",."))
    plain = f"{cents // 100},{cents % 100:02}"
    assert [euros(each) for each in (english, dutch, plain, f"€ {dutch}")] == [cents] * 4


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-03-09", "2026-03-09"),
        ("09-03-2026", "2026-03-09"),
        ("9-3-2026", "2026-03-09"),
        ("09/03/2026", "2026-03-09"),
        ("9.3.2026", "2026-03-09"),
        ("20260309", "2026-03-09"),
        ("09-03-2026 00:00:00", "2026-03-09"),
        ("2026-03-09T00:00:00", "2026-03-09"),
        ("00-00-1980", "1980-00-00"),
        ("1980", "1980"),
        ("09-03/2026", "09-03/2026"),
        ("09-03-26", "09-03-26"),
        ("2026-03-09T12:00:00", "2026-03-09T12:00:00"),
    ],
)
def test_a_day_is_read_with_the_day_before_the_month(cell: str, expected: str) -> None:
    assert day(cell) == expected


@given(st.dates())
def test_every_day_is_read_as_it_was_written(written: object) -> None:
    iso = str(written)
    year, month, number = iso.split("-")
    assert {day(iso), day(f"{number}-{month}-{year}"), day(f"{int(number)}/{int(month)}/{year}")} == {iso}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("Ja", True), ("x", True), ("0", False), ("ONWAAR", False), ("misschien", "misschien")],
)
def test_yes_and_no(cell: str, expected: object) -> None:
    assert yes_no(cell) == expected


@pytest.mark.parametrize(
    ("cell", "code"), [("0363", "0363"), ("363", "0363"), ("GM0363", "0363"), ("x", "x")]
)
def test_a_municipality_gets_its_zeros_back(cell: str, code: str) -> None:
    assert municipality_code(cell) == code
