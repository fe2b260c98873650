import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Confidence, Evidence
from services.matcher.domain.identity import same_person
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
        (evidence("d1", "s1", "a"), evidence("d1", "s2", "a"), None),
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
    assert ("BSN" in known or "SURNAME" in known) == (same_person(one, one) is not None)
