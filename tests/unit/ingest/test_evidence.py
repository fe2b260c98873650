"""Normal forms: what is one person's is the same however it was written."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import EvidenceKind
from services.ingest.domain.drafts import Address, Person
from services.ingest.domain.evidence import (
    date_slips,
    initials_form,
    name_slips,
    surname_forms,
    traits,
    unit_form,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jansen", "JANSEN "),
        ("Jansen", "Janssen"),
        ("van der Berg", "v.d. Berg"),
        ("van der Berg", "Bergh"),
        ("van den Heuvel", "vd Heuvel"),
        ("'t Hart", "Hart"),
        ("d'Été", "Ete"),
        ("Müller", "Muller"),
        ("Groß", "Gross"),
        ("Gross", "Gros"),
        ("Łukasz", "Lukas"),
        ("Ørsted", "Orsted"),
        ("Meijer", "Meyer"),
        ("Meijer", "Meier"),
        ("Kuijpers", "Kuypers"),
        ("Visscher", "Visser"),
        ("Claassen", "Klaasen"),
        ("Dijkstra", "Dykstra"),
        ("Schmidt", "Schmit"),
        ("de Bruijn", "de Bruyn"),
    ],
)
def test_ways_of_writing_one_surname_have_one_form(one: str, other: str) -> None:
    assert surname_forms(one) == surname_forms(other) != ()


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Jansen-de Vries", ["Jansen", "Vries"]),
        ("Jansen - de Vries", ["Jansen", "de Vries"]),
        ("Jansen de Vries", ["Jansen", "Vries"]),
        ("van den Bergh-van 't Hof", ["Bergh", "Hof"]),
        ("García Márquez", ["Garciamarquez"]),
        ("Van", ["Van"]),
        ("De La", ["La"]),
        ("Jansen-Jansen", ["Jansen"]),
    ],
)
def test_a_surname_of_two_has_a_form_for_each(written: str, names: list[str]) -> None:
    assert surname_forms(written) == tuple(form for name in names for form in surname_forms(name))


def test_what_has_no_letters_has_no_form() -> None:
    assert surname_forms("...") == surname_forms("") == surname_forms("-") == ()


NAMES = st.text(st.characters(max_codepoint=0x24F), max_size=30)
LETTERS = "abdefgiklmnoprstuy"
WORDS = st.text(LETTERS, min_size=5, max_size=12)


@given(NAMES)
def test_case_and_accents_make_no_difference(text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    assert surname_forms(text) == surname_forms(apart)
    assert initials_form(text) == initials_form(apart)
    if text.isascii():
        assert surname_forms(text) == surname_forms(text.upper())


@given(NAMES)
def test_at_most_two_names_none_of_them_empty(text: str) -> None:
    forms = surname_forms(text)
    assert len(forms) == len(set(forms)) <= 2
    assert all(form and len(form) <= 2 * len(text) for form in forms)


@given(WORDS, st.integers(0, 11), st.sampled_from(LETTERS))
def test_names_one_letter_apart_share_a_form(name: str, place: int, letter: str) -> None:
    place = min(place, len(name) - 1)
    before, after = name[:place], name[place + 1 :]
    for wrong in (before + after, before + letter + after, before + letter + name[place:]):
        if len(wrong) > 4:
            assert {name, *name_slips(name)} & {wrong, *name_slips(wrong)}
    turned = before + after[:1] + name[place] + after[1:]
    assert set(name_slips(name)) & set(name_slips(turned))


@given(st.dates(min_value=date(1900, 1, 1)), st.sampled_from([3, 5, 6, 8, 9]), st.sampled_from("0123456789"))
def test_dates_one_digit_apart_share_a_form(born: date, place: int, digit: str) -> None:
    one = born.isoformat()
    other = one[:place] + digit + one[place + 1 :]
    assert set(date_slips(one)) & set(date_slips(other))


@given(st.dates(min_value=date(1900, 1, 1)))
def test_day_and_month_swapped_is_a_slip(born: date) -> None:
    if born.day <= 12:
        swapped = born.replace(month=born.day, day=born.month).isoformat()
        assert born.isoformat() in {swapped, *date_slips(swapped)}


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(1970, 12, 31)), st.sampled_from([20, 30, 40]))
def test_decades_apart_is_no_slip(born: date, years: int) -> None:
    """Father and son with one surname, initials, day and month."""
    if (born.month, born.day) != (2, 29):
        son = born.replace(year=born.year + years).isoformat()
        father = born.isoformat()
        assert not {father, *date_slips(father)} & {son, *date_slips(son)}


@pytest.mark.parametrize(
    ("written", "form"), [("J.P.", "jp"), ("J P", "jp"), ("é", "e"), ("J.P.M.A.", "jpm"), (".", ""), ("", "")]
)
def test_initials_are_their_first_three_letters(written: str, form: str) -> None:
    assert initials_form(written) == form


@pytest.mark.parametrize(
    ("letter", "addition", "form"),
    [
        (None, None, ""),
        ("A", None, "A"),
        (None, "a", "A"),
        ("A", "1", "A1"),
        (None, "A-1", "A1"),
        (None, "A 1", "A1"),
    ],
)
def test_letter_and_addition_are_one(letter: str | None, addition: str | None, form: str) -> None:
    address = Address(postcode="1234AB", number=1, letter=letter, addition=addition)
    assert unit_form(address) == form


def test_only_what_is_known_for_certain_is_evidence() -> None:
    assert traits(Person(initials="J.P.", surname="de Wit", birth_date="1980-02")) == (
        (EvidenceKind.SURNAME, "wit", ()),
        (EvidenceKind.INITIAL, "j", ("jp",)),
    )
    full = traits(Person(bsn="111222333", birth_date="1980-02-29"))
    assert [(kind, form) for kind, form, _ in full] == [
        (EvidenceKind.BSN, "111222333"),
        (EvidenceKind.BIRTH_DATE, "1980-02-29"),
    ]
