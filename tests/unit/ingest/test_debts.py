"""What a bailiff's message about debts may look like."""

from datetime import date
from typing import Any

import msgspec
import pytest

from services.common.events import CheckPurpose, PartnerType
from services.common.pseudonyms import Pseudonyms
from services.ingest.debt_reports import PACE, DebtReports, TooFastError
from services.ingest.domain.debts import MOST_DEBTS, debts_personal, read_debts
from services.ingest.making import Maker
from services.ingest.means import Means

TODAY = date(2026, 3, 10)
BSN = "999990019"


def debt(**other: Any) -> dict[str, Any]:
    return {
        "schuldeiser": "00000099000000001001",
        "dossiernummer": "D-9",
        "bedragInCenten": 120_000,
        "soort": "Huur",
        "ontstaansdatum": "2025-11-01",
    } | other


def message(*debts: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "kenmerk": "M-1",
        "burgerservicenummer": BSN,
        "reden": "beslag",
        "schulden": list(debts) or [debt()],
    } | other


def test_a_message_is_read_whole() -> None:
    named = debt(schuldeiser=None, schuldeiserNaam="Fietsenwinkel De Zon", soort="Overige", bedragInCenten=0)
    found, problems = read_debts(message(debt(), named), TODAY)
    assert found is not None
    assert problems == ()
    assert (found.reference, found.bsn, found.purpose) == ("M-1", BSN, CheckPurpose.ATTACHMENT)
    assert [(each.creditor_name, each.kind, each.amount_cents) for each in found.debts] == [
        (None, PartnerType.RENT, 120_000),
        ("Fietsenwinkel De Zon", PartnerType.OTHER, 0),
    ]


def test_what_is_sealed_is_what_was_sent_but_for_what_the_reporter_is_busy_with() -> None:
    found, _ = read_debts(message(), TODAY)
    assert found is not None
    sent = {name: value for name, value in message().items() if name != "reden"}
    assert msgspec.to_builtins(debts_personal(found)) == sent


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (message(kenmerk=" x"), [("REFERENCE_INVALID", "kenmerk")]),
    (message(burgerservicenummer="999990018"), [("BSN_INVALID", "burgerservicenummer")]),
    (message(reden="nieuwsgierig"), [("FIELD_INVALID", "reden")]),
    (message(reden=None), [("FIELD_MISSING", "reden")]),
    (message(schulden=None), [("FIELD_MISSING", "schulden")]),
    (message(schulden=[]), [("FIELD_INVALID", "schulden")]),
    (message(schulden={"0": debt()}), [("FIELD_INVALID", "schulden")]),
    (message(schulden=[debt()] * (MOST_DEBTS + 1)), [("FIELD_INVALID", "schulden")]),
    (message(schulden=[debt(), "x"]), [("FIELD_INVALID", "schulden.1")]),
    (message(debt(schuldeiser=None)), [("FIELD_MISSING", "schulden.0.schuldeiser")]),
    (message(debt(schuldeiser="1")), [("OIN_INVALID", "schulden.0.schuldeiser")]),
    (message(debt(soort="huur")), [("PARTNER_TYPE_INVALID", "schulden.0.soort")]),
    (message(debt(bedragInCenten=-1)), [("AMOUNT_INVALID", "schulden.0.bedragInCenten")]),
    (message(debt(ontstaansdatum="2026-03-11")), [("DATE_INVALID", "schulden.0.ontstaansdatum")]),
    (message(debt(rente=1)), [("FIELD_UNKNOWN", "schulden.0.rente")]),
    (message(namens="x"), [("FIELD_UNKNOWN", "namens")]),
    (
        message(debt(), debt(dossiernummer="", soort="x"), kenmerk=""),
        [
            ("FIELD_MISSING", "kenmerk"),
            ("FIELD_MISSING", "schulden.1.dossiernummer"),
            ("PARTNER_TYPE_INVALID", "schulden.1.soort"),
        ],
    ),
]


@pytest.mark.parametrize(("raw", "expected"), WRONG)
def test_all_that_is_wrong_is_said_with_where(raw: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    found, problems = read_debts(raw, TODAY)
    assert found is None
    assert [(each.reason.value, each.field) for each in problems] == expected


@pytest.mark.parametrize("raw", [None, [], "x", 1])
def test_what_is_no_object_is_unreadable(raw: object) -> None:
    found, [problem] = read_debts(raw, TODAY)
    assert (found, problem.reason.value) == (None, "UNREADABLE")


def test_who_tells_too_much_at_once_is_asked_to_wait_and_nobody_else_is() -> None:
    now = [0.0]
    parts: dict[str, Any] = dict.fromkeys(
        ("engine", "publisher", "clock", "directories", "maker", "vault", "terms")
    )
    reports = DebtReports(Means(**parts), seconds=lambda: now[0])
    for _ in range(PACE.at_once):
        reports._keep_pace("one")
    with pytest.raises(TooFastError) as told:
        reports._keep_pace("one")
    assert told.value.wait == pytest.approx(60 / PACE.per_minute)
    reports._keep_pace("other")
    now[0] += told.value.wait
    reports._keep_pace("one")


def test_another_purpose_or_debt_is_another_content() -> None:
    maker = Maker(Pseudonyms(bytes(32)))
    raws = [message(), message(reden="inning"), message(debt(bedragInCenten=1)), message(debt(), debt())]
    found = [read_debts(raw, TODAY)[0] for raw in raws]
    assert len({maker.debts_hash(each) for each in found if each}) == len(raws)
