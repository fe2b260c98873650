"""Who is told of an erasure: everybody who has, or had, what goes."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.common.events import Erasure
from services.common.vault import DataClass
from services.ingest.erasures import Due, erased_signal
from services.ingest.revision_storage import Known, Spot

HERE = Spot("household", "TOWN_B", "unit", date(2026, 11, 2), None)
BEFORE = replace(HERE, municipality="TOWN_A", last=1)
ELSEWHERE = replace(HERE, household="other household", municipality="TOWN_A", last=2)
DUE = Due("s1", "household", "TOWN_B", DataClass.SIGNAL, True, datetime(2026, 11, 3, tzinfo=UTC))


def known(*earlier: Spot) -> Known:
    return Known(
        signal_id="s1",
        creditor="c1",
        content_hash="hash",
        revision=3,
        withdrawn=False,
        spot=HERE,
        earlier=earlier,
    )


def told(of: Known | None) -> list[Erasure]:
    return [each.event for each in erased_signal(DUE, of) if isinstance(each.event, Erasure)]


def test_the_municipality_that_had_a_signal_before_at_the_same_address_is_told_too() -> None:
    found = told(known(BEFORE, ELSEWHERE, replace(BEFORE, person="p")))
    assert [(each.household, each.municipality) for each in found] == [
        ("household", "TOWN_B"),
        ("household", "TOWN_A"),
        ("other household", "TOWN_A"),
    ]


def test_each_telling_of_an_erasure_has_an_id_of_its_own_and_the_same_one_again() -> None:
    ids = [each.erasure_id for each in told(known(BEFORE, ELSEWHERE))]
    assert len(set(ids)) == len(ids)
    assert [each.erasure_id for each in told(known(BEFORE, ELSEWHERE))] == ids


def test_a_signal_of_which_nothing_is_remembered_is_told_of_where_its_key_is() -> None:
    assert [(each.household, each.municipality) for each in told(None)] == [("household", "TOWN_B")]
