"""The gate as a table: what passes, and every ground for refusal."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.common.events import AgreementKind, Area, PartnerType, Policy
from services.common.settings import REPOSITORY
from services.ingest.domain.directory import Place, may_act_for
from services.ingest.domain.drafts import Person
from services.ingest.domain.gate import judge, young
from services.ingest.domain.limits import EFFORTS, in_force
from services.ingest.domain.reading import read_signal
from services.ingest.domain.rules import RULES
from services.ingest.domain.windows import WINDOWS, window_on
from tests.unit.ingest.messages import (
    BROKER,
    CAK,
    ENERGY,
    INSURER,
    LANDLORD,
    OTHER_TOWN,
    TAX_OFFICE,
    TODAY,
    TOWN,
    agreement,
    directory,
    message,
)

HERE = Place(municipality_code="0363", area=Area(pc4="1234"))
THERE = Place(municipality_code="0518", area=Area(pc4="1234"))


def reasons(
    sender: str = LANDLORD, place: Place | None = None, today: date = TODAY, **changes: Any
) -> set[str]:
    claim, _ = read_signal(message(**changes), sender)
    assert claim is not None
    found = judge(claim, sender=sender, directory=directory(), place=place, today=today)
    return {problem.reason.value for problem in found}


def test_a_right_signal_passes() -> None:
    assert reasons() == set()
    assert reasons(place=HERE) == set()


def test_a_signal_without_anything_is_told_of_its_efforts_too() -> None:
    claim, missing = read_signal({}, LANDLORD)
    assert claim is not None
    found = judge(claim, sender=LANDLORD, directory=directory(), place=None, today=TODAY)
    assert {"inspanningen"} == {each.field for each in found} - {each.field for each in missing}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signaalpartner": "Buurman"}, set()),
        ({"signaalpartner": "Buurman", "inspanningen": None}, {"EFFORTS_NOT_DECLARED"}),
        (
            {"signaalpartner": "Buurman", "inspanningen": ["b", "c", "d"], "signaaldatum": "2025-12-31"},
            {"SIGNAL_DATE_TOO_OLD"},
        ),
    ],
    ids=["declared", "not declared", "enough for some kind"],
)
def test_of_a_creditor_of_no_known_kind_the_efforts_are_asked_that_every_kind_must_make(
    changes: dict[str, Any], expected: set[str]
) -> None:
    assert reasons(**changes) - {"ARREARS_TOO_SHORT"} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gemeentecode": "9999"}, {"MUNICIPALITY_UNKNOWN"}),
        ({"gemeentecode": "0344"}, {"MUNICIPALITY_INACTIVE"}),
        ({"gemeentecode": "0518"}, {"NO_AGREEMENT"}),
        ({"schuldeiser": "9" * 20}, {"CREDITOR_UNKNOWN", "NO_AGREEMENT", "NOT_REPRESENTED"}),
        ({"schuldeiser": BROKER}, {"CREDITOR_UNKNOWN", "NO_AGREEMENT", "NOT_REPRESENTED"}),
        ({"schuldeiser": INSURER}, {"NOT_REPRESENTED", "PARTNER_TYPE_MISMATCH"}),
        (
            {"gemeentecode": "9999", "schuldeiser": CAK},
            {"MUNICIPALITY_UNKNOWN", "NOT_REPRESENTED", "PARTNER_TYPE_MISMATCH"},
        ),
        ({"signaalpartner": "Energie"}, {"PARTNER_TYPE_MISMATCH"}),
        ({"persoon__burgerservicenummer": "111222333"}, {"BSN_NOT_ALLOWED"}),
        ({"persoon__burgerservicenummer": "1"}, {"BSN_NOT_ALLOWED"}),
        ({"persoon__geboortedatum": "2026-03-11"}, {"BIRTH_DATE_INVALID"}),
        ({"persoon__geboortedatum": "2027"}, {"BIRTH_DATE_INVALID"}),
        ({"persoon__geboortedatum": "2026"}, set()),
        ({"signaaldatum": "2026-03-11"}, {"SIGNAL_DATE_IN_FUTURE"}),
        ({"signaaldatum": "2026-03-10"}, set()),
        ({"signaaldatum": "2026-02-07"}, set()),
        ({"signaaldatum": "2026-02-06"}, {"SIGNAL_DATE_TOO_OLD"}),
        ({"ontstaansdatum": "2026-02-07"}, set()),
        ({"ontstaansdatum": "2026-02-08"}, {"ARREARS_TOO_SHORT"}),
        ({"ontstaansdatum": "2026-03-20"}, {"ARREARS_TOO_SHORT"}),
        ({"ontstaansdatum": "1999-01-01"}, set()),
        ({"inspanningen": None}, {"EFFORTS_NOT_DECLARED"}),
        ({"inspanningen": []}, {"EFFORTS_NOT_DECLARED"}),
        ({"inspanningen": ["a", "b", "d"]}, {"EFFORTS_NOT_DECLARED"}),
        ({"inspanningen": ["d", "c", "b", "a", "a"]}, set()),
        ({"huidigeKlant": False}, {"NOT_A_CUSTOMER"}),
        ({"huidigeKlant": True}, set()),
        ({"bezwaar": True}, {"CUSTOMER_OBJECTED"}),
        ({"bezwaar": False}, set()),
        ({"betalingsregeling": "loopt"}, {"ARRANGEMENT_RUNNING"}),
        ({"betalingsregeling": "uitstel"}, {"ARRANGEMENT_RUNNING"}),
        ({"betalingsregeling": "verbroken"}, set()),
        ({"betalingsregeling": "geen"}, set()),
        ({"incassofase": "sociale incasso"}, {"COLLECTION_TOO_EARLY"}),
        ({"incassofase": "sociale incasso afgerond"}, set()),
        ({"incassofase": "minnelijke fase afgerond"}, set()),
        ({"evenredig": False}, {"NOT_PROPORTIONATE"}),
        ({"evenredig": True, "achterstalligeTermijnen": 1}, set()),
        ({"rechtspersoon": True}, {"LEGAL_PERSON"}),
        ({"rechtspersoon": False}, set()),
        ({"persoon__geslachtsnaam": "Bakkerij Jansen B.V."}, {"LEGAL_PERSON"}),
        ({"persoon__geslachtsnaam": "Stichting De Linde"}, {"LEGAL_PERSON"}),
        ({"persoon__geslachtsnaam": "van der Bv"}, {"LEGAL_PERSON"}),
        ({"persoon__geslachtsnaam": "de Bvries"}, set()),
        ({"crisissignaal": True, "dreiging": "ontruiming"}, set()),
        ({"crisissignaal": True, "dreiging": "afsluiting"}, {"KIND_NOT_POSSIBLE"}),
        ({"crisissignaal": True, "dreiging": "einde zorgverzekering"}, {"KIND_NOT_POSSIBLE"}),
        ({"soort": "eindelevering", "einddatumLevering": "2026-12-31"}, {"KIND_NOT_POSSIBLE"}),
        ({"signaaldatum": None, "gemeentecode": "0518"}, set()),
        ({"signaalpartner": None, "ontstaansdatum": "2026-03-08"}, set()),
    ],
)
def test_every_ground_for_refusal(changes: dict[str, Any], expected: set[str]) -> None:
    assert reasons(**changes) == expected


def test_all_grounds_come_at_once() -> None:
    assert reasons(
        place=THERE,
        gemeentecode="0344",
        signaaldatum="2026-04-01",
        ontstaansdatum="2026-03-30",
        signaalpartner="Water",
        persoon__burgerservicenummer="111222333",
        schuldeiser=INSURER,
    ) == {
        "ADDRESS_OUTSIDE_MUNICIPALITY",
        "MUNICIPALITY_INACTIVE",
        "SIGNAL_DATE_IN_FUTURE",
        "ARREARS_TOO_SHORT",
        "PARTNER_TYPE_MISMATCH",
        "BSN_NOT_ALLOWED",
        "NO_AGREEMENT",
        "NOT_REPRESENTED",
    }


@pytest.mark.parametrize(("since", "expected"), [(29, "SHORT"), (30, ""), (100, ""), (101, "LONG")])
def test_a_health_insurer_signals_between_30_and_100_days(since: int, expected: str) -> None:
    on = date(2026, 3, 9)
    changes: dict[str, Any] = {
        "signaalpartner": "Zorg",
        "ontstaansdatum": (on - timedelta(days=since)).isoformat(),
    }
    found = reasons(INSURER, **changes, persoon__burgerservicenummer="111222333")
    assert found == ({f"ARREARS_TOO_{expected}"} if expected else set())


OF_CAK: dict[str, Any] = {
    "signaalpartner": "CAK Eigen bijdrage",
    "ontstaansdatum": "2025-10-09",
    "incassofase": "minnelijke fase afgerond",
}
OF_TAX: dict[str, Any] = {
    "signaalpartner": "Belastingdienst",
    "bedragInCenten": 600_00,
    "incassofase": "aanmaning",
}


def test_the_cak_may_send_a_bsn() -> None:
    assert reasons(CAK, **OF_CAK, persoon__burgerservicenummer="111222333") == set()


@pytest.mark.parametrize(
    ("sender", "changes", "expected"),
    [
        (CAK, OF_CAK | {"bedragInCenten": 100_00}, set()),
        (CAK, OF_CAK | {"bedragInCenten": 99_99}, {"AMOUNT_BELOW_MINIMUM"}),
        (CAK, OF_CAK | {"ontstaansdatum": "2025-10-10"}, {"ARREARS_TOO_SHORT"}),
        (CAK, OF_CAK | {"incassofase": "aanmaning"}, {"COLLECTION_TOO_EARLY"}),
        (CAK, OF_CAK | {"incassofase": None}, {"COLLECTION_TOO_EARLY"}),
        (TAX_OFFICE, OF_TAX, set()),
        (TAX_OFFICE, OF_TAX | {"bedragInCenten": 599_99}, {"AMOUNT_BELOW_MINIMUM"}),
        (TAX_OFFICE, OF_TAX | {"incassofase": "sociale incasso afgerond"}, {"COLLECTION_TOO_EARLY"}),
        (TAX_OFFICE, OF_TAX | {"incassofase": None}, {"COLLECTION_TOO_EARLY"}),
        (TAX_OFFICE, OF_TAX | {"betalingsregeling": "uitstel"}, {"ARRANGEMENT_RUNNING"}),
    ],
)
def test_the_cak_and_the_tax_office_have_amounts_ages_and_steps_of_their_own(
    sender: str, changes: dict[str, Any], expected: set[str]
) -> None:
    assert reasons(sender, **changes) == expected


def ending(on: str) -> set[str]:
    changes: dict[str, Any] = {"signaalpartner": "Energie", "soort": "eindelevering", "einddatumLevering": on}
    return reasons(ENERGY, **changes)


def test_an_end_of_supply_is_told_20_working_days_ahead_of_it() -> None:
    """Counted from 10 March 2026, when it comes in; Good Friday (3 April) and Easter Monday do not count."""
    assert ending("2026-04-09") == set()
    assert ending("2026-04-08") == {"END_OF_SUPPLY_TOO_SOON"}
    assert ending("2026-03-01") == {"END_OF_SUPPLY_TOO_SOON"}


def test_an_amount_below_the_threshold_of_the_municipality_is_refused_but_not_in_a_crisis() -> None:
    with_threshold = directory(policies=(Policy(municipality=TOWN, pause_days=30, threshold_cents=75_00),))
    for cents, crisis, expected in (
        (75_00, False, set()),
        (74_99, False, {"AMOUNT_BELOW_THRESHOLD"}),
        (74_99, True, set()),
    ):
        claim, _ = read_signal(message(bedragInCenten=cents, crisissignaal=crisis), LANDLORD)
        assert claim is not None
        found = judge(claim, sender=LANDLORD, directory=with_threshold, place=None, today=TODAY)
        assert {problem.reason.value for problem in found} == expected


@pytest.mark.parametrize(
    ("kind", "on", "needed"),
    [
        (PartnerType.RENT, date(2021, 1, 1), "abcd"),
        (PartnerType.ENERGY, date(2025, 12, 31), "bcd"),
        (PartnerType.ENERGY, date(2026, 1, 1), "abcd"),
    ],
)
def test_the_efforts_are_those_of_the_day(kind: PartnerType, on: date, needed: str) -> None:
    assert in_force(EFFORTS[kind], on) == needed


def test_a_rule_holds_from_its_first_up_to_and_with_its_last_day() -> None:
    rule = replace(RULES[0], since=date(2026, 1, 1), until=date(2026, 1, 31))
    assert [rule.holds(date(2026, 1, day)) for day in (1, 31)] == [True, True]
    assert [rule.holds(day) for day in (date(2025, 12, 31), date(2026, 2, 1))] == [False, False]


def test_every_rule_is_documented_with_its_sentence_source_and_dates() -> None:
    page = (REPOSITORY / "docs" / "architecture" / "gate.md").read_text()
    for rule in RULES:
        since = f"{rule.since}{f' t/m {rule.until}' if rule.until else ''}"
        cells = f"`{rule.reason}` | `{rule.path}` | {rule.problem.sentence} | {rule.source} | {since}"
        assert f"| {cells} |" in page


def test_an_address_in_another_municipality_is_refused() -> None:
    assert reasons(place=THERE) == {"ADDRESS_OUTSIDE_MUNICIPALITY"}


def test_a_sender_needs_an_agreement_that_names_it_on_the_signals_date() -> None:
    assert reasons(BROKER, schuldeiser=LANDLORD) == {"NOT_REPRESENTED"}  # it ended on 8 March
    assert reasons(BROKER, schuldeiser=LANDLORD, signaaldatum="2026-03-08") == set()


def test_a_bailiff_signals_for_a_creditor_only_where_and_while_an_agreement_names_it() -> None:
    bailiff, started, ended = "9" * 20, date(2026, 3, 1), date(2026, 3, 8)
    agreed = directory(
        agreement("pilot", TOWN, LANDLORD, sender=bailiff, valid_from=started, valid_until=ended),
        agreement("no pilot", OTHER_TOWN, LANDLORD),
        agreement("acts for it", LANDLORD, bailiff, kind=AgreementKind.REPRESENTATION),
    )

    def refused(**changes: str) -> set[str]:
        claim, _ = read_signal(message(schuldeiser=LANDLORD, **changes), bailiff)
        assert claim is not None
        found = judge(claim, sender=bailiff, directory=agreed, place=None, today=TODAY)
        return {problem.reason.value for problem in found}

    assert refused(signaaldatum="2026-03-08") == set()
    assert refused(signaaldatum="2026-03-09") == {"NOT_REPRESENTED"}
    assert refused(signaaldatum="2026-03-08", gemeentecode="0518") == {"NOT_REPRESENTED"}


def test_an_agreement_holds_from_its_first_up_to_and_with_its_last_day() -> None:
    other = agreement("x", OTHER_TOWN, LANDLORD, valid_from=date(2026, 3, 5), valid_until=date(2026, 3, 8))
    for day, passes in ((4, False), (5, True), (8, True), (9, False)):
        claim, _ = read_signal(message(gemeentecode="0518", signaaldatum=f"2026-03-0{day}"), LANDLORD)
        assert claim is not None
        found = judge(claim, sender=LANDLORD, directory=directory(other), place=None, today=TODAY)
        assert (not found) is passes


def test_who_may_act_for_a_creditor_at_all() -> None:
    assert may_act_for(LANDLORD, LANDLORD, directory(), TODAY)
    assert not may_act_for(LANDLORD, BROKER, directory(), TODAY)
    assert may_act_for(LANDLORD, BROKER, directory(), date(2026, 3, 8))
    assert not may_act_for(LANDLORD, TOWN, directory(), TODAY)


@pytest.mark.parametrize(
    ("kind", "on", "shortest", "longest"),
    [
        (PartnerType.RENT, date(2022, 1, 1), 30, None),
        (PartnerType.ENERGY, date(2022, 11, 30), 50, 100),
        (PartnerType.ENERGY, date(2022, 12, 1), 30, None),
        (PartnerType.WATER, date(2022, 11, 30), 30, 100),
        (PartnerType.WATER, date(2026, 1, 1), 30, None),
        (PartnerType.HEALTH, date(2020, 1, 1), 30, 100),
        (PartnerType.HEALTH, date(2026, 1, 1), 30, 100),
        (PartnerType.OTHER, date(2026, 1, 1), 30, None),
    ],
)
def test_the_window_is_the_one_of_the_day(
    kind: PartnerType, on: date, shortest: int, longest: int | None
) -> None:
    window = window_on(kind, on)
    assert (window.shortest, window.longest) == (shortest, longest)


def test_every_partner_type_has_windows_in_the_order_of_their_dates() -> None:
    assert set(WINDOWS) == set(PartnerType)
    for rows in WINDOWS.values():
        assert [row.since for row in rows] == sorted(row.since for row in rows)


@pytest.mark.parametrize(
    ("birth_date", "expected"),
    [
        ("1999-03-11", True),
        ("1999-03-10", False),
        ("1980-02-29", False),
        ("1999-04", True),
        ("1999-03", False),
        ("2000", True),
        ("1999", False),
        (None, False),
    ],
)
def test_young_is_under_27_for_certain(birth_date: str | None, expected: bool) -> None:
    assert young(Person(birth_date=birth_date), date(2026, 3, 10)) is expected
