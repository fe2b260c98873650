"""Debt help as its parties play it: registrations, daily files, checks, answers to questions."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from services.local.demo.actions import (
    AnswerQuestions,
    Ask,
    DailyFile,
    EndHelp,
    Helping,
    Register,
    SignalRef,
)
from services.local.demo.desk import Desk, good
from services.local.demo.forms import MEDIA_TYPE, registrations_file


class HelpDesk:
    """`told`: what who asked heard, by dossier; `files`: what daily files did."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._references: dict[str, str] = {}
        self.told: dict[str, bool] = {}
        self.files: Counter[str] = Counter()

    async def do(self, action: Helping, today: date, signals: Mapping[SignalRef, str]) -> None:
        """Send what it takes; `signals`: the ids that the hub gave them."""
        match action:
            case Register():
                await self._register(action)
            case EndHelp():
                path = f"/v1/registraties/{action.reference}"
                good(await self._desk.ask("DELETE", path, party=action.registrar, scope="registraties"))
            case DailyFile():
                await self._send_file(action, today)
            case Ask():
                await self._check(action)
            case AnswerQuestions():
                yes = {(signals[signal], reference) for signal, reference in action.same if signal in signals}
                await self._answer(action.municipality, yes)

    async def _register(self, action: Register) -> None:
        who = {"party": action.registrar, "scope": "registraties"}
        path = f"/v1/registraties/{action.reference}"
        kept = good(await self._desk.ask("PUT", path, json=action.content, **who))
        self._references[kept["id"]] = action.reference

    async def _send_file(self, action: DailyFile, today: date) -> None:
        answer = await self._desk.ask(
            "PUT",
            f"/v1/momentopnames/{today}",
            party=action.registrar,
            scope="registraties",
            params={"bevestig": action.confirmed},
            content=registrations_file(action.rows),
            headers={"Content-Type": MEDIA_TYPE["csv"]},
        )
        if answer.status_code == HTTPStatus.CONFLICT:
            self.files["held"] += 1
            return
        counts = good(answer)["aantallen"]
        self.files["taken in"] += 1
        self.files["help starts"] += counts["nieuw"]
        self.files["help changes"] += counts["gewijzigd"]
        self.files["help ends"] += counts["beeindigd"]

    async def _check(self, action: Ask) -> None:
        question = {
            "burgerservicenummer": action.bsn,
            "dossiernummer": action.dossier,
            "reden": action.reason,
            "opdrachtgever": action.client,
            "namens": action.asker if action.sender else None,
        }
        answer = await self._desk.ask(
            "POST",
            "/v1/toetsen",
            service="matcher",
            party=action.sender or action.asker,
            scope="toetsen-eigen-inning" if action.reason.startswith("eigen-") else "toetsen",
            json={name: value for name, value in question.items() if value is not None},
        )
        self.told[action.dossier] = good(answer)["bekend"]

    async def _answer(self, municipality: str, yes: set[tuple[str, str]]) -> None:
        for question in await self._questions(municipality):
            pair = question["signaal"], self._references.get(question["registratie"], "")
            answer = {"antwoord": "ja" if pair in yes else "nee"}
            await self._ask_feedback("POST", f"/{question['id']}/antwoord", municipality, json=answer)

    async def _questions(self, municipality: str) -> list[dict[str, Any]]:
        page = await self._ask_feedback("GET", "", municipality)
        found: list[dict[str, Any]] = page["vragen"]
        while page.get("volgende"):
            page = await self._ask_feedback("GET", "", municipality, params={"vanaf": page["volgende"]})
            found += page["vragen"]
        return found

    async def _ask_feedback(self, method: str, path: str, municipality: str, **content: Any) -> Any:
        answer = await self._desk.ask(
            method, f"/v1/vragen{path}", service="feedback", party=municipality, scope="zaken", **content
        )
        return good(answer)
