"""What the parties themselves can read in the end: feedback and worklists by HTTP, signals with a key."""

import json
from collections import Counter
from typing import Any

from joserfc import jwe
from joserfc.jwk import ECKey

from services.common import ddas
from services.common.events import Signal
from services.local.demo.desk import Desk, good
from services.local.demo.examples import Examples
from services.local.demo.hub import Hub
from services.local.demo.masterdata import private_key
from services.local.demo.model.expected import Tables
from services.local.demo.tally import Tally

SAMPLE = 100
LABEL = {text: status.value for status, text in ddas.FEEDBACK_STATUS.items()}


async def read_back(hub: Hub, desk: Desk, examples: Examples, tally: Tally) -> Tables:
    """Return counts as the topics give them, from the API; and the signals their municipality opened."""
    return {
        "feedback (API)": await _feedback(desk, examples),
        "teams (API)": await _worklists(desk, examples),
        "opened": _opened(hub, examples, tally),
    }


async def _feedback(desk: Desk, examples: Examples) -> Counter[str]:
    found: Counter[str] = Counter()
    for party in examples.of_role("schuldeiser"):
        for page in await _pages(desk, "/v1/terugkoppelingen", party["oin"], "terugkoppelingen"):
            for item in page["terugkoppelingen"]:
                if item["ingetrokken"]:
                    continue
                found[f"{party['signaalpartner']} | {LABEL[item['status']]}"] += 1
    return found


async def _worklists(desk: Desk, examples: Examples) -> Counter[str]:
    found: Counter[str] = Counter()
    for team in examples.teams:
        for page in await _pages(desk, "/v1/zaken", team["gemeente"], "zaken", team["id"]):
            found[team["id"]] += len(page["zaken"])
    return found


async def _pages(
    desk: Desk, path: str, party: str, scope: str, team: str | None = None
) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    params: dict[str, str] = {}
    while not pages or params:
        answer = await desk.ask(
            "GET", path, service="feedback", party=party, scope=scope, team=team, params=params
        )
        pages.append(good(answer))
        params = {"vanaf": pages[-1]["volgende"]} if pages[-1].get("volgende") else {}
    return pages


def _opened(hub: Hub, examples: Examples, tally: Tally) -> Counter[str]:
    """Count by municipality the signals whose personal data its private key opens, of the first `SAMPLE`."""
    found: Counter[str] = Counter()
    signals = {event.signal_id: event for event in tally.all("signals", Signal)}
    for party in examples.of_role("gemeente"):
        own = [event for event in signals.values() if event.municipality == party["oin"]][:SAMPLE]
        if own:
            key = private_key(hub.folder.path, party["oin"])
            found[party["gemeentecode"]] = sum(_opens(event, key) for event in own)
    return found


def _opens(event: Signal, key: ECKey) -> bool:
    content = json.loads(jwe.decrypt_compact(event.personal, key).plaintext or b"{}")
    return bool(content["adres"]["postcode"])
