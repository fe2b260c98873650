"""Steps of stories (tests/flow/steps.py) as the parties of a running hub say them over HTTP."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from services.common.events import CaseResult
from services.common.pseudonyms import Pseudonyms
from tests.flow.heard import Heard
from tests.flow.model import Model
from tests.flow.steps import (
    SAYS,
    Ask,
    End,
    Put,
    Reply,
    Send,
    Snapshot,
    Step,
    Unask,
    Withdraw,
    Work,
)
from tests.real.crash.forms import derived
from tests.real.crash.load import bsns
from tests.real.crash.speaker import Speaker
from tests.real.hub.town import BAILIFF, INSURER, TOWN

FUND, HELPER = "00000099000000003002", "00000099000000002001"
CREDITORS = {"insurer": INSURER, "fund": FUND}
REGISTRARS = {"town": TOWN, "team": HELPER}
RESULTS = {
    CaseResult.FOLLOW_UP_HELP: "Vervolghulp en/of verwijzing",
    CaseResult.ADVICE_OR_QUICK_FIX: "(Budget)advies en/of quick fix",
    CaseResult.NEVER_REACHED: "Definitief geen contact kunnen krijgen",
    CaseResult.NOT_RESIDENT: "Persoon is geen inwoner (meer) in de gemeente",
    CaseResult.KNOWN_IN_DEBT_HELP: "Inwoner al bekend bij schuldhulpverlening",
}
MEMBERS = {"initial": "voorletters", "birth date": "geboortedatum"}
ALIKE = {"p": ("A.", "1961-02-03"), "q": ("R.", "1997-11-28")}
"""Two of one surname, no slip apart in anything else."""
ELSEWHERE = {"postcode": "9999ZZ", "huisnummer": 1}
_NOT_THERE_YET = {400, 404, 409}
"""The worklist may be behind what the hub was told."""


@dataclass
class Player:
    """Says a step when it makes sense after what was said before, and tells the model what was accepted.

    Names of persons and houses begin with the number of their story.
    """

    speaker: Speaker
    pseudonyms: Pseudonyms
    model: Model
    heard: Heard
    names: dict[str, str]
    """Ids of the hub, and what they stand for in the stories."""
    checks: dict[str, str] = field(default_factory=dict)
    said: set[type[Step]] = field(default_factory=set)
    """Kinds of steps that were said."""
    _bsns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fresh = bsns()

    async def say(self, step: Step) -> None:
        match step:
            case Put():
                path = f"/v1/registraties/{quote(step.name)}"
                await self._done("ingest", "PUT", path, *self._registrar(step), json=self._registration(step))
            case End(name) if name in self.model.helps:
                path = f"/v1/registraties/{quote(name)}"
                await self._done("ingest", "DELETE", path, *self._registrar(step))
            case Send() if step.name not in self.model.withdrawn:
                await self._send(step)
                return
            case Withdraw(name) if name in self.model.signals:
                creditor = CREDITORS[self.model.signals[name].creditor]
                path = f"/v1/signalen/{derived('signal', creditor, name)}"
                await self._done("ingest", "DELETE", path, creditor, "signalen")
            case Work() if self._is_listed(step.signal):
                await self._work(step)
            case Ask():
                await self._ask(step)
                return
            case Unask(name) if name in self.model.checks:
                path = f"/v1/toetsen/{quote(self.checks[name])}"
                await self._done("matcher", "DELETE", path, BAILIFF, "toetsen")
                self.heard.unasked_lately.add(name)
            case Reply() if self._is_asked(step):
                question = self.heard.open()[step.signal, step.registration].question_id
                path, body = f"/v1/vragen/{question}/antwoord", {"antwoord": "ja" if step.same else "nee"}
                await self._done("feedback", "POST", path, TOWN, "zaken", again=_NOT_THERE_YET, json=body)
            case _:
                return
        self.said.add(type(step))
        self.model.happen(step, self.speaker.clock.now())

    async def snapshot(self, registrar: str, rows: Sequence[Put]) -> None:
        """Send all that a registrar has; that it is much less than before, or nothing, is confirmed."""
        day = self.speaker.clock.now().date()
        party = REGISTRARS[registrar]
        found = ({"kenmerk": each.name} | self._registration(each) for each in rows)
        lines = [json.dumps({k: v for k, v in each.items() if k != "namens"}) for each in found]
        body: dict[str, Any] = {
            "content": "\n".join(lines).encode(),
            "headers": {"Content-Type": "application/x-ndjson"},
            "params": {} if party == TOWN else {"namens": TOWN},
        }
        path = f"/v1/momentopnames/{day}"
        answer, _ = await self.speaker.say("ingest", "PUT", path, party, "registraties", **body)
        if answer.status_code == httpx.codes.CONFLICT:
            body["params"] |= {"bevestig": "true"}
            answer, _ = await self.speaker.say("ingest", "PUT", path, party, "registraties", **body)
        assert answer.is_success, answer.text
        self.said.add(Snapshot)
        self.model.happen(Snapshot(registrar, tuple(rows)), self.speaker.clock.now())

    def bsn(self, person: str) -> str:
        if person not in self._bsns:
            self._bsns[person] = next(self._fresh)
        return self._bsns[person]

    def home(self, house: str) -> tuple[str, int]:
        """Return where a house of a story is, and remember its name."""
        found = "1234AB", 2 * int(house[:-1]) + "ab".index(house[-1]) + 1
        self.names[self.pseudonyms.household(*found)] = house
        return found

    async def _done(
        self, service: str, method: str, path: str, party: str, scope: str, **body: Any
    ) -> httpx.Response:
        answer, _ = await self.speaker.say(service, method, path, party, scope, **body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def _send(self, step: Send) -> None:
        """Send a signal, or (under a name that was sent) correct it; its creditor stays the same."""
        at, before = self.speaker.clock.now(), self.model.signals.get(step.name)
        if before:
            step = Send(**{**vars(step), "creditor": before.creditor})
        creditor = CREDITORS[step.creditor]
        id_ = self.model.ids[step.name] = derived("signal", creditor, step.name)
        self.names[id_] = step.name
        day = self.model.days.get(step.name, at.date())
        body = self._signal(step, day)
        if before:
            await self._done("ingest", "PUT", f"/v1/signalen/{id_}", creditor, "signalen", json=body)
        else:
            await self._done("ingest", "POST", "/v1/signalen", creditor, "signalen", json=body)
        self.model.happen(step, at)

    async def _work(self, step: Work) -> None:
        house, month = self.model.case(step.signal)
        household, unit = self.pseudonyms.household(*self.home(house)), self.pseudonyms.unit("")
        case = derived("case", TOWN, household, unit, month)
        day = self.speaker.clock.now().date().isoformat()
        body: dict[str, Any] = {"datum": day}
        if step.result:
            body |= {"resultaat": RESULTS[step.result], "signalen": [self.model.ids[step.signal]]}
            method, path = "PUT", f"/v1/zaken/{case}/resultaat"
        else:
            body |= {"kenmerk": step.name, "soort": "Huisbezoek", "bereikt": True, "dagdeel": "Ochtend"}
            method, path = "POST", f"/v1/zaken/{case}/contactpogingen"
        await self._done("feedback", method, path, TOWN, "zaken", again=_NOT_THERE_YET, json=body)

    async def _ask(self, step: Ask) -> None:
        """A question that got no answer is asked again; what is told of the lost one is in no story."""
        body = {
            "burgerservicenummer": self.bsn(step.person),
            "dossiernummer": step.name,
            "reden": "dagvaarding",
        }
        answer = (await self._done("matcher", "POST", "/v1/toetsen", BAILIFF, "toetsen", json=body)).json()
        self.checks[step.name] = answer["id"]
        self.names[answer["id"]] = step.name
        known = frozenset(each["organisatie"] for each in answer["contacten"])
        self.model.ask(step, known, datetime.fromisoformat(answer["geldigTot"]) - timedelta(days=28))

    def _is_listed(self, signal: str) -> bool:
        return signal in self.model.signals and self.model.case(signal) in self.model.worklist()

    def _is_asked(self, step: Reply) -> bool:
        """What was asked at the last quiet moment, and is asked still."""
        pair = step.signal, step.registration
        asked = self.model.asked.get(pair)
        return asked is not None and self.model.questions().get(pair) == asked

    def _registrar(self, step: Put | End) -> tuple[str, str]:
        return REGISTRARS[step.name.split()[0]], "registraties"

    def _registration(self, step: Put) -> dict[str, Any]:
        registrar, _ = self._registrar(step)
        self.names[derived("registration", registrar, step.name)] = step.name
        body = {
            "burgerservicenummer": self.bsn(step.person),
            "persoon": _person(step.person, "everything"),
            "begindatum": "2026-01-05",
            "contact": {"organisatie": step.organisation, "telefoon": "020-0000000"},
            "adres": self._address(step.house) if step.house else ELSEWHERE,
        }
        return body | ({} if registrar == TOWN else {"namens": TOWN})

    def _signal(self, step: Send, day: Any) -> dict[str, Any]:
        bsn = {"burgerservicenummer": self.bsn(step.person)} if step.bsn else {}
        return {
            "kenmerk": step.name,
            "gemeentecode": "0363",
            "signaalpartner": "Zorg",
            "bedragInCenten": step.amount,
            "ontstaansdatum": (day - timedelta(days=60)).isoformat(),
            "signaaldatum": day.isoformat(),
            "inspanningen": ["a", "b", "c", "d"],
            "persoon": _person(step.person, step.says) | bsn,
            "adres": self._address(step.house),
        }

    def _address(self, house: str) -> dict[str, Any]:
        postcode, number = self.home(house)
        return {"postcode": postcode, "huisnummer": number}


def _person(person: str, says: str) -> dict[str, str]:
    initials, born = ALIKE[person[-1]]
    values = {"initial": initials, "birth date": born}
    return {"geslachtsnaam": "Brouwer"} | {MEMBERS[each]: values[each] for each in SAYS[says]}
