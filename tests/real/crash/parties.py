"""What each party says to the hub; what is accepted goes into the history that the reference model reads."""

import itertools
import json
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from math import inf
from typing import Any

import httpx

from services.common.clock import begin_of
from services.common.pseudonyms import Pseudonyms
from tests.real.crash.forms import (
    HELPERS,
    KINDS,
    RESULTS,
    Resident,
    body_of,
    contact_of,
    derived,
    registration_of,
)
from tests.real.crash.gathering import GATHER_SECONDS, Gathering
from tests.real.crash.history import Check, History, Key, Moment, Order, Result, Sent, Signal
from tests.real.crash.speaker import IMPATIENCE_SECONDS, Voice
from tests.real.hub.town import BAILIFF, INSURER

ORDER_SECONDS = 60.0
"""After which feedback knows of every pause that runs; while it is away it says 503."""
_NDJSON = {"Content-Type": "application/x-ndjson"}


class Parties:
    """What each party can say; what is accepted goes into the history.

    Deliveries, lists of residents in debt help and checks are those of all streets at once: while one request
    is under way the next one gathers.
    """

    def __init__(
        self,
        speaker: Voice,
        pseudonyms: Pseudonyms,
        history: History,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        """`pseudonyms` name the cases, so that no team has to page through its whole worklist for each."""
        self.history = history
        self.pseudonyms = pseudonyms
        self._speaker = speaker
        self._clock = speaker.clock
        self._deliveries = {
            creditor: Gathering(self._deliverer(creditor), gather_seconds) for creditor in KINDS
        }
        self._lists = {town: Gathering(self._lister(town), gather_seconds) for town in HELPERS}
        self._listed: dict[str, dict[str, Resident]] = {town: {} for town in HELPERS}
        self._questions = Gathering(self._ask, gather_seconds)
        self._files = itertools.count(1)

    def case(self, key: Key) -> str:
        """Return the id of a case."""
        (town, home, unit), month = key
        household = self.pseudonyms.household(*home)
        return derived("case", town, household, self.pseudonyms.unit(unit), month)

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
        answer, at = await self._creditor("POST", signal, reference, patience=IMPATIENCE_SECONDS)
        assert answer.status_code == 202, answer.text
        assert answer.json()["id"] == signal.id
        self._accepted(signal, at)

    async def deliver(self, creditor: str, signals: dict[str, Signal]) -> None:
        """Send signals (by reference) in the next delivery of their creditor."""
        await self._deliveries[creditor].add([*signals.items()])

    async def correct(self, signal: Signal, reference: str) -> None:
        """Put other content in the place of an accepted signal; the same again is the same correction."""
        for _ in range(2):
            answer, at = await self._creditor("PUT", signal, reference, path=f"/{signal.id}")
            assert answer.status_code == 202, answer.text
            sent = self.history.sent[signal.id]
            if replace(sent.now, at=signal.at) != signal:
                sent.versions.append(replace(signal, at=at))

    async def withdraw(self, signal: Signal) -> None:
        path = f"/v1/signalen/{signal.id}"
        for _ in range(2):
            answer, _ = await self._speaker.say("ingest", "DELETE", path, signal.creditor, "signalen")
            assert answer.status_code == 204, answer.text
        self.history.sent[signal.id].withdrawn = True

    async def refused(self, signal: Signal, reference: str) -> None:
        """Send a signal with an impossible amount."""
        answer, _ = await self._creditor("POST", replace(signal, amount=-1), reference)
        assert answer.status_code == 400, answer.text
        self.history.refused.add(signal.id)

    async def contradicted(self, signal: Signal, reference: str) -> None:
        """Send other content under a reference that was accepted, or anything once it was withdrawn."""
        answer, _ = await self._creditor("POST", replace(signal, amount=signal.amount + 1), reference)
        assert answer.status_code == 409, answer.text

    async def register(self, resident: Resident, reference: str) -> None:
        """Keep a registration, at the address where the resident is now."""
        body, path = registration_of(resident, reference), f"/v1/registraties/{reference}"
        answer, at = await self._speaker.say("ingest", "PUT", path, resident.town, "registraties", json=body)
        assert answer.status_code == 200, answer.text
        self._helps(resident, reference, at)

    async def unregister(self, town: str, reference: str) -> None:
        path = f"/v1/registraties/{reference}"
        answer, _ = await self._speaker.say("ingest", "DELETE", path, town, "registraties")
        assert answer.status_code == 204, answer.text
        self.history.help[reference].ended = True

    async def enlist(self, town: str, residents: Iterable[tuple[str, Resident | None]]) -> None:
        """Have these residents (by reference) in the next list of a town's helper; None: not any more."""
        await self._lists[town].add([*residents])

    async def ask(self, questions: Iterable[tuple[str, str]]) -> None:
        """Ask (dossier, BSN) as a bailiff; what gets no answer is asked again, as another check."""
        await self._questions.add([*questions])

    async def attempt(self, key: Key, reference: str) -> None:
        body = {
            "kenmerk": reference,
            "soort": "Huisbezoek",
            "bereikt": True,
            "datum": "2026-03-10",
            "dagdeel": "Ochtend",
        }
        await self._team("POST", key, "contactpogingen", body)
        self.history.attempts.append(key)

    async def conclude(self, key: Key, code: str, named: tuple[str, ...] = ()) -> None:
        """Record a result; the worklist may not have all the signals of the case yet (400)."""
        body = {"resultaat": RESULTS[code], "datum": "2026-03-10", "signalen": list(named)}
        at = await self._team("PUT", key, "resultaat", body, again={404, 400} if named else {404})
        self.history.results.append(Result(key, code, named, at))

    async def prolong(self, key: Key, last: date) -> None:
        """Let the pauses of a case run to the end of a day."""
        await self._order(key, "pauze", {"totEnMet": last.isoformat()}, begin_of(last + timedelta(days=1)))

    async def end_pauses(self, key: Key) -> None:
        await self._order(key, "pauze/beeindiging", {}, None)

    async def _order(self, key: Key, what: str, body: Any, until: datetime | None) -> None:
        """Feedback may not know of the pauses yet (409). When it stays so none runs, and nothing is ordered.

        A result is about one person of its case: when that signal is withdrawn nobody's pause runs by it.
        """
        answer, at = await self._case("POST", key, what, body, {404, 409}, ORDER_SECONDS)
        if answer.status_code != HTTPStatus.CONFLICT:
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
            self.history.orders.append(Order(key, until, at))

    async def reads(self, creditor: str, signal: str, status: str) -> bool:
        """Tell whether a creditor that asks once reads this status of its signal."""
        answer = await self._speaker.ask("feedback", f"/v1/signalen/{signal}", creditor, "terugkoppelingen")
        return answer is not None and answer.status_code == 200 and answer.json()["status"] == status

    async def _creditor(
        self, method: str, signal: Signal, reference: str, path: str = "", **more: Any
    ) -> tuple[httpx.Response, Moment]:
        body = body_of(signal, reference)
        where = f"/v1/signalen{path}"
        return await self._speaker.say(
            "ingest", method, where, signal.creditor, "signalen", json=body, **more
        )

    async def _team(
        self, method: str, key: Key, what: str, body: Any, again: Collection[int] = (404,)
    ) -> Moment:
        """The worklist may not have the case yet (404)."""
        answer, at = await self._case(method, key, what, body, again)
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
        return at

    async def _case(
        self, method: str, key: Key, what: str, body: Any, again: Collection[int], longest: float = inf
    ) -> tuple[httpx.Response, Moment]:
        path, (town, _, _) = f"/v1/zaken/{self.case(key)}/{what}", key[0]
        return await self._speaker.say(
            "feedback", method, path, town, "zaken", again=again, longest=longest, json=body
        )

    def _deliverer(self, creditor: str) -> Callable[[list[tuple[str, Signal]]], Awaitable[None]]:
        async def deliver(signals: list[tuple[str, Signal]]) -> None:
            """The whole is sent twice under its key: the second time nothing is taken in."""
            lines = [json.dumps(body_of(signal, reference)) for reference, signal in signals]
            headers = _NDJSON | {"Idempotency-Key": f"{creditor}-{next(self._files)}"}
            content = "\n".join(lines).encode()
            answers = []
            for _ in range(2):
                answer, at = await self._speaker.say(
                    *("ingest", "POST", "/v1/leveringen", creditor, "signalen"),
                    content=content,
                    headers=headers,
                )
                assert answer.status_code == 202, answer.text
                answers.append(answer.json())
                for _, signal in signals:
                    self._accepted(signal, at)
            counts = answers[0]["aantallen"]
            assert answers[0] == answers[1], answers
            assert counts["geaccepteerd"] == counts["ontvangen"] == len(signals), counts

        return deliver

    def _lister(self, town: str) -> Callable[[list[tuple[str, Resident | None]]], Awaitable[None]]:
        async def send(changes: list[tuple[str, Resident | None]]) -> None:
            """All whom the helper helps; who is not on the list any more has help that ended."""
            listed = self._listed[town]
            for reference, resident in changes:
                if resident is None:
                    del listed[reference]
                else:
                    listed[reference] = resident
            rows = [
                json.dumps(registration_of(each, name) | {"kenmerk": name}) for name, each in listed.items()
            ]
            at = await self._list(town, "\n".join(rows).encode())
            for reference, resident in changes:
                if resident is None:
                    self.history.help[reference].ended = True
                else:
                    self._helps(resident, reference, at)

        return send

    async def _list(self, town: str, content: bytes) -> Moment:
        """One that ends many registrations is held until it is confirmed; in force, it changes nothing."""
        path = f"/v1/momentopnames/2026-03-10?namens={town}"
        answer, at = await self._list_once(town, path, content)
        if answer.status_code == 409:
            answer, confirmed = await self._list_once(town, f"{path}&bevestig=true", content)
            at = Moment(at.early, confirmed.late)
        assert answer.status_code == 200, answer.text
        again, _ = await self._list_once(town, path, content)
        assert again.json()["resultaat"] == "ongewijzigd", again.text
        return at

    async def _list_once(self, town: str, path: str, content: bytes) -> tuple[httpx.Response, Moment]:
        return await self._speaker.say(
            "ingest", "PUT", path, HELPERS[town], "registraties", content=content, headers=_NDJSON
        )

    async def _ask(self, questions: list[tuple[str, str]]) -> None:
        rows = [
            {"burgerservicenummer": bsn, "dossiernummer": dossier, "reden": "dagvaarding"}
            for dossier, bsn in questions
        ]
        answer, _ = await self._speaker.say(
            "matcher", "POST", "/v1/bulktoetsen", BAILIFF, "toetsen", json={"toetsen": rows}
        )
        assert answer.status_code == 200, answer.text
        for (dossier, bsn), row in zip(questions, answer.json()["rijen"], strict=True):
            self.history.checks.append(Check(dossier, bsn, unknown=not row["antwoord"]["bekend"]))

    def _accepted(self, signal: Signal, at: Moment) -> None:
        """The first time counts: the same again is the same signal."""
        self.history.sent.setdefault(signal.id, Sent([replace(signal, at=at)]))

    def _helps(self, resident: Resident, reference: str, at: Moment) -> None:
        contact = contact_of(reference)
        self.history.helps(reference, resident.person, contact, resident.home, at)
