"""Files that are right in some rows and wrong in others, or no files at all: snapshots and deliveries."""

import json
from typing import Any

import httpx

from services.local.demo.forms import file_of, registrations_file
from tests.real.hub.town import BSN, LANDLORD, OTHER_TOWN, PERSON, days_ago
from tests.real.hub.watched import (
    BROKEN,
    EMAIL,
    HOME,
    NAME,
    PHONE,
    POSTCODE,
    TYPES,
    WRONG,
    Watched,
    row,
    workbook,
)


def send(town: Watched) -> None:
    """Send them."""
    _deliveries(town)
    _snapshots(town)


def _deliveries(town: Watched) -> None:
    wrong = row("X-4") | {"signaalpartner": NAME, "ontstaansdatum": BSN, "gemeentecode": EMAIL}
    assert town.deliver("xlsx", [row("X-2"), wrong])["geweigerd"] == 1
    table = file_of("csv", (row("X-3"),))
    head, _, rest = table.partition(b"\r\n")
    for each in (rest, head.replace(b"klantnummer", NAME.encode()) + b"\r\n" + rest):
        assert town.post("/v1/leveringen", workbook(each), TYPES["xlsx"]).status_code == 400
        assert town.post("/v1/leveringen", each, TYPES["csv"]).status_code == 400
    assert town.post("/v1/leveringen", b"PK" + rest, TYPES["xlsx"]).status_code == 400
    key = {"Idempotency-Key": f"{BSN} {EMAIL}"}
    assert town.post("/v1/leveringen", table, TYPES["csv"], **key).status_code == 400
    town.send("ingest", "GET", f"/v1/leveringen?{BSN}={EMAIL}", LANDLORD, "signalen")


def _snapshots(town: Watched) -> None:
    """A municipality that has no other registrations: what it leaves out, ends."""
    good, wrong = _registration(), WRONG | {"kenmerk": BSN, "begindatum": NAME}
    town.sent += [good, wrong]
    lines = "\n".join([json.dumps({"kenmerk": "S-1"} | good), json.dumps(wrong), BROKEN])
    assert _wrong_rows(_put(town, 2, lines.encode(), "ndjson")) == {2, 3}
    table = registrations_file([("S-1", good), (BSN, _wrong_cells())])
    assert _wrong_rows(_put(town, 1, table, "csv")) == {3}
    assert _wrong_rows(_put(town, 0, workbook(table), "xlsx")) == {3}
    headless = table.partition(b"\r\n")[2]
    for form, content in {"csv": headless, "xlsx": workbook(headless)}.items():
        assert _put(town, 0, content, form).status_code == 400
    assert _put(town, 0, b"PK" + headless, "xlsx").status_code == 400
    for query in (f"namens={BSN}", f"bevestig={NAME}"):
        assert _put(town, 0, table, "csv", f"?{query}").status_code == 400
    nobody = registrations_file([])
    assert _put(town, 0, nobody, "csv").status_code == 409
    assert _put(town, 0, nobody, "csv", "?bevestig=true").status_code == 200
    _put(town, 0, NAME.encode(), "ndjson")


def _registration() -> dict[str, Any]:
    contact = {"organisatie": "Schuldhulp", "email": "hulp@example.org"}
    whose = {"burgerservicenummer": BSN, "persoon": PERSON, "adres": HOME}
    return whose | {"begindatum": days_ago(9), "contact": contact}


def _wrong_cells() -> dict[str, Any]:
    home = {"postcode": f"{POSTCODE}.", "huisnummer": NAME, "huisletter": EMAIL}
    whose = {"burgerservicenummer": "999990018", "geboortedatum": BSN, "geslachtsnaam": f"#{NAME}"}
    return {"persoon": whose, "adres": home, "begindatum": PHONE, "contact": {"telefoon": EMAIL}}


def _wrong_rows(answer: httpx.Response) -> set[int]:
    assert answer.status_code == 200, answer.text
    return {each["rij"] for each in answer.json()["fouten"]}


def _put(town: Watched, days: int, content: bytes, form: str, query: str = "") -> httpx.Response:
    path = f"/v1/momentopnames/{days_ago(days)}{query}"
    return town.upload("PUT", path, content, TYPES[form], OTHER_TOWN, "registraties")
