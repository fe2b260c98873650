"""What creditors read: their own signals, by the allow-list, and nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.common.database import transaction
from services.common.events import FeedbackStatus
from tests.real.feedback.conftest import HELPER, TODAY, Desk, oin, told

pytestmark = pytest.mark.real
SCOPE = "terugkoppelingen"


async def changes(desk: Desk, party: str, **query: Any) -> dict[str, Any]:
    answer = await desk.call("GET", "/terugkoppelingen", party, SCOPE, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_creditor_reads_the_last_that_was_disclosed_of_its_signal(desk: Desk) -> None:
    creditor, town = oin(), oin()
    first = told(creditor, town, FeedbackStatus.PICKED_UP)
    await desk.disclose(first, replace(first, help_accepted=True))
    answer = await desk.call("GET", f"/signalen/{first.signal_id}", creditor, SCOPE)
    assert answer.json() == {
        "id": first.signal_id,
        "gemeente": town,
        "status": "Opgepakt",
        "hulpGeaccepteerd": True,
        "contacten": [],
        "ingetrokken": False,
    }


async def test_of_two_households_the_higher_revision_of_a_signal_is_read(desk: Desk) -> None:
    creditor, town = oin(), oin()
    moved = told(creditor, town, FeedbackStatus.NOT_YET_PICKED_UP, revision=2)
    before = replace(moved, status=FeedbackStatus.PICKED_UP, revision=1)
    await desk.disclose(moved, before)
    path = f"/signalen/{moved.signal_id}"
    assert (await desk.call("GET", path, creditor, SCOPE)).json()["status"] == "Nog niet opgepakt"
    gone = replace(moved, status=FeedbackStatus.NOT_PICKED_UP, revision=3, withdrawn=True)
    await desk.disclose(gone, moved)
    assert (await desk.call("GET", path, creditor, SCOPE)).json()["ingetrokken"] is True


async def test_contacts_are_there_while_help_runs_and_are_gone_after(desk: Desk) -> None:
    creditor = oin()
    known = told(creditor, oin(), FeedbackStatus.KNOWN_IN_DEBT_HELP, contacts=(HELPER,))
    await desk.disclose(known)
    path = f"/signalen/{known.signal_id}"
    found = (await desk.call("GET", path, creditor, SCOPE)).json()
    assert found["status"] == "Inwoner al bekend bij schuldhulpverlening"
    assert found["contacten"] == [
        {"organisatie": "Kredietbank", "telefoon": "0301234567", "email": "balie@kredietbank.example"}
    ]
    await desk.disclose(replace(known, status=FeedbackStatus.NOT_YET_PICKED_UP, contacts=()))
    found = (await desk.call("GET", path, creditor, SCOPE)).json()
    assert (found["status"], found["contacten"]) == ("Nog niet opgepakt", [])


async def test_the_allow_list_is_applied_again_to_what_a_row_holds(desk: Desk) -> None:
    creditor = oin()
    known = told(creditor, oin(), FeedbackStatus.KNOWN_IN_DEBT_HELP, contacts=(HELPER,))
    await desk.disclose(known)
    async with transaction(desk.engine) as connection:
        change = "UPDATE feedback.disclosed SET status = 'NOT_PICKED_UP', help_accepted = true"
        await connection.execute(text(f"{change} WHERE signal_id = :id"), {"id": known.signal_id})
    found = (await desk.call("GET", f"/signalen/{known.signal_id}", creditor, SCOPE)).json()
    assert (found["status"], found["hulpGeaccepteerd"], found["contacten"]) == ("Niet opgepakt", None, [])


async def test_what_is_not_yours_is_not_there(desk: Desk) -> None:
    creditor, stranger = oin(), oin()
    signal = told(creditor, oin(), FeedbackStatus.PICKED_UP)
    await desk.disclose(signal)
    for path in (f"/signalen/{signal.signal_id}", f"/signalen/{signal.signal_id}?schuldeiser={creditor}"):
        assert (await desk.call("GET", path, stranger, SCOPE)).status_code == 404
    assert (await desk.call("GET", "/signalen/x%00", creditor, SCOPE)).status_code == 404
    assert (await changes(desk, stranger))["terugkoppelingen"] == []
    answer = await desk.call("GET", f"/terugkoppelingen?schuldeiser={creditor}", stranger, SCOPE)
    assert answer.status_code == 404
    assert (await desk.call("GET", f"/signalen/{signal.signal_id}", creditor, "zaken")).status_code == 403


async def test_an_intermediary_reads_only_for_the_municipalities_of_its_agreements(desk: Desk) -> None:
    creditor, office, town, elsewhere = oin(), oin(), oin(), oin()
    here = told(creditor, town, FeedbackStatus.PICKED_UP)
    there = told(creditor, elsewhere, FeedbackStatus.PICKED_UP)
    await desk.disclose(here, there)
    desk.senders[office, creditor] = [town]
    found = await changes(desk, office, schuldeiser=creditor)
    assert [each["id"] for each in found["terugkoppelingen"]] == [here.signal_id]
    own = f"/signalen/{here.signal_id}?schuldeiser={creditor}"
    other = f"/signalen/{there.signal_id}?schuldeiser={creditor}"
    assert (await desk.call("GET", own, office, SCOPE)).status_code == 200
    assert (await desk.call("GET", other, office, SCOPE)).status_code == 404
    assert (await desk.call("GET", f"/signalen/{here.signal_id}", office, SCOPE)).status_code == 404


async def test_changes_since_a_moment_are_those_that_became_readable_since(desk: Desk) -> None:
    creditor, before = oin(), desk.clock.now()
    old, new = (told(creditor, oin(), FeedbackStatus.PICKED_UP) for _ in range(2))
    await desk.disclose(old)
    desk.clock.advance(hours=1)
    await desk.disclose(new)
    moment = desk.clock.now()
    desk.clock.set(before)
    for vanaf in (moment.isoformat(), (moment + timedelta(hours=1)).isoformat().replace("+00:00", "+01:00")):
        found = (await changes(desk, creditor, vanaf=vanaf))["terugkoppelingen"]
        assert [(each["id"], each["gewijzigdOp"]) for each in found] == [
            (new.signal_id, moment.isoformat().replace("+00:00", "Z"))
        ]
    everything = (await changes(desk, creditor))["terugkoppelingen"]
    assert [each["id"] for each in everything] == [old.signal_id, new.signal_id]


async def test_pages_of_changes_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    creditor, town = oin(), oin()
    all_of_them = [told(creditor, town, FeedbackStatus.PICKED_UP) for _ in range(2100)]
    await desk.disclose(*all_of_them)
    found: list[str] = []
    query: dict[str, str] = {"vanaf": TODAY.isoformat()}
    while True:
        page = await changes(desk, creditor, **query)
        found += [each["id"] for each in page["terugkoppelingen"]]
        if not page.get("volgende"):
            break
        query = {"vanaf": page["volgende"]}
    assert found == [each.signal_id for each in all_of_them]


@pytest.mark.parametrize("vanaf", ["gisteren", "2026-03-01", "2026-03-01T10:00:00", "c.x", "c.WyJ4Il0"])
async def test_a_moment_without_zone_or_a_foreign_cursor_is_a_400(desk: Desk, vanaf: str) -> None:
    answer = await desk.call("GET", "/terugkoppelingen", oin(), SCOPE, params={"vanaf": vanaf})
    assert answer.status_code == 400
