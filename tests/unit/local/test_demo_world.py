from collections import Counter, defaultdict

import pytest

from services.common.identifiers import is_bsn, is_municipality_code, is_oin, postcode_of
from services.local.demo.actions import Ask, Attempt, Conclude, DailyFile, Deliver, Register, SendSignal, Step
from services.local.demo.examples import Examples, load_examples
from services.local.demo.model.cases import cases_of
from services.local.demo.model.help import concerns, stays_of
from services.local.demo.model.intake import take_in
from services.local.demo.scenario import make_steps
from services.local.demo.world import make_world


@pytest.fixture(scope="module")
def examples() -> Examples:
    return load_examples()


@pytest.fixture(scope="module")
def steps(examples: Examples) -> list[Step]:
    return make_steps(examples)


def test_every_resident_has_a_bsn_of_the_test_range_that_nobody_else_has(examples: Examples) -> None:
    residents = [person for home in make_world(1, examples.spots) for person in home.residents]
    assert all(is_bsn(person.bsn) and person.bsn.startswith("999") for person in residents)
    assert max(Counter(person.bsn for person in residents).values()) == 1


def test_one_seed_gives_one_world_and_one_play(examples: Examples, steps: list[Step]) -> None:
    assert make_world(7, examples.spots) == make_world(7, examples.spots)
    assert make_steps(examples) == steps


def test_the_world_has_twins_fathers_and_sons_young_people_and_addresses_with_two_units(
    examples: Examples,
) -> None:
    homes = make_world(1, examples.spots)
    pairs = [home.residents for home in homes if len(home.residents) == 2]
    assert any(one.born == other.born and one.initials != other.initials for one, other in pairs)
    assert any(one.initials == other.initials and one.born != other.born for one, other in pairs)
    assert any(home.residents[0].born.year > 2000 for home in homes)
    assert max(Counter(home.address.spot for home in homes).values()) == 2


def test_the_examples_name_only_parties_that_they_hold(examples: Examples) -> None:
    known = {party["oin"] for party in examples.parties}
    assert all(is_oin(oin) and oin.startswith("00000099") for oin in known)
    ends = ("gemeente", "schuldeiser", "afzender", "opdrachtgever", "gemachtigde")
    assert {a[name] for a in examples.agreements for name in ends if name in a} <= known
    assert {team["gemeente"] for team in examples.teams} <= known


def test_the_area_table_holds_each_address_once_and_well_formed(examples: Examples) -> None:
    assert all(postcode_of(spot.postcode) == spot.postcode for spot in examples.spots)
    assert all(is_municipality_code(spot.municipality) for spot in examples.spots)
    assert max(Counter((spot.postcode, spot.number) for spot in examples.spots).values()) == 1


def test_the_play_is_as_large_and_as_varied_as_the_issue_asks(examples: Examples, steps: list[Step]) -> None:
    actions = [action for step in steps for action in step.actions]
    files = [action for action in actions if isinstance(action, Deliver)]
    signals = sum(len(file.rows) for file in files) + sum(isinstance(each, SendSignal) for each in actions)
    assert 2_800 <= signals <= 3_300
    assert {file.form for file in files} == {"csv", "ndjson"}
    asks = [each for each in actions if isinstance(each, Ask)]
    assert len({each.asker for each in asks}) == 5  # three bailiffs, an office behind a network, a collector
    assert {bool(each.client) for each in asks if each.sender} == {True}
    assert {each.confirmed for each in actions if isinstance(each, DailyFile)} == {True, False}
    assert len({each.team for each in actions if isinstance(each, Attempt | Conclude)}) == 2
    assert len({each.registrar for each in actions if isinstance(each, Register)}) == 2  # and its helper


def test_steps_follow_each_other_in_time(steps: list[Step]) -> None:
    moments = [step.at for step in steps]
    assert moments == sorted(set(moments))


def test_no_case_depends_on_which_of_its_signals_comes_first(examples: Examples, steps: list[Step]) -> None:
    """Signals of one case arrive side by side: its first team must not hang on whose signal wins."""
    first: dict[object, set[bool]] = defaultdict(set)
    for key, signals in cases_of(take_in(steps, examples).signals).items():
        first[key].update(signal.young for signal in signals)
    assert all(len(young) == 1 for young in first.values())


def test_help_never_ends_at_the_moment_at_which_a_signal_about_that_person_arrives(
    examples: Examples, steps: list[Step]
) -> None:
    """Both would be right then: known for a moment, or never."""
    stays = stays_of(steps)
    for signal in take_in(steps, examples).signals:
        assert not any(stay.until == signal.at and concerns(stay, signal) for stay in stays)
