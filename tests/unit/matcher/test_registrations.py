"""A registration is found under its last person and household, and nowhere else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Registration
from services.matcher.domain.registrations import By, Entry, Place, move
from tests.unit.matcher.household import make

RUNNING = replace(make.registration(), person="p1", household="h1")
PLACE = Place(person="p1", household="h1", version="v1")


def test_a_new_registration_is_put_under_its_person_and_its_household() -> None:
    place, entries = move(None, RUNNING, "v1")
    assert place == PLACE
    assert entries == (Entry(By.PERSON, "p1", RUNNING), Entry(By.HOUSEHOLD, "h1", RUNNING))


def test_the_same_again_changes_nothing() -> None:
    assert move(PLACE, RUNNING, "v1") == (PLACE, ())


def test_a_move_removes_it_at_the_old_household_and_renews_it_under_the_person() -> None:
    moved = replace(RUNNING, household="h2")
    place, entries = move(PLACE, moved, "v2")
    assert place == Place(person="p1", household="h2", version="v2")
    assert entries == (
        Entry(By.PERSON, "p1", moved),
        Entry(By.HOUSEHOLD, "h1", None),
        Entry(By.HOUSEHOLD, "h2", moved),
    )


def test_a_corrected_person_leaves_nothing_under_the_wrong_one() -> None:
    corrected = replace(RUNNING, person="p2")
    _, entries = move(PLACE, corrected, "v2")
    assert Entry(By.PERSON, "p1", None) in entries


def test_an_end_removes_it_at_both_places() -> None:
    assert move(PLACE, None, "e1") == (None, (Entry(By.PERSON, "p1", None), Entry(By.HOUSEHOLD, "h1", None)))


def test_an_end_of_what_is_not_there_is_nothing() -> None:
    assert move(None, None, "e1") == (None, ())


def test_without_an_address_it_is_under_its_person_only() -> None:
    nowhere = replace(RUNNING, household="")
    place, entries = move(PLACE, nowhere, "v2")
    assert entries == (Entry(By.PERSON, "p1", nowhere), Entry(By.HOUSEHOLD, "h1", None))
    assert move(place, None, "e1")[1] == (Entry(By.PERSON, "p1", None),)


places = st.sampled_from(["", "h1", "h2"])
versions = st.one_of(
    st.none(),
    st.builds(lambda p, h: replace(RUNNING, person=p, household=h), st.sampled_from(["p1", "p2"]), places),
)


@given(st.lists(versions, max_size=8))
def test_after_any_changes_it_is_where_the_last_one_says(story: list[Registration | None]) -> None:
    place: Place | None = None
    content: dict[tuple[By, str], Registration] = {}
    for number, registration in enumerate(story):
        place, entries = move(place, registration, str(number))
        for entry in entries:
            content.pop((entry.by, entry.place), None)
            if entry.registration:
                content[entry.by, entry.place] = entry.registration
    last = story[-1] if story else None
    expected = {(By.PERSON, last.person): last, (By.HOUSEHOLD, last.household): last} if last else {}
    assert content == {key: value for key, value in expected.items() if key[1]}
