"""Snapshots without a database: which one holds, which waits, what a row says and who is shared."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.events import ContactField, HelpPhase, Party, Policy, Role
from services.common.identifiers import derived_id
from services.common.pseudonyms import Pseudonyms
from services.ingest.domain.columns import HeadError
from services.ingest.domain.masterdata import read_policy
from services.ingest.domain.reasons import Reason
from services.ingest.domain.snapshots import Difference, Offered, Verdict, doubts, verdict
from services.ingest.freshness import Source
from services.ingest.making import Maker
from services.ingest.rows import parsed
from services.ingest.snapshot_files import BATCH_ROWS, Batch, csv_file, json_file
from services.ingest.snapshot_reading import Order, Reader
from services.ingest.staging import Known, Staged

TOWN, BSN, OTHER_BSN = "00000099000000000363", "999990019", "999993653"
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 3, day) for day in (9, 10, 11))
MAKER = Maker(Pseudonyms(bytes(32)))


def offered(day: date, digest: str, mark: int, *, held: bool = False) -> Offered:
    return Offered(day, digest, mark, held=held)


FIRST = offered(MONDAY, "a", 1)
VERDICTS = {
    "the first one": (FIRST, None, None, Verdict.FRESH),
    "of the next day": (offered(TUESDAY, "b", 2), FIRST, None, Verdict.FRESH),
    "the same content of the next day": (offered(TUESDAY, "a", 2), FIRST, None, Verdict.FRESH),
    "the same again": (offered(MONDAY, "a", 2), FIRST, None, Verdict.UNCHANGED),
    "another one of the same day": (offered(MONDAY, "b", 2), FIRST, None, Verdict.FRESH),
    "one of the day before": (offered(MONDAY, "b", 3), offered(TUESDAY, "a", 2), None, Verdict.TOO_LATE),
    "one that came before it": (offered(MONDAY, "b", 1), offered(MONDAY, "a", 2), None, Verdict.TOO_LATE),
    "one that broke off": (offered(TUESDAY, "b", 3), FIRST, offered(TUESDAY, "b", 2), Verdict.RESUMED),
    "one that is held": (
        offered(TUESDAY, "b", 3),
        FIRST,
        offered(TUESDAY, "b", 2, held=True),
        Verdict.WAITING,
    ),
    "a better one than the held one": (
        offered(TUESDAY, "c", 3),
        FIRST,
        offered(TUESDAY, "b", 2, held=True),
        Verdict.FRESH,
    ),
    "one before the held one": (
        offered(TUESDAY, "c", 3),
        FIRST,
        offered(WEDNESDAY, "b", 2, held=True),
        Verdict.FRESH,
    ),
    "one before the one that broke off": (
        offered(TUESDAY, "c", 3),
        FIRST,
        offered(WEDNESDAY, "b", 2),
        Verdict.TOO_LATE,
    ),
    "the one in force, after another of that day broke off": (
        offered(MONDAY, "a", 3),
        FIRST,
        offered(MONDAY, "b", 2),
        Verdict.FRESH,
    ),
}


@pytest.mark.parametrize(("new", "current", "coming", "expected"), VERDICTS.values(), ids=VERDICTS.keys())
def test_what_is_done_with_a_snapshot(
    new: Offered, current: Offered | None, coming: Offered | None, expected: Verdict
) -> None:
    assert verdict(new, current, coming) is expected


ANY = st.builds(
    Offered,
    day=st.sampled_from((MONDAY, TUESDAY, WEDNESDAY)),
    digest=st.sampled_from("ab"),
    mark=st.integers(1, 9),
    held=st.booleans(),
)


@given(new=ANY, current=ANY, coming=st.none() | ANY)
def test_an_older_day_never_gets_past_a_newer_one(
    new: Offered, current: Offered, coming: Offered | None
) -> None:
    if current.day > new.day and not new.same(coming):
        assert verdict(new, current, coming) is Verdict.TOO_LATE


DOUBTS = {
    "nothing gone": (Difference(100, 100, 0, 0, 0), 0, []),
    "nothing gone, rows unclear": (Difference(100, 100, 0, 0, 0), 3, []),
    "as much as is agreed": (Difference(100, 80, 0, 0, 20), 0, []),
    "more than is agreed": (Difference(100, 79, 0, 0, 21), 0, [Reason.SNAPSHOT_SHRUNK]),
    "as many others in their place": (Difference(100, 100, 30, 0, 30), 0, [Reason.SNAPSHOT_SHRUNK]),
    "empty": (Difference(100, 0, 0, 0, 100), 0, [Reason.SNAPSHOT_EMPTY, Reason.SNAPSHOT_SHRUNK]),
    "empty, the first one": (Difference(0, 0, 0, 0, 0), 0, [Reason.SNAPSHOT_EMPTY]),
    "one gone who may be in a row": (Difference(100, 99, 0, 0, 1), 1, [Reason.SNAPSHOT_UNCLEAR]),
}


@pytest.mark.parametrize(("found", "unclear", "expected"), DOUBTS.values(), ids=DOUBTS.keys())
def test_when_somebody_should_look_first(found: Difference, unclear: int, expected: list[Reason]) -> None:
    assert [each.reason for each in doubts(found, unclear, 20)] == expected


def person(**other: Any) -> dict[str, Any]:
    return {
        "kenmerk": "K1",
        "burgerservicenummer": BSN,
        "adres": {"postcode": "1234AB", "huisnummer": 12},
        "begindatum": "2026-03-01",
        "contact": {"organisatie": "Hulp", "telefoon": "020-0000000", "email": "hulp@example.org"},
    } | other


def order(policy: Policy | None = None) -> Order:
    town = Party(party_id=TOWN, name="T", roles=(Role.MUNICIPALITY,), active=True)
    return Order(
        source=Source(TOWN, TOWN),
        municipality=town,
        policy=policy,
        day=TUESDAY,
        today=WEDNESDAY,
        most_gone_percent=20,
    )


def batch(*raws: object) -> Batch:
    return Batch([(number, json.dumps(raw).encode()) for number, raw in enumerate(raws, 1)], parsed)


def read(*raws: object, policy: Policy | None = None) -> tuple[Reader, list[Staged]]:
    reader, rows = Reader(order(policy), MAKER), batch(*raws)
    return reader, reader.read(rows, reader.hashes(rows), {})


async def batches(
    file: Callable[[AsyncIterator[bytes]], AsyncIterator[Batch]], *chunks: bytes
) -> list[Batch]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [each async for each in file(stream())]


def policy(**other: Any) -> Policy:
    return Policy(municipality=TOWN, pause_days=30, **other)


ADMITTED, FROM_STABILISATION = policy(admission_required=True), policy(first_phase=HelpPhase.STABILISATION)
SHARED = {
    "without a policy": (None, {}, True),
    "admitted": (ADMITTED, {"besluitdatum": "2026-03-10"}, True),
    "admitted later": (ADMITTED, {"besluitdatum": "2026-03-11"}, False),
    "not admitted": (ADMITTED, {"fase": "stabilisatie"}, False),
    "in the phase": (FROM_STABILISATION, {"fase": "stabilisatie"}, True),
    "in a later phase": (FROM_STABILISATION, {"fase": "nazorg"}, True),
    "in an earlier phase": (FROM_STABILISATION, {"fase": "intake"}, False),
    "in no phase": (FROM_STABILISATION, {"besluitdatum": "2026-03-10"}, False),
}


@pytest.mark.parametrize(("rule", "said", "shared"), SHARED.values(), ids=SHARED.keys())
def test_who_is_shared_is_for_the_municipality_to_say(
    rule: Policy | None, said: dict[str, Any], shared: bool
) -> None:
    reader, found = read(person(**said), policy=rule)
    assert (len(found), reader.tally.not_shared, reader.tally.wrong) == (int(shared), int(not shared), {})


def test_phase_and_decision_change_nothing_of_what_is_told() -> None:
    plain = read(person())[1][0]
    said = read(person(fase="nazorg", besluitdatum="2026-02-01"))[1][0]
    assert (said.content_hash, said.claim) == (plain.content_hash, plain.claim)


def test_of_the_helper_only_what_the_municipality_shares_goes_on() -> None:
    [found] = read(person(), policy=policy(contact_fields=(ContactField.PHONE,)))[1]
    assert found.claim
    assert (found.claim.reach.phone, found.claim.reach.email) == ("020-0000000", None)


def test_who_is_not_shared_needs_no_other_field_to_be_right() -> None:
    reader, found = read(person(fase="intake", adres={}), policy=FROM_STABILISATION)
    assert (found, reader.tally.not_shared, reader.tally.wrong) == ([], 1, {})


def test_a_phase_that_cannot_be_read_is_a_wrong_row_and_not_an_end_of_help() -> None:
    reader, [found] = read(person(fase="?"), policy=FROM_STABILISATION)
    assert found.content_hash is None
    assert [each.field for each in reader.tally.wrong[1]] == ["fase"]


WRONG = {
    "kenmerk and person are there": (person(adres={}), "K1", 0),
    "no kenmerk": (person(adres={}, kenmerk=None), BSN, 0),
    "no person either": (person(burgerservicenummer="1", kenmerk=None), None, 1),
    "a kenmerk that cannot be read": (person(kenmerk=" "), None, 1),
    "no object": ("x", None, 1),
}


@pytest.mark.parametrize(("raw", "whose", "unknown"), WRONG.values(), ids=WRONG.keys())
def test_a_row_that_cannot_be_read_keeps_what_is_registered_under_it(
    raw: object, whose: str | None, unknown: int
) -> None:
    reader, found = read(raw)
    ids = {
        "K1": derived_id("registration", TOWN, "K1"),
        BSN: derived_id("registration", TOWN, TOWN, "person", MAKER.pseudonyms.person(BSN)),
    }
    assert [(each.registration_id, each.content_hash) for each in found] == [
        (ids[each], None) for each in (whose,) if each
    ]
    assert (len(reader.tally.wrong), reader.tally.unknown) == (1, unknown)


def test_a_row_that_came_before_is_not_read_again_and_counts_as_it_did() -> None:
    reader, [first] = read(person())
    assert first.content_hash
    again, rows = Reader(order(), MAKER), batch(person())
    known = {again.hashes(rows)[0]: Known(first.registration_id, first.content_hash)}
    [found] = again.read(rows, again.hashes(rows), known)
    assert (found.registration_id, found.content_hash, found.claim) == (*first[:2], None)
    assert again.digest == reader.digest


def test_under_another_policy_a_row_is_read_again() -> None:
    rows = batch(person())
    assert Reader(order(), MAKER).hashes(rows) != Reader(order(ADMITTED), MAKER).hashes(rows)


LIST = (
    "Clientnummer;BSN;Postcode;Huisnr;Startdatum;Hulpverlener;Telefoon hulpverlener;E-mailadres;Plaats\r\n"
    f"K1;{BSN};1234 ab;12;01-03-2026;Hulp;020-0000000;hulp@example.org;Amsterdam\r\n"
)


async def test_a_list_as_a_debt_help_system_makes_it_says_the_same_as_json() -> None:
    [rows] = await batches(csv_file, LIST.encode())
    reader = Reader(order(), MAKER)
    [found] = reader.read(rows, reader.hashes(rows), {})
    assert found.content_hash == read(person())[1][0].content_hash


async def test_the_same_row_under_another_head_is_another_row() -> None:
    swapped = LIST.replace("Telefoon hulpverlener;E-mailadres", "E-mailadres;Telefoon hulpverlener")
    [rows], [others] = await batches(csv_file, LIST.encode()), await batches(csv_file, swapped.encode())
    reader = Reader(order(), MAKER)
    assert rows.rows == others.rows
    assert reader.hashes(rows) != reader.hashes(others)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_a_list_is_read_in_whatever_encoding_without_its_blank_rows(encoding: str) -> None:
    text = "sep=;\r\n;;\r\n" + LIST.replace("Hulp;", "Caf\u00e9 Hulp;") + '; ;"";;;;;;\r\n' + "x" * 20_000
    [rows] = await batches(csv_file, text.encode(encoding))
    assert [number for number, _ in rows.rows] == [4, 6]
    right, too_long = rows.rows
    assert right[1]
    message = rows.read(right[1])
    assert isinstance(message, dict)
    assert message["contact"]["organisatie"] == "Caf\u00e9 Hulp"
    assert too_long == (6, None)


@pytest.mark.parametrize("text", ["", "sep=;", "K1;999990019\n", "x" * 20_000])
async def test_a_list_without_a_head_is_none(text: str) -> None:
    with pytest.raises(HeadError):
        await batches(csv_file, text.encode())


async def test_a_long_file_comes_in_batches_whatever_the_network_made_of_it() -> None:
    lines = b"".join(b'{"kenmerk": "%d"}\n' % number for number in range(3 * BATCH_ROWS))
    parts = [lines[start : start + 7001] for start in range(0, len(lines), 7001)]
    found = await batches(json_file, *parts)
    assert [number for each in found for number, _ in each.rows] == list(range(1, 3 * BATCH_ROWS + 1))
    assert all(BATCH_ROWS <= len(each.rows) < BATCH_ROWS + 1000 for each in found[:-1])


def test_a_policy_says_who_is_shared_and_what_of_the_helper() -> None:
    raw = {"pauzedagen": 30, "alleenNaBesluit": True, "vanafFase": "stabilisatie", "contactvelden": ["email"]}
    assert read_policy(TOWN, raw | {"hoogsteKrimpProcent": 5}) == (
        policy(
            admission_required=True,
            first_phase=HelpPhase.STABILISATION,
            contact_fields=(ContactField.EMAIL,),
            most_gone_percent=5,
        ),
        (),
    )
    assert read_policy(TOWN, {"pauzedagen": 30}) == (policy(), ())
    wrong = {"vanafFase": "x", "contactvelden": ["naam"], "hoogsteKrimpProcent": 101, "alleenNaBesluit": 1}
    assert {each.field for each in read_policy(TOWN, {"pauzedagen": 30} | wrong)[1]} == wrong.keys()
