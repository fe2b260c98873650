"""Plays the steps: every action is a request of its party, and what the hub answers is kept."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any

import httpx

from services.local.demo.actions import (
    Action,
    Attempt,
    Conclude,
    Content,
    Correct,
    Deliver,
    SendSignal,
    SignalRef,
    Step,
    Withdraw,
    lane_of,
)
from services.local.demo.calendar import AMSTERDAM
from services.local.demo.desk import Desk, good
from services.local.demo.forms import MEDIA_TYPE, file_of
from services.local.demo.helpdesk import HelpDesk

SIDE_BY_SIDE = 16
"""Requests under way at once."""


class Script:
    """The parties. `answers` counts what the hub said of signals and cases."""

    def __init__(self, desk: Desk, advance: Callable[[int], None]) -> None:
        self._desk = desk
        self._advance = advance
        self._room = asyncio.Semaphore(SIDE_BY_SIDE)
        self._ids: dict[SignalRef, str] = {}
        self._cases: dict[str, dict[str, str]] = {}
        self._today = date.min
        self.answers: Counter[str] = Counter()
        self.help = HelpDesk(desk)

    async def play(self, step: Step) -> None:
        """Let all parties do what they do at this moment."""
        self._today = step.at.astimezone(AMSTERDAM).date()
        teams = {(a.team, a.municipality) for a in step.actions if isinstance(a, Attempt | Conclude)}
        self._cases = {team: await self.worklist(team, municipality) for team, municipality in teams}
        lanes: dict[str, list[Action]] = defaultdict(list)
        for action in step.actions:
            lanes[lane_of(action)].append(action)
        await asyncio.gather(*map(self._lane, lanes.values()))

    async def _lane(self, actions: list[Action]) -> None:
        for action in actions:
            async with self._room:
                await self._do(action)
                self._advance(len(action.rows) if isinstance(action, Deliver) else 1)

    async def _do(self, action: Action) -> None:
        match action:
            case SendSignal():
                await self._send(action)
            case Deliver():
                await self._deliver(action)
            case Correct():
                good(await self._desk.ask("PUT", self._path(action), json=action.content, **_of(action)))
            case Withdraw():
                good(await self._desk.ask("DELETE", self._path(action), **_of(action)))
            case Attempt():
                await self._attempt(action)
            case Conclude():
                await self._conclude(action)
            case _:
                await self.help.do(action, self._today, self._ids)

    def _path(self, action: Correct | Withdraw) -> str:
        return f"/v1/signalen/{self._ids[action.signal]}"

    async def _send(self, action: SendSignal) -> None:
        answer = await self._desk.ask(
            "POST", "/v1/signalen", party=action.sender, scope="signalen", json=action.content
        )
        match answer.status_code:
            case HTTPStatus.BAD_REQUEST:
                self.answers["refused"] += 1
            case HTTPStatus.CONFLICT:
                self.answers["in conflict"] += 1
            case _:
                self._accepted(action.sender, action.content, good(answer)["id"])

    def _accepted(self, sender: str, content: dict[str, str], signal_id: str) -> None:
        self.answers["accepted"] += 1
        self._ids[content.get("schuldeiser", sender), content["kenmerk"]] = signal_id

    async def _deliver(self, action: Deliver) -> None:
        answer = await self._desk.ask(
            "POST",
            "/v1/leveringen",
            party=action.sender,
            scope="signalen",
            content=file_of(action.form, action.rows),
            headers={"Content-Type": MEDIA_TYPE[action.form]},
        )
        good(answer)
        first = 2 if action.form == "csv" else 1  # line 1 of a CSV names the columns
        for line in await self._lines(action, answer):
            row = action.rows[line["regel"] - first]
            if line["resultaat"] == "geaccepteerd" and not isinstance(row, str):
                self._accepted(action.sender, row, line["id"])
            else:
                self.answers["refused" if line["resultaat"] == "geweigerd" else "in conflict"] += 1

    async def _lines(self, action: Deliver, answer: httpx.Response) -> list[dict[str, Any]]:
        """Return the result of each row, page by page."""
        where, lines = f"/v1/leveringen/{answer.json()['id']}", []
        page: dict[str, int] = {}
        while True:
            told = good(
                await self._desk.ask("GET", where, party=action.sender, scope="signalen", params=page)
            )
            lines += told["regels"]
            if not told.get("volgende"):
                return lines
            page = {"vanafRegel": told["volgende"]}

    async def _attempt(self, action: Attempt) -> None:
        content = {
            "kenmerk": action.reference,
            "soort": action.kind,
            "bereikt": action.reached,
            "datum": self._today.isoformat(),
            "dagdeel": action.day_part,
        }
        await self._work("POST", "contactpogingen", action, content)

    async def _conclude(self, action: Conclude) -> None:
        content: Content = {
            "resultaat": action.result,
            "datum": self._today.isoformat(),
            "signalen": [self._ids[ref] for ref in action.named],
        }
        await self._work("PUT", "resultaat", action, content)

    async def _work(self, method: str, what: str, action: Attempt | Conclude, content: Content) -> None:
        case_id = self._cases[action.team].get(self._ids[action.signal])
        if case_id is None:
            self.answers[f"not on the worklist of {action.team}"] += 1
            return
        good(
            await self._desk.ask(
                method,
                f"/v1/zaken/{case_id}/{what}",
                service="feedback",
                party=action.municipality,
                scope="zaken",
                team=action.team,
                json=content,
            )
        )

    async def worklist(self, team: str, municipality: str) -> dict[str, str]:
        """Return what a team sees: signal to case."""
        found: dict[str, str] = {}
        params: dict[str, str] = {}
        while True:
            page = good(
                await self._desk.ask(
                    "GET",
                    "/v1/zaken",
                    service="feedback",
                    party=municipality,
                    scope="zaken",
                    team=team,
                    params=params,
                )
            )
            found |= {signal["id"]: case["id"] for case in page["zaken"] for signal in case["signalen"]}
            if not page.get("volgende"):
                return found
            params = {"vanaf": page["volgende"]}


def _of(action: Correct | Withdraw) -> dict[str, str]:
    return {"party": action.sender, "scope": "signalen"}
