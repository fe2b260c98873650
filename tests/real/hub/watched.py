"""A town of which is known what it sent and what it heard, and what its parties say of a resident."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import xlsxwriter

from services.ingest.tables import XLSX_TYPE
from services.local.demo.forms import MEDIA_TYPE, file_of
from tests.real.hub.town import BSN, LANDLORD, TOWN, Town, signal_body

SECONDS = 180
CUSTOMER = "KLANT-4711"
NAME, POSTCODE, EMAIL, PHONE = "Ägypten-Jansen", "1234 XY", "bewoner@example.org", "0612345678"
HOME = {"postcode": POSTCODE, "huisnummer": 12}
"""Not the postcode that an error names as an example."""
WRONG: dict[str, Any] = {
    "kenmerk": f" {NAME} ",
    "schuldeiser": BSN,
    "gemeentecode": POSTCODE,
    "signaalpartner": NAME,
    "bedragInCenten": EMAIL,
    "ontstaansdatum": "29-02-1980",
    "signaaldatum": BSN,
    "crisissignaal": PHONE,
    "warmeOverdracht": NAME,
    "klantnummer": f"{CUSTOMER} ",
    "opmerking": BSN,
    BSN: 1,
    NAME: EMAIL,
    "persoon": {
        "burgerservicenummer": "999990018",
        "voorletters": EMAIL,
        "voorvoegsel": f"van {NAME}",
        "geslachtsnaam": f"#{NAME}",
        "geboortedatum": "1980-02-29T00:00",
        "roepnaam": NAME,
    },
    "adres": {
        "postcode": f"{POSTCODE}.",
        "huisnummer": BSN,
        "huisletter": NAME,
        "huisnummertoevoeging": EMAIL,
    },
    "contact": {"telefoon": EMAIL, "email": PHONE},
}
"""Personal data in every member, in the names of some, and none where it belongs."""
TYPES = MEDIA_TYPE | {"xlsx": XLSX_TYPE}
BROKEN = f'{{"burgerservicenummer": "{BSN}", "geslachtsnaam": "{NAME}'


def row(reference: str) -> dict[str, Any]:
    """Return a good signal."""
    return signal_body(reference, "Huur") | {"klantnummer": CUSTOMER, "adres": HOME}


def body_of(form: str, rows: list[Any]) -> bytes:
    """Return signals as a file."""
    return workbook(file_of("csv", tuple(rows))) if form == "xlsx" else file_of(form, tuple(rows))


def workbook(table: bytes) -> bytes:
    """Return a CSV file as a spreadsheet of texts."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(csv.reader(table.decode().splitlines(), delimiter=";")):
            sheet.write_row(number, 0, cells)
    return file.getvalue()


@dataclass
class Watched(Town):
    """A town that keeps what it sent and what it heard."""

    sent: list[object] = field(default_factory=list)
    heard: list[httpx.Response] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return Path(self.endpoints["jwks"]).parents[1]

    def send(
        self,
        service: str,
        method: str,
        path: str,
        party: str,
        scope: str,
        team: str | None = None,
        **body: Any,
    ) -> httpx.Response:
        self.sent.append(body.get("json"))
        return self.keep(super().send(service, method, path, party, scope, team, **body))

    def keep(self, answer: httpx.Response) -> httpx.Response:
        self.heard.append(answer)
        return answer

    def signal(
        self, creditor: str, reference: str, *, party: str | None = None, **other: Any
    ) -> httpx.Response:
        return super().signal(
            creditor, reference, party=party, **{"klantnummer": CUSTOMER, "adres": HOME} | other
        )

    def register(self, reference: str, party: str = TOWN, **other: Any) -> httpx.Response:
        return super().register(reference, party, **{"adres": HOME} | other)

    def wrong(self, method: str, service: str, path: str, party: str, scope: str, **body: Any) -> None:
        """Send what must be refused."""
        answer = self.send(service, method, f"/v1/{path}", party, scope, **body)
        assert answer.status_code == 400, answer.text

    def post(self, path: str, content: bytes, kind: str, **headers: str) -> httpx.Response:
        """Post a creditor's body as it is to ingest."""
        return self.upload("POST", path, content, kind, LANDLORD, "signalen", **headers)

    def upload(
        self, method: str, path: str, content: bytes, kind: str, party: str, scope: str, **more: str
    ) -> httpx.Response:
        """Send a body as it is to ingest; `more`: headers."""
        headers = {"Authorization": f"Bearer {self.token(party, scope)}", "Content-Type": kind} | more
        url = self.endpoints["ingest"] + path
        return self.keep(httpx.request(method, url, headers=headers, content=content, timeout=60))

    def deliver(self, form: str, rows: list[Any]) -> dict[str, Any]:
        """Deliver rows, and look the delivery up; return its counts."""
        self.sent += rows
        answer = self.post("/v1/leveringen", body_of(form, rows), TYPES[form])
        self.send("ingest", "GET", answer.headers["location"], LANDLORD, "signalen")
        counts: dict[str, Any] = answer.json()["aantallen"]
        return counts

    def answers(self) -> Iterator[tuple[str, bytes]]:
        """Yield what was heard as places to search."""
        for each in self.heard:
            what = "metrics" if each.url.path == "/metrics" else each.request.method
            place = f"answer {what} {each.status_code}"
            yield place, b"\n".join([*(b"%b: %b" % pair for pair in each.headers.raw), each.content])
