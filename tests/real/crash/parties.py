"""What each party says to the hub; what is accepted goes into the history that the reference model reads."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from services.common.pseudonyms import Pseudonyms
from tests.real.crash.model import Attempt, Check, Help, History, Home, Moment, Person, Result, Signal
from tests.real.crash.speaker import IMPATIENCE_SECONDS, Voice
from tests.real.hub.town import BAILIFF, INSURER, LANDLORD, OTHER_LANDLORD, OTHER_TOWN, TOWN

NAMESPACE = UUID("6f0c9f2e-6d0c-5d7a-9d5b-0b7f1f5f6a31")
"""Of the ids that the hub derives: schemas/README.md."""
CODES = {TOWN: "0363", OTHER_TOWN: "0518"}
KINDS = {LANDLORD: "Huur", OTHER_LANDLORD: "Huur", INSURER: "Zorg"}
RESULTS = {
    "ADVICE_OR_QUICK_FIX": "(Budget)advies en/of quick fix",
    "FOLLOW_UP_HELP": "Vervolghulp en/of verwijzing",
    "SOLVES_IT_THEMSELVES": "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering",
    "NEVER_REACHED": "Definitief geen contact kunnen krijgen",
    "OTHER_REASON": "Niet opgepakt: andere reden",
    "REPEATED": "Niet opgepakt: herhaalde melding",
}
_NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody at an address; `unit` is the house letter."""

    person: Person
    town: str
    home: Home
    unit: str = ""


def derived(*parts: str) -> str:
    """Return an id as the hub derives it."""
    return str(uuid5(NAMESPACE, "\n".join(parts)))


def team_of(town: str, postcode: str, crisis: bool) -> str | None:
    """Return the team of a case, by the teams that Town.settle makes."""
    if town != TOWN:
        return None
    return "centrum" if postcode.startswith("1234") and not crisis else "stad"


class Parties:
    """What each party can say; what is accepted goes into the history."""

    def __init__(self, speaker: Voice, pseudonyms: Pseudonyms, history: History) -> None:
        """`pseudonyms` name the cases, so that no team has to page through its whole worklist for each."""
        self.history = history
        self.pseudonyms = pseudonyms
        self._speaker = speaker
        self._clock = speaker.clock

    def cases(self, signals: Iterable[Signal]) -> dict[str, list[Signal]]:
        """Return signals by the id of their case, in the order of their dates."""
        found: dict[str, list[Signal]] = {}
        for signal in sorted(signals, key=lambda each: (each.on, each.id)):
            household, unit = self.pseudonyms.household(*signal.home), self.pseudonyms.unit(signal.unit)
            case = derived("case", signal.town, household, unit, signal.on[:7])
            found.setdefault(case, []).append(signal)
        return found

    def signal(self, resident: Resident, creditor: str, reference: str, on: str, **other: Any) -> Signal:
        """Return a signal that is not sent yet; only the insurer may name the BSN."""
        bsn = resident.person.bsn if creditor == INSURER else None
        now = self._clock.now()
        return Signal(
            id=derived("signal", creditor, reference),
            creditor=creditor,
            town=resident.town,
            home=resident.home,
            unit=resident.unit,
            on=on,
            amount=other.get("amount", 45_000),
            crisis=other.get("crisis", False),
            person=replace(resident.person, bsn=bsn),
            at=Moment(now, now),
        )

    async def post(self, signal: Signal, reference: str) -> None:
        """Send one signal."""
        answer, at = await self._speaker.say(
            "ingest",
            "POST",
            "/v1/signalen",
            signal.creditor,
            "signalen",
            patience=IMPATIENCE_SECONDS,
            json=body_of(signal, reference),
        )
        assert answer.status_code == 202, answer.text
        assert answer.json()["id"] == signal.id
        self._accepted(replace(signal, at=at))

    async def deliver(self, creditor: str, signals: dict[str, Signal]) -> None:
        """Send signals (by reference) as one delivery."""
        lines = [json.dumps(body_of(signal, reference)) for reference, signal in signals.items()]
        answer, at = await self._speaker.say(
            "ingest",
            "POST",
            "/v1/leveringen",
            creditor,
            "signalen",
            content="\n".join(lines).encode(),
            headers=_NDJSON,
        )
        assert answer.status_code == 202, answer.text
        counts = answer.json()["aantallen"]
        assert counts["geaccepteerd"] == counts["ontvangen"] == len(signals), counts
        for signal in signals.values():
            self._accepted(replace(signal, at=at))

    async def refused(self, signal: Signal, reference: str) -> None:
        """Send a signal with an impossible amount."""
        body = body_of(replace(signal, amount=-1), reference)
        answer, _ = await self._speaker.say(
            "ingest", "POST", "/v1/signalen", signal.creditor, "signalen", json=body
        )
        assert answer.status_code == 400, answer.text
        self.history.refused.add(signal.id)

    async def contradicted(self, signal: Signal, reference: str) -> None:
        """Send other content under a reference that was accepted."""
        body = body_of(replace(signal, amount=signal.amount + 1), reference)
        answer, _ = await self._speaker.say(
            "ingest", "POST", "/v1/signalen", signal.creditor, "signalen", json=body
        )
        assert answer.status_code == 409, answer.text

    async def register(self, resident: Resident, reference: str) -> None:
        """Keep a registration, at the address where the resident is now."""
        body = {
            "burgerservicenummer": resident.person.bsn,
            "persoon": _person(resident.person),
            "adres": _address(resident.home, resident.unit),
            "begindatum": "2026-03-01",
            "contact": {"organisatie": f"Hulp {reference}", "telefoon": "020-0000000"},
        }
        path = f"/v1/registraties/{reference}"
        answer, at = await self._speaker.say("ingest", "PUT", path, resident.town, "registraties", json=body)
        assert answer.status_code == 200, answer.text
        kept = self.history.help.setdefault(reference, Help(resident.person, f"Hulp {reference}", [], at))
        kept.homes.append(resident.home)

    async def unregister(self, town: str, reference: str) -> None:
        path = f"/v1/registraties/{reference}"
        answer, _ = await self._speaker.say("ingest", "DELETE", path, town, "registraties")
        assert answer.status_code == 204, answer.text
        self.history.help[reference].ended = True

    async def ask(self, bsn: str, dossier: str) -> None:
        """Ask as a bailiff; a question that gets no answer is asked again, as another check."""
        body = {"burgerservicenummer": bsn, "dossiernummer": dossier, "reden": "dagvaarding"}
        answer, _ = await self._speaker.say("matcher", "POST", "/v1/toetsen", BAILIFF, "toetsen", json=body)
        assert answer.status_code == 200, answer.text
        self.history.checks.append(Check(dossier, bsn, unknown=not answer.json()["bekend"]))

    async def attempt(self, case: str, signal: Signal, reference: str) -> None:
        body = {
            "kenmerk": reference,
            "soort": "Huisbezoek",
            "bereikt": True,
            "datum": "2026-03-10",
            "dagdeel": "Ochtend",
        }
        path = f"/v1/zaken/{case}/contactpogingen"
        answer, at = await self._speaker.say(
            "feedback", "POST", path, signal.town, "zaken", again={404}, json=body
        )
        assert answer.status_code == 202, answer.text
        self.history.attempts.append(Attempt(signal.id, at))

    async def conclude(self, case: str, signal: Signal, code: str, named: tuple[str, ...] = ()) -> None:
        """Record a result; the worklist may not have the case (404) or all its signals (400) yet."""
        body = {"resultaat": RESULTS[code], "datum": "2026-03-10", "signalen": list(named)}
        answer, at = await self._speaker.say(
            "feedback",
            "PUT",
            f"/v1/zaken/{case}/resultaat",
            signal.town,
            "zaken",
            again={404, 400} if named else {404},
            json=body,
        )
        assert answer.status_code == 202, answer.text
        self.history.results.append(Result(signal.id, code, named, at))

    async def reads(self, creditor: str, signal: str, status: str) -> bool:
        """Tell whether a creditor that asks once reads this status of its signal."""
        answer = await self._speaker.ask("feedback", f"/v1/signalen/{signal}", creditor, "terugkoppelingen")
        return answer is not None and answer.status_code == 200 and answer.json()["status"] == status

    def _accepted(self, signal: Signal) -> None:
        """The first time counts: the same again is the same signal."""
        self.history.signals.setdefault(signal.id, signal)


def body_of(signal: Signal, reference: str) -> dict[str, Any]:
    """Return a signal as its creditor writes it."""
    return {
        "kenmerk": reference,
        "gemeentecode": CODES[signal.town],
        "signaalpartner": KINDS[signal.creditor],
        "bedragInCenten": signal.amount,
        "ontstaansdatum": "2026-01-05",
        "signaaldatum": signal.on,
        "inspanningen": ["a", "b", "c", "d"],
        "crisissignaal": signal.crisis,
        "warmeOverdracht": False,
        "persoon": _person(signal.person)
        | ({"burgerservicenummer": signal.person.bsn} if signal.person.bsn else {}),
        "adres": _address(signal.home, signal.unit),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "voorletters": f"{person.initial}.",
        "geslachtsnaam": person.surname,
        "geboortedatum": person.born,
    }


def _address(home: Home, unit: str) -> dict[str, Any]:
    return {"postcode": home[0], "huisnummer": home[1]} | ({"huisletter": unit} if unit else {})
