import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Confidence, Evidence
from services.common.pseudonyms import Pseudonyms
from services.ingest.domain.drafts import Person
from services.ingest.domain.evidence import traits
from services.matcher.domain.identity import Finding, compare, same_person
from tests.unit.matcher.household import evidence

CERTAIN, PROBABLE, POSSIBLE = Confidence.CERTAIN, Confidence.PROBABLE, Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (evidence(bsn="1"), evidence(bsn="1"), CERTAIN),
        (evidence("d1", "s1", "a", "1"), evidence("d1", "s1", "a", "2"), None),
        (evidence("d1", "s1", "a", "1"), evidence("d1", "s1", "a"), CERTAIN),
        (evidence("d1", "s1", "a"), evidence("d1", "s1", "a"), CERTAIN),
        (evidence("d1", "s1"), evidence("d1", "s1", "a"), PROBABLE),
        (evidence("d1", "s1"), evidence("d1", "s1"), PROBABLE),
        (evidence("d1", "s1", "a"), evidence("d1", "s1", "b"), POSSIBLE),
        (evidence("d1", "s1", "a"), evidence("d2", "s1", "a"), POSSIBLE),
        (evidence("d1", "s1", "a"), evidence("d2", "s1"), POSSIBLE),
        (evidence("d1", "s1", "a"), evidence("d2", "s1", "b"), None),
        (evidence("d1", "s1", "a"), evidence("d2", "s2", "a"), None),
        (evidence("d1", "s1", "a"), evidence("d1", "s2", "a"), PROBABLE),
        (evidence("d1", "s1", "a"), evidence("d1", "s2", "b"), None),
        (evidence("d1", "s1", "a"), evidence("d1", "s2"), None),
        (evidence("d1", "", "a"), evidence("d1", "s2", "a"), POSSIBLE),
        (evidence("", "s1", "a"), evidence("d1", "s1", "a"), POSSIBLE),
        (evidence("", "s1"), evidence("d1", "s1", "a"), POSSIBLE),
        (evidence("", "s1", "a"), evidence("", "s1", "b"), None),
        (evidence("d1"), evidence("d1", "s1"), None),
        ((), (), None),
    ],
)
def test_same_person_answers_as_the_table_says(
    one: tuple[Evidence, ...], other: tuple[Evidence, ...], expected: Confidence | None
) -> None:
    assert same_person(one, other) is expected


some = st.sampled_from(["", "1", "2"])
people = st.builds(evidence, some, some, some, some)


@given(people, people)
def test_same_person_is_symmetrical(one: tuple[Evidence, ...], other: tuple[Evidence, ...]) -> None:
    assert same_person(one, other) is same_person(other, one)


@given(people)
def test_a_person_with_surname_is_at_least_possibly_itself(one: tuple[Evidence, ...]) -> None:
    known = {item.kind.value for item in one}
    told = "BSN" in known or "SURNAME" in known or {"BIRTH_DATE", "INITIAL"} <= known
    assert told == (same_person(one, one) is not None)


def of(born: str = "", surname: str = "", initials: str = "") -> tuple[Evidence, ...]:
    """Evidence as ingest makes it."""
    person = Person(surname=surname, initials=initials, birth_date=born)
    digest = Pseudonyms(bytes(32)).evidence
    return tuple(
        Evidence(kind=kind, digest=digest(kind.value, form, slips)) for kind, form, slips in traits(person)
    )


JANSEN = of("1980-03-12", "Jansen-de Vries", "J.P.")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (of("1980-03-12", "Jansen-de Vries", "J.P."), CERTAIN),
        (of("1980-03-12", "Janssen", "J.P."), CERTAIN),
        (of("1980-03-12", "v. Vries", "J"), CERTAIN),
        (of("1980-03-12", "Jnasen", "J.P."), PROBABLE),
        (of("1980-03-12", "Vriez", "J.P."), CERTAIN),
        (of("1980-03-12", "Vrieas", ""), PROBABLE),
        (of("1980-12-03", "Jansen", "J.P."), PROBABLE),
        (of("1980-03-13", "Jansen", "J.P."), PROBABLE),
        (of("1980-03-13", "Jamsen", "J.P."), PROBABLE),
        (of("1980-03-13", "Jansen", ""), POSSIBLE),
        (of("1980-03-12", "Willems", "J.P."), PROBABLE),
        (of("1980-03-12", "Willems", "J.M."), None),
        (of("1980-03-12", "Jansen", "J.M."), POSSIBLE),
        (of("1980-03-12", "Jansen", "K."), POSSIBLE),
        (of("1950-03-12", "Jansen", "J.P."), POSSIBLE),
        (of("1950-03-12", "Jansen", "K."), None),
        (of("1982-04-12", "Jansen", "J.P."), POSSIBLE),
        (of("", "Jansen", "J.P."), POSSIBLE),
        (of("", "Jamsen", "J.P."), POSSIBLE),
        (of("", "Jamsen", ""), None),
    ],
)
def test_slips_and_other_names_are_told_from_twins_and_namesakes(
    other: tuple[Evidence, ...], expected: Confidence | None
) -> None:
    assert same_person(JANSEN, other) is same_person(other, JANSEN) is expected


def test_an_answer_says_what_it_rests_on() -> None:
    assert compare(JANSEN, of("1980-12-03", "Jansen", "")) == Finding(
        POSSIBLE, ("birth date one slip apart", "surname same", "initials unknown")
    )


WRITTEN = st.builds(
    of,
    st.sampled_from(["", "1980-03-12", "1980-12-03", "1981-03-12", "1950-03-12"]),
    st.sampled_from(["", "Jansen", "Jamsen", "Jansen-de Vries", "Bos", "Vos"]),
    st.sampled_from(["", "J", "JP", "JPM", "K"]),
)


@given(WRITTEN, WRITTEN)
def test_the_answer_and_its_reasons_are_the_same_from_both_sides(
    one: tuple[Evidence, ...], other: tuple[Evidence, ...]
) -> None:
    assert compare(one, other) == compare(other, one)
