"""All that happens to a hub, in small: what partners do right and wrong, what nobody may, what breaks."""

import json
import os
import signal
from urllib.parse import quote

import httpx

from services.common.identifiers import derived_id
from services.local.demo.forms import MEDIA_TYPE, file_of
from services.local.waiting import free_ports, wait_until
from tests.real.hub import story_files, story_intake
from tests.real.hub.town import BAILIFF, BSN, HUB, INSURER, LANDLORD, PERSON, TOWN, days_ago
from tests.real.hub.watched import (
    BROKEN,
    EMAIL,
    HOME,
    NAME,
    PHONE,
    SECONDS,
    WRONG,
    Watched,
    row,
)


def live(town: Watched) -> None:
    """Let all of it happen."""
    _webhooks(town)
    story_intake.write(town)
    _right(town)
    _wrong(town)
    story_files.send(town)
    story_intake.wait_for_it(town)
    _forbidden(town)
    _killed(town)


def _webhooks(town: Watched) -> None:
    """Nobody listens there, so that the bodies stay in the database and the errors in the log."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}/hub"
    creditor = {"naam": "Verhuurder", "rollen": ["schuldeiser"], "signaalpartner": "Huur"}
    town.master(f"partijen/{LANDLORD}", **creditor, webhook=url)
    town.master(f"partijen/{BAILIFF}", naam="Deurwaarder", rollen=["deurwaarder"], webhook=url)


def _right(town: Watched) -> None:
    assert town.check().json()["bekend"] is False
    assert town.signal(INSURER, "Z-1").status_code == 202
    assert town.signal(LANDLORD, "H-1").status_code == 202
    wait_until(lambda: any(len(case["signalen"]) == 2 for case in town.cases()), SECONDS, "the case")
    case = next(case["id"] for case in town.cases() if len(case["signalen"]) == 2)
    assert town.attempt(case).status_code == 202
    assert town.result(case).status_code == 202
    assert town.register("SHV-1").is_success
    wait_until(lambda: town.check().json()["bekend"], SECONDS, "the registration")
    wait_until(lambda: town.debts("M-1").status_code == 202, SECONDS, "the registration in ingest")
    _questions(town)
    assert town.register("SHV-1", adres=HOME | {"huisnummer": 5}).is_success
    path = f"/v1/signalen/{derived_id('signal', LANDLORD, 'H-1')}"
    corrected = row("H-1") | {"adres": HOME | {"huisnummer": 7}}
    assert town.send("ingest", "PUT", path, LANDLORD, "signalen", json=corrected).status_code == 202
    assert town.send("ingest", "DELETE", path, LANDLORD, "signalen").status_code == 204
    for form in ("csv", "ndjson", "xlsx"):
        assert town.deliver(form, [row(f"{form}-{number}") for number in range(3)])["geaccepteerd"] == 3
    assert town.send("ingest", "DELETE", "/v1/registraties/SHV-1", TOWN, "registraties").status_code == 204


def _questions(town: Watched) -> None:
    """A signal that names no birth date and says more, may be of who is in debt help: that is asked."""
    some = {name: PERSON[name] for name in ("voorletters", "geslachtsnaam")}
    assert town.signal(LANDLORD, "H-7", persoon=some, bedragInCenten=999_999).status_code == 202
    wait_until(lambda: bool(town.questions()), SECONDS, "the question")
    path = f"/v1/vragen/{town.questions()[0]['id']}/antwoord"
    town.wrong("POST", "feedback", path.removeprefix("/v1/"), TOWN, "zaken", json={"antwoord": NAME, BSN: 1})
    answer = town.send("feedback", "POST", path, TOWN, "zaken", json={"antwoord": "nee"})
    assert answer.status_code == 202, answer.text


def _wrong(town: Watched) -> None:
    assert town.signal(LANDLORD, "H-1", bedragInCenten=1).status_code == 409
    town.send("ingest", "DELETE", f"/v1/signalen/{BSN}", LANDLORD, "signalen")
    signal_id = derived_id("signal", INSURER, "Z-1")
    town.wrong("PUT", "ingest", f"signalen/{signal_id}", INSURER, "signalen", json=WRONG)
    assert town.signal(LANDLORD, "H-2", ontstaansdatum=days_ago(0)).status_code == 400
    for creditor in (LANDLORD, INSURER):
        assert town.signal(creditor, "H-3", **WRONG).status_code == 400
    assert town.post("/v1/signalen", BROKEN.encode(), "application/json").status_code == 400
    assert town.deliver("ndjson", [row("R-1"), WRONG, BROKEN])["geweigerd"] == 2
    assert (
        town.deliver("csv", [row("R-2") | {"signaalpartner": NAME, "ontstaansdatum": BSN}])["geweigerd"] == 1
    )
    headless = file_of("csv", (row("R-3"),)).partition(b"\r\n")[2]
    assert town.post("/v1/leveringen", headless, MEDIA_TYPE["csv"]).status_code == 400
    town.wrong("GET", "ingest", f"leveringen/{BSN}?vanafRegel={EMAIL}", LANDLORD, "signalen")
    contact = {"organisatie": 1, "email": BSN}
    registration = WRONG | {"begindatum": NAME, "contact": contact}
    town.wrong("PUT", "ingest", "registraties/SHV-2", TOWN, "registraties", json=registration)
    check = {
        "burgerservicenummer": "999990018",
        "dossiernummer": BSN * 9,
        "reden": NAME,
        "namens": BSN,
        NAME: EMAIL,
    }
    town.wrong("POST", "matcher", "toetsen", BAILIFF, "toetsen", json=check)
    right = {"burgerservicenummer": BSN, "dossiernummer": "D-2", "reden": "beslag"}
    many = {"toetsen": [right, check, right | {"burgerservicenummer": EMAIL}, NAME]}
    rows = town.send("matcher", "POST", "/v1/bulktoetsen", BAILIFF, "toetsen", json=many).json()["rijen"]
    assert [bool(each["antwoord"]) for each in rows] == [True, False, False, False]
    town.wrong("POST", "matcher", "bulktoetsen", BAILIFF, "toetsen", json=many | {"namens": NAME, EMAIL: BSN})
    town.send("matcher", "DELETE", f"/v1/toetsen/{BSN}", BAILIFF, "toetsen")
    debts = check | {"schulden": [WRONG | {"schuldeiserNaam": f"{NAME}\n"}, NAME]}
    town.wrong("POST", "ingest", "schuldmeldingen", BAILIFF, "schuldmeldingen", json=debts)
    for path in (f"partijen/{TOWN}", "overeenkomsten/x", f"beleid/{TOWN}", "teams/x"):
        body = WRONG | {"naam": 1, "soort": NAME, "pauzedagen": BSN, "webhook": EMAIL, "rollen": [NAME]}
        town.wrong("PUT", "ingest", path, HUB, "beheer", json=body)
    _wrong_of_teams(town, town.cases()[0]["id"])


def _wrong_of_teams(town: Watched, case: str) -> None:
    result = {"resultaat": NAME, "datum": "1980-02-29", "signalen": [BSN], NAME: PHONE}
    town.wrong("PUT", "feedback", f"zaken/{case}/resultaat", TOWN, "zaken", json=result)
    attempt = {"kenmerk": f" {BSN}", "soort": NAME, "bereikt": EMAIL, "datum": "1980-02-29", "dagdeel": PHONE}
    town.wrong("POST", "feedback", f"zaken/{case}/contactpogingen", TOWN, "zaken", json=attempt | WRONG)
    town.wrong("GET", "feedback", f"zaken?status={quote(NAME)}&vanaf={BSN}", TOWN, "zaken")
    town.wrong("GET", "feedback", f"pauzes?vanaf={BSN}", LANDLORD, "pauzes")
    town.wrong("GET", "feedback", f"pauzes/dagbestand?datum={BSN}", LANDLORD, "pauzes")
    town.wrong("POST", "feedback", f"zaken/{case}/pauze", TOWN, "zaken", json={"totEnMet": NAME} | WRONG)
    town.wrong("GET", "feedback", f"vragen?vanaf={BSN}", TOWN, "zaken")
    town.wrong("POST", "feedback", f"vragen/{case}/antwoord", TOWN, "zaken", json={"antwoord": NAME} | WRONG)
    town.wrong("GET", "feedback", f"terugkoppelingen?vanaf={BSN}", LANDLORD, "terugkoppelingen")


def _forbidden(town: Watched) -> None:
    """No token, no scope, no such path, method or format: with personal data wherever it fits."""
    body, ingest = row("X-1"), town.endpoints["ingest"]
    town.send("ingest", "POST", "/v1/signalen", LANDLORD, "zaken", json=body)
    town.send("ingest", "GET", "/v1/signalen", LANDLORD, "signalen")
    town.post("/v1/signalen", NAME.encode(), "text/plain")
    town.send("ingest", "PUT", f"/v1/beleid/{TOWN}", LANDLORD, "beheer", json=body)
    town.send("feedback", "GET", f"/v1/signalen/{BSN}", LANDLORD, "terugkoppelingen")
    town.send("feedback", "GET", f"/v1/{quote(NAME)}/{EMAIL}", LANDLORD, "terugkoppelingen")
    town.keep(httpx.post(f"{ingest}/v1/signalen", json=body))
    town.keep(httpx.post(f"{ingest}/v1/signalen", json=body, headers={"Authorization": f"Bearer {BSN}"}))
    traced = {"traceparent": f"00-{BSN}-{NAME.encode().hex()}-01", "User-Agent": EMAIL, "X-Request-Id": PHONE}
    town.keep(httpx.get(f"{ingest}/v1/leveringen/{BSN}", headers=traced))
    assert {401, 403, 404, 405, 415} <= {each.status_code for each in town.heard}
    for service in ("ingest", "matcher", "notifier", "feedback"):
        town.keep(httpx.get(f"{town.endpoints[service]}/metrics"))


def _killed(town: Watched) -> None:
    """Everything is killed; while the database is away, senders get 503."""
    _kill(town, "postgres")
    wait_until(lambda: town.signal(LANDLORD, "H-4").status_code == 503, SECONDS, "a 503", poll=0)
    for name in town.endpoints["pids"].keys() - {"postgres"}:
        _kill(town, name)
    wait_until(lambda: _accepts(town), SECONDS, "the hub")


def _kill(town: Watched, name: str) -> None:
    os.kill(json.loads((town.folder / "endpoints.json").read_text())["pids"][name], signal.SIGKILL)


def _accepts(town: Watched) -> bool:
    try:
        return town.signal(LANDLORD, "H-5").status_code == 202
    except httpx.TransportError:
        return False
