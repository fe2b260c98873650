"""Normal forms: what is one person's is the same however it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import EvidenceKind
from services.ingest.domain.drafts import Address, Person
from services.ingest.domain.evidence import initial_form, surname_form, traits, unit_form


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Jansen", "jansen"),
        ("JANSEN ", "jansen"),
        ("van der Berg", "berg"),
        ("Van den Bergh-de Vries", "berghdevries"),
        ("'t Hart", "hart"),
        ("van 't Hof", "hof"),
        ("d'Été", "ete"),
        ("Müller", "muller"),
        ("Großmann", "grossmann"),
        ("Grossmann", "grossmann"),
        ("Łukasz", "lukasz"),
        ("Ørsted", "orsted"),
        ("Van", "van"),
        ("...", ""),
    ],
)
def test_a_surname_has_one_form(written: str, form: str) -> None:
    assert surname_form(written) == form


@given(st.text(st.characters(max_codepoint=0x24F), max_size=30))
def test_the_form_of_a_form_is_itself(text: str) -> None:
    assert surname_form(surname_form(text)) == surname_form(text)
    assert initial_form(initial_form(text)) == initial_form(text)


@pytest.mark.parametrize(("written", "form"), [("J.P.", "j"), ("é", "e"), (".", ""), ("", "")])
def test_an_initial_is_the_first_letter(written: str, form: str) -> None:
    assert initial_form(written) == form


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
    assert traits(Person(initials="J.", surname="de Wit", birth_date="1980-02")) == (
        (EvidenceKind.SURNAME, "wit"),
        (EvidenceKind.INITIAL, "j"),
    )
    full = traits(Person(bsn="111222333", birth_date="1980-02-29"))
    assert full == ((EvidenceKind.BSN, "111222333"), (EvidenceKind.BIRTH_DATE, "1980-02-29"))
