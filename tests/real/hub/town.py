"""A small town on a running hub: municipalities, creditors, a bailiff, and what they say over HTTP."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from joserfc.jwk import ECKey

HUB = "00000099000000000001"
TOWN = "00000099000000000363"
OTHER_TOWN = "00000099000000000518"
LANDLORD = "00000099000000001001"
OTHER_LANDLORD = "00000099000000001002"
INSURER = "00000099000000003001"
BAILIFF = "00000099000000004001"
BSN = "999990019"
"""From the published test range; passes the 11-proef."""
PERSON = {"voorletters": "J.", "geslachtsnaam": "Ägypten-Jansen", "geboortedatum": "1980-02-29"}
ADDRESS = {"postcode": "1234 AB", "huisnummer": 12, "huisletter": "a"}

Token = Callable[..., str]


@dataclass
class Town:
    """Speaks to a hub as its parties would."""

    endpoints: dict[str, Any]
    token: Token
    """token(party, scopes, team=None) -> JWT of the hub's own issuer."""
    keys: dict[str, ECKey] = field(default_factory=dict)

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
        headers = {"Authorization": f"Bearer {self.token(party, scope, team)}"}
        return httpx.request(method, self.endpoints[service] + path, headers=headers, timeout=20, **body)

    def settle(self) -> None:
        """Make the parties, agreements, policy and teams."""
        for oin, code, name in ((TOWN, "0363", "Voorbeeldstad"), (OTHER_TOWN, "0518", "Elders")):
            key = ECKey.generate_key("P-256", auto_kid=True)
            self.keys[oin] = key
            self.master(
                f"partijen/{oin}",
                naam=name,
                rollen=["gemeente"],
                gemeentecode=code,
                publiekeSleutel=key.as_dict(private=False),
            )
        for oin, kind in ((LANDLORD, "Huur"), (OTHER_LANDLORD, "Huur"), (INSURER, "Zorg")):
            self.master(
                f"partijen/{oin}", naam=f"Partij {oin[-4:]}", rollen=["schuldeiser"], signaalpartner=kind
            )
            for town in (TOWN, OTHER_TOWN):
                self.master(
                    f"overeenkomsten/{oin[-4:]}-{town[-4:]}",
                    soort="signalen",
                    gemeente=town,
                    schuldeiser=oin,
                    vanaf="2021-01-01",
                )
        self.master(f"partijen/{BAILIFF}", naam="Deurwaarder", rollen=["deurwaarder"])
        self.master(f"beleid/{TOWN}", pauzedagen=30)
        areas = {"gebieden": ["1234"], "lanen": [], "vangnet": False}
        self.master("teams/centrum", gemeente=TOWN, naam="Centrum", **areas)
        rest = {"gebieden": [], "lanen": ["crisis", "jongeren"], "vangnet": True}
        self.master("teams/stad", gemeente=TOWN, naam="Stad", **rest)

    def master(self, path: str, **body: Any) -> None:
        answer = self.send("ingest", "PUT", f"/v1/{path}", HUB, "beheer", json=body)
        assert answer.is_success, answer.text

    def signal(
        self, creditor: str, reference: str, *, party: str | None = None, **other: Any
    ) -> httpx.Response:
        body = signal_body(reference, "Zorg" if creditor == INSURER else "Huur") | other
        if party is not None:
            body["schuldeiser"] = creditor
        return self.send("ingest", "POST", "/v1/signalen", party or creditor, "signalen", json=body)

    def register(self, reference: str, party: str = TOWN, **other: Any) -> httpx.Response:
        body = {
            "burgerservicenummer": BSN,
            "persoon": PERSON,
            "adres": ADDRESS,
            "begindatum": days_ago(1),
            "contact": {"organisatie": "Schuldhulp", "telefoon": "020-0000000", "email": "hulp@example.org"},
        }
        path = f"/v1/registraties/{quote(reference)}"
        return self.send("ingest", "PUT", path, party, "registraties", json=body | other)

    def check(self, party: str = BAILIFF, **other: Any) -> httpx.Response:
        body = {"burgerservicenummer": BSN, "dossiernummer": "D-1", "reden": "dagvaarding"}
        return self.send("matcher", "POST", "/v1/toetsen", party, "toetsen", json=body | other)

    def debts(self, reference: str, party: str = BAILIFF, **other: Any) -> httpx.Response:
        debt = {
            "schuldeiserNaam": "Fietsenwinkel De Zon",
            "dossiernummer": "D-9",
            "bedragInCenten": 45_050,
            "soort": "Overige",
            "ontstaansdatum": days_ago(60),
        }
        body = {"kenmerk": reference, "burgerservicenummer": BSN, "reden": "beslag", "schulden": [debt]}
        return self.send("ingest", "POST", "/v1/schuldmeldingen", party, "schuldmeldingen", json=body | other)

    def cases(self, party: str = TOWN, team: str | None = None) -> list[dict[str, Any]]:
        answer = self.send("feedback", "GET", "/v1/zaken", party, "zaken", team)
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["zaken"]
        return found

    def questions(self, party: str = TOWN) -> list[dict[str, Any]]:
        answer = self.send("feedback", "GET", "/v1/vragen", party, "zaken")
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["vragen"]
        return found

    def result(self, case: str, party: str = TOWN, **other: Any) -> httpx.Response:
        body = {"resultaat": "(Budget)advies en/of quick fix", "datum": days_ago(0)} | other
        return self.send("feedback", "PUT", f"/v1/zaken/{case}/resultaat", party, "zaken", json=body)

    def attempt(self, case: str, party: str = TOWN) -> httpx.Response:
        body = {
            "kenmerk": "bezoek-1",
            "soort": "Huisbezoek",
            "bereikt": True,
            "datum": days_ago(0),
            "dagdeel": "Avond",
        }
        return self.send("feedback", "POST", f"/v1/zaken/{case}/contactpogingen", party, "zaken", json=body)


def signal_body(reference: str, kind: str) -> dict[str, Any]:
    person = {**PERSON, "burgerservicenummer": BSN} if kind == "Zorg" else dict(PERSON)
    return {
        "kenmerk": reference,
        "gemeentecode": "0363",
        "signaalpartner": kind,
        "bedragInCenten": 45_050,
        "ontstaansdatum": days_ago(60),
        "signaaldatum": days_ago(0),
        "inspanningen": ["a", "b", "c", "d"],
        "crisissignaal": False,
        "warmeOverdracht": False,
        "klantnummer": "K-77",
        "persoon": person,
        "adres": ADDRESS,
        "contact": {"telefoon": "0612345678", "email": "bewoner@example.org"},
    }


def days_ago(days: int) -> str:
    """A date of the recent past, not one that midnight in Amsterdam could put into the future."""
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def opened(personal: bytes, key: ECKey) -> dict[str, Any]:
    """Open the encrypted field as a municipality would, with a JOSE library."""
    from joserfc import jwe

    content: dict[str, Any] = json.loads(jwe.decrypt_compact(personal, key).plaintext or b"")
    return content
