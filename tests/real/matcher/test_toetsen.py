"""POST /v1/toetsen: who may ask, what is answered, and what is told later."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.common.clock import AMSTERDAM
from services.common.events import (
    Agreement,
    AgreementKind,
    BailiffMatch,
    Check,
    CheckPurpose,
    HelpChange,
    Pause,
    PauseChange,
    PauseGround,
    Processing,
    Role,
)
from services.common.pseudonyms import Pseudonyms
from tests.real.matcher.conftest import House, new_registration, oin

pytestmark = pytest.mark.real
NOBODY = "00000099000000009999"


def new_bsn() -> str:
    """Return a made-up BSN that passes the 11-proef."""
    while True:
        text = f"9{uuid4().int % 10**8:08}"
        if sum(w * int(d) for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), text, strict=True)) % 11 == 0:
            return text


def question(bsn: str, **changes: Any) -> dict[str, Any]:
    return {"burgerservicenummer": bsn, "dossiernummer": "D-1", "reden": "dagvaarding"} | changes


def person_of(house: House, bsn: str) -> str:
    return Pseudonyms(house.runtime.settings.pseudonym_key).person(bsn)


async def test_an_unknown_person_is_answered_and_the_check_and_its_line_are_logged(house: House) -> None:
    bailiff, bsn = await house.party(Role.BAILIFF), new_bsn()
    now = house.clock.now()
    response = await house.ask(bailiff, question(bsn))
    assert response.status_code == 200, response.text
    assert response.json() == {
        "id": response.json()["id"],
        "bekend": False,
        "contacten": [],
        "peildatum": now.astimezone(AMSTERDAM).date().isoformat(),
        "geldigTot": (now + timedelta(days=28)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert response.headers["cache-control"] == "no-store"
    (check,) = await house.hear("checks.v1", Check, person_of(house, bsn))
    assert (check.asker, check.dossier, check.purpose) == (bailiff, "D-1", CheckPurpose.SUMMONS)
    assert (check.known, check.valid_until) == (False, now + timedelta(days=28))
    (line,) = await house.hear("processing-log.v1", Processing, bailiff)
    assert (line.check_id, line.data_subject_id) == (check.check_id, check.person)


async def test_a_known_person_is_answered_with_whom_to_call_and_nothing_else(house: House) -> None:
    bailiff, bsn = await house.party(Role.BAILIFF), new_bsn()
    registration = new_registration(person=person_of(house, bsn))
    await house.helped(registration)
    answer = (await house.ask(bailiff, question(bsn))).json()
    contact = registration.contact
    assert answer["bekend"] is True
    assert answer["contacten"] == [
        {
            "organisatie": contact.organisation,
            "telefoon": contact.phone,
            "email": contact.email,
            "peildatum": answer["peildatum"],
        }
    ]
    assert set(answer) == {"id", "bekend", "contacten", "peildatum", "geldigTot"}


async def test_help_that_starts_and_ends_after_the_check_is_told_to_its_asker_until_it_withdraws(
    house: House,
) -> None:
    bailiff, bsn = await house.party(Role.BAILIFF), new_bsn()
    person = person_of(house, bsn)
    kept = (await house.ask(bailiff, question(bsn, dossiernummer="D-7"))).json()
    withdrawn = (await house.ask(bailiff, question(bsn, dossiernummer="D-8"))).json()
    assert (kept["bekend"], withdrawn["bekend"]) == (False, False)
    headers = house.issuer.headers(bailiff, "toetsen")
    gone = await house.client.delete(f"/v1/toetsen/{withdrawn['id']}", headers=headers)
    assert gone.status_code == 204
    await until_handled(house, bailiff, person)
    registration = new_registration(person=person)
    await house.helped(registration)
    await house.helped(new_registration(person=person))
    await house.hear("bailiff-matches.v1", BailiffMatch, person, lambda found: len(found) > 1)
    known = house.views["registrations.by-person.v1"]
    for name in list(known.under(person)):
        await house.write("registrations.v1", name, None)
    _, started, ended = await house.hear(
        "bailiff-matches.v1", BailiffMatch, person, lambda found: len(found) > 2
    )
    assert (started.asker, started.dossier, started.contacts) == (bailiff, "D-7", (registration.contact,))
    assert (started.check_id, ended.check_id) == (kept["id"], kept["id"])
    assert (started.change, ended.change) == (HelpChange.STARTED, HelpChange.ENDED)
    assert ended.contacts == ()


async def until_handled(house: House, bailiff: str, person: str) -> None:
    """Return when all that was written about a person's checks is handled.

    Behind it comes a check that heard of help that is not there: of that a timer tells the end.
    """
    (check, *_) = await house.hear("checks.v1", Check, person)
    over, name = house.clock.now(), str(uuid4())
    behind = replace(check, check_id=name, asker=bailiff, dossier="D-0", known=True, valid_until=over)
    await house.write("checks.v1", person, behind)
    house.clock.advance(days=3)
    (told,) = await house.hear("bailiff-matches.v1", BailiffMatch, person)
    assert (told.check_id, told.change) == (behind.check_id, HelpChange.ENDED)


async def test_a_check_and_a_registration_that_cross_meet(house: House) -> None:
    """The registration is on the log first; the check was answered before the view showed it."""
    bailiff, person = oin(), uuid4().hex
    registration = new_registration(person=person)
    await house.write("registrations.v1", registration.registration_id, registration)
    check = Check(
        check_id=str(uuid4()),
        person=person,
        asker=bailiff,
        purpose=CheckPurpose.SUMMONS,
        dossier="D-8",
        known=False,
        contacts=(),
        data_date=house.clock.now().date(),
        valid_until=house.clock.now() + timedelta(days=28),
    )
    await house.helped(registration)
    await house.write("checks.v1", person, check)
    (match,) = await house.hear("bailiff-matches.v1", BailiffMatch, person)
    assert (match.check_id, match.asker) == (check.check_id, bailiff)


async def test_a_match_for_a_partner_of_the_covenant_makes_that_client_pause(house: House) -> None:
    bailiff, client, bsn = await house.party(Role.BAILIFF), await house.party(Role.CREDITOR), new_bsn()
    registration = new_registration(person=person_of(house, bsn))
    agreement = Agreement(
        agreement_id=uuid4().hex,
        kind=AgreementKind.SIGNALS,
        grantor=oin(),
        grantee=client,
        valid_from=house.clock.now().date() - timedelta(days=9),
    )
    await house.master("agreements.v1", agreement.agreement_id, agreement)
    await house.helped(registration)
    body = question(bsn, dossiernummer="D-9", opdrachtgever=client)
    assert (await house.ask(bailiff, body)).json()["bekend"] is True
    (pause,) = await house.hear("pauses.v1", Pause, client)
    assert (pause.ground, pause.dossier, pause.change) == (PauseGround.CHECK, "D-9", PauseChange.STARTED)
    assert (pause.municipality, pause.signal_ids) == (registration.municipality, ())


async def test_only_an_active_bailiff_may_ask(house: House) -> None:
    creditor, gone = await house.party(Role.CREDITOR), await house.party(Role.BAILIFF, active=False)
    for party in (creditor, gone, NOBODY):
        response = await house.ask(party, question(new_bsn()))
        assert (response.status_code, response.headers["content-type"]) == (403, "application/problem+json")


async def test_a_token_without_the_scope_or_no_token_gets_no_answer(house: House) -> None:
    bailiff = await house.party(Role.BAILIFF)
    assert (await house.ask(bailiff, question(new_bsn()), scope="signalen")).status_code == 403
    assert (await house.client.post("/v1/toetsen", json=question(new_bsn()))).status_code == 401


async def test_all_that_is_wrong_is_said_at_once(house: House) -> None:
    bailiff = await house.party(Role.BAILIFF)
    body = {"burgerservicenummer": "123456789", "reden": "zomaar", "namens": "1", "extra": 1}
    response = await house.ask(bailiff, body)
    found = {(each["veld"], each["code"]) for each in response.json()["fouten"]}
    assert response.status_code == 400
    assert found == {
        ("burgerservicenummer", "BSN_INVALID"),
        ("dossiernummer", "FIELD_MISSING"),
        ("reden", "FIELD_INVALID"),
        ("namens", "OIN_INVALID"),
        ("extra", "FIELD_UNKNOWN"),
    }
    assert "123456789" not in response.text
