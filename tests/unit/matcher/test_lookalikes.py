"""Among many signals of one address only those that may be about one person are compared."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.common.events import Evidence, EvidenceKind
from services.common.pseudonyms import Pseudonyms
from services.ingest.domain.drafts import Person
from services.ingest.domain.evidence import traits
from services.matcher.domain.facts import SignalFact
from services.matcher.domain.identity import is_sure, same_person, told_apart
from services.matcher.domain.insertion import fact_of
from services.matcher.domain.lookalikes import Lookalikes
from tests.unit.matcher.household import AT, make

Traits = tuple[Evidence, ...]
DIGESTS = Pseudonyms(bytes(32))
RESIDENTS = 400


def written(born: str = "", surname: str = "", initials: str = "", bsn: str = "") -> Traits:
    """Evidence as ingest makes it, and a digest of a BSN as it comes with it."""
    person = Person(surname=surname, initials=initials, birth_date=born)
    found = [
        Evidence(kind=kind, digest=DIGESTS.evidence(kind.value, form, slips))
        for kind, form, slips in traits(person)
    ]
    return (*([Evidence(kind=EvidenceKind.BSN, digest=bsn)] if bsn else []), *found)


def signal_about(person: Traits, signal_id: str = "s1") -> SignalFact:
    return fact_of(make.signal(signal_id, evidence=person), AT, 183)


def lookalikes_of(person: Traits, others: list[Traits]) -> set[str]:
    lookalikes = Lookalikes()
    for number, other in enumerate(others):
        lookalikes.add(signal_about(other, f"s{number}"))
    return {each.signal_id for each in lookalikes.of(signal_about(person, "asked"))}


PEOPLE = st.builds(
    written,
    st.sampled_from(["", "1980-03-12", "1980-12-03", "1981-03-12", "1950-03-12"]),
    st.sampled_from(["", "Jansen", "Jamsen", "Bos"]),
    st.sampled_from(["", "J", "JP", "K"]),
    st.sampled_from(["", "b1", "b2"]),
)


@given(PEOPLE, PEOPLE)
def test_whoever_is_surely_the_same_or_not_told_apart_is_among_them(one: Traits, other: Traits) -> None:
    if is_sure(same_person(one, other)) or not told_apart(one, other):
        assert lookalikes_of(one, [other]) == {"s0"}


def test_two_with_a_bsn_of_their_own_are_not_compared_whatever_else_they_say() -> None:
    twins = [written("1980-03-12", "Jansen", "J", bsn) for bsn in ("b1", "b2")]
    assert lookalikes_of(twins[0], [twins[1]]) == set()
    assert lookalikes_of(written("1980-03-12", "Jansen", "J"), twins) == {"s0", "s1"}


def test_at_the_address_of_a_shelter_one_is_compared_with_few() -> None:
    births = [date(1950, 1, 1) + timedelta(days=61 * number) for number in range(RESIDENTS)]
    residents = [written(born.isoformat(), f"Bewoner{born:%j}", "B") for born in births]
    asked = written("1976-05-09", "Jansen", "J")
    assert len(lookalikes_of(asked, residents)) < RESIDENTS / 20
