"""Agreements: their life step by step, tables of them, and what the gate makes of each."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.common.events import Agreement, AgreementStatus, AgreementStep, SignalKind
from services.ingest import agreements
from services.ingest.agreements import RefusedError
from services.ingest.domain.agreements import (
    STATUSES,
    Act,
    Written,
    concerns,
    may_step,
    read_agreement,
    stepped,
    written,
)
from services.ingest.domain.columns import HeadError
from services.ingest.domain.gate import judge
from services.ingest.domain.reading import read_signal
from services.ingest.tables import Cells
from tests.unit.ingest.messages import BROKER, LANDLORD, OTHER_TOWN, TODAY, TOWN, directory, message

HUB = "9" * 20
ACT = Act(by=HUB, at=datetime(2026, 3, 10, 12, tzinfo=UTC))
BODY = {"soort": "signalen", "gemeente": OTHER_TOWN, "schuldeiser": LANDLORD, "vanaf": "2026-01-01"}
LIFE = list(AgreementStatus)


def put(before: Agreement | None = None, **changes: Any) -> Agreement:
    new, problems = read_agreement("a", BODY | changes)
    assert new, problems
    found, problems = written(new, before, ACT)
    assert found, problems
    return found


def after(agreement: Agreement, status: AgreementStatus, until: date | None = None) -> Agreement:
    found, problems = stepped(agreement, status, until, ACT)
    assert found, problems
    return found


def judged(agreement: Agreement, **changes: Any) -> set[str]:
    claim, _ = read_signal(message(gemeentecode="0518", **changes), LANDLORD)
    assert claim
    found = judge(claim, sender=LANDLORD, directory=directory(agreement), place=None, today=TODAY)
    return {problem.reason.value for problem in found}


def test_a_life_goes_step_by_step_and_says_who_did_what_when() -> None:
    agreement = put(status="concept")
    for status in LIFE[1:5]:
        agreement = after(agreement, status)
    assert [step.status for step in agreement.steps] == LIFE[:5]
    assert agreement.steps[-1] == AgreementStep(status=AgreementStatus.ACTIVE, at=ACT.at, by=HUB)


@pytest.mark.parametrize("status", LIFE[:4])
def test_a_signal_counts_only_once_the_agreement_is_active(status: AgreementStatus) -> None:
    not_yet = replace(put(), status=status)
    assert judged(not_yet) == {"NO_AGREEMENT"}
    assert judged(replace(not_yet, status=AgreementStatus.ACTIVE)) == set()


def test_an_end_in_the_past_refuses_signals_of_later_days_and_not_those_of_before() -> None:
    ended = after(put(), AgreementStatus.ENDED, date(2026, 3, 5))
    assert judged(ended, signaaldatum="2026-03-05") == set()
    assert judged(ended, signaaldatum="2026-03-06") == {"NO_AGREEMENT"}


@pytest.mark.parametrize(
    ("kinds", "changes", "expected"),
    [
        ([], {"crisissignaal": True}, set()),
        (["crisis"], {"crisissignaal": True}, set()),
        (["crisis", "eindelevering"], {}, {"KIND_NOT_AGREED"}),
        (["vroegsignaal"], {"crisissignaal": True}, {"KIND_NOT_AGREED"}),
    ],
)
def test_an_agreement_may_be_about_some_kinds_of_signal_only(
    kinds: list[str], changes: dict[str, Any], expected: set[str]
) -> None:
    assert judged(put(soorten=kinds), **changes) == expected


def test_what_an_operator_puts_without_a_status_is_active_with_no_signature_made_up() -> None:
    assert [step.status for step in put().steps] == [AgreementStatus.ACTIVE]


def test_the_same_put_again_changes_nothing_and_another_leaves_the_steps() -> None:
    first = put(status="verzonden")
    assert put(first) == put(first, status="verzonden") == first
    assert put(first, tot="2026-12-31") == replace(first, valid_until=date(2026, 12, 31))


def test_the_same_step_again_changes_nothing_and_an_end_may_be_moved() -> None:
    ended = after(put(), AgreementStatus.ENDED, date(2026, 3, 5))
    assert after(ended, AgreementStatus.ENDED, date(2026, 3, 5)) is ended
    moved = after(ended, AgreementStatus.ENDED, date(2026, 2, 5))
    assert (moved.valid_until, len(moved.steps)) == (date(2026, 2, 5), 3)


@pytest.mark.parametrize("status", LIFE[:5])
@pytest.mark.parametrize("wanted", LIFE)
def test_no_step_is_skipped_or_undone_but_it_may_end_at_any_moment(
    status: AgreementStatus, wanted: AgreementStatus
) -> None:
    until = date(2026, 3, 5) if wanted is AgreementStatus.ENDED else None
    found, problems = stepped(replace(put(), status=status), wanted, until, ACT)
    possible = wanted in (status, AgreementStatus.ENDED) or LIFE.index(wanted) == LIFE.index(status) + 1
    assert (found is not None) is possible
    assert [problem.reason.value for problem in problems] == ([] if possible else ["STEP_NOT_POSSIBLE"])


@pytest.mark.parametrize(("until", "code"), [(None, "FIELD_MISSING"), (date(2025, 12, 31), "DATE_INVALID")])
def test_an_end_needs_a_last_day_that_is_not_before_the_first(until: date | None, code: str) -> None:
    _, problems = stepped(put(), AgreementStatus.ENDED, until, ACT)
    assert [problem.reason.value for problem in problems] == [code]


def test_a_put_takes_no_life_back_and_ends_none_without_a_day() -> None:
    new, _ = read_agreement("a", BODY | {"status": "concept"})
    ends, _ = read_agreement("a", BODY | {"status": "beëindigd"})
    assert new
    assert ends
    assert written(new, put(), ACT)[0] is None
    assert written(ends, None, ACT)[0] is None


def test_who_may_take_which_step() -> None:
    agreement = put(afzender=BROKER)
    everybody = (LANDLORD, OTHER_TOWN, BROKER, TOWN)
    allowed = {status: {who for who in everybody if may_step(agreement, status, who)} for status in LIFE}
    assert allowed[AgreementStatus.SIGNED_BY_CREDITOR] == {LANDLORD}
    assert allowed[AgreementStatus.SIGNED_BY_MUNICIPALITY] == {OTHER_TOWN}
    assert allowed[AgreementStatus.ENDED] == {LANDLORD, OTHER_TOWN}
    assert [concerns(agreement, who) for who in everybody] == [True, True, True, False]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"soorten": ["warm"]}, "FIELD_INVALID", "soorten"),
        ({"soorten": "crisis"}, "FIELD_INVALID", "soorten"),
        ({"uitvoerder": "1"}, "OIN_INVALID", "uitvoerder"),
        ({"status": "getekend"}, "FIELD_INVALID", "status"),
        ({"tot": "2025-01-01"}, "DATE_INVALID", "tot"),
        ({"opdrachtgever": TOWN}, "FIELD_UNKNOWN", "opdrachtgever"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(changes: dict[str, Any], code: str, field: str) -> None:
    _, problems = read_agreement("a", BODY | changes)
    assert [(each.reason.value, each.field) for each in problems] == [(code, field)]


def test_every_status_has_its_text() -> None:
    assert list(STATUSES.values()) == LIFE


HEAD = ("id", "OIN gemeente", "Schuldeiser", "Ingangsdatum", "tot", "Soorten", "Status", "Naam partner")


async def table(*rows: Sequence[str] | None) -> AsyncIterator[Cells]:
    for number, cells in enumerate((HEAD, *rows), 1):
        yield Cells(number, cells, b"")


async def test_a_table_is_read_with_the_usual_names_and_dates() -> None:
    first = ("a-1", TOWN, LANDLORD, "1-1-2026", "", "Vroegsignaal, crisis", "Verzonden", "De Linde")
    second = ("a-2", TOWN, BROKER, "2026-02-01", "31-12-2026", "", "", "")
    [(row, new), (_, other)] = await agreements.read_table(table(first, second))
    kinds = (SignalKind.EARLY, SignalKind.CRISIS)
    assert (row, new.agreement.kinds, new.status) == (2, kinds, AgreementStatus.SENT)
    assert other == Written(
        Agreement(
            agreement_id="a-2",
            kind=new.agreement.kind,
            grantor=TOWN,
            grantee=BROKER,
            valid_from=date(2026, 2, 1),
            valid_until=date(2026, 12, 31),
        ),
        None,
    )


async def test_everything_that_is_wrong_in_a_table_is_said_at_once_with_its_row() -> None:
    wrong = ("a 1", "1", LANDLORD, "", "", "", "", "")
    good = ("a-2", TOWN, LANDLORD, "2026-01-01", "", "", "", "")
    with pytest.raises(RefusedError) as found:
        await agreements.read_table(table(wrong, good, None, good))
    assert {(problem.reason.value, problem.field) for problem in found.value.problems} == {
        ("OIN_INVALID", "rij 2: gemeente"),
        ("FIELD_MISSING", "rij 2: vanaf"),
        ("FIELD_INVALID", "rij 2: id"),
        ("UNREADABLE", "rij 4"),
        ("FIELD_INVALID", "rij 5: id"),
    }


async def test_a_table_without_a_head_is_none() -> None:
    nothing = table()
    await anext(nothing)
    with pytest.raises(HeadError):
        await agreements.read_table(nothing)
