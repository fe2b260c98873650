"""(e) POST /v1/toetsen at a steady rate with a national number of registrations, alone and beside a month."""

import asyncio
from collections.abc import Iterator, Sequence
from http import HTTPStatus

import msgspec

from services.local.bench.figures import Aim, Figure, Progress, percentile
from services.local.bench.load import fire, firing, request
from services.local.bench.month import BSNS
from services.local.bench.nation import BAILIFF
from services.local.bench.peak import play
from services.local.bench.processes import use_of
from services.local.bench.registrations import load
from services.local.bench.sending import Fired, Plan
from services.local.bench.shared import SIGNALS, Shared
from services.local.keys import Secrets

REGISTRATIONS = 250_000
RATE, SECONDS = 500, 25.0
BESIDE = SIGNALS // 5
"""Signals of another month, for as long as checks are made beside it."""
MATCHER = "matcher-0"
_LONGEST_SECONDS = 600
_HALF = len(BSNS) // 2
KNOWN, UNKNOWN = BSNS[_HALF : _HALF + _HALF // 2], BSNS[_HALF + _HALF // 2 :]


class Checks:
    """Benchmark (e)."""

    letter = "e"
    title = "checks by bailiffs"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def run(self, progress: Progress) -> Sequence[Figure]:
        hub = self._shared.hub(progress)
        registrations = self._shared.scaled(REGISTRATIONS, 2 * len(KNOWN))
        progress.say(f"loading {registrations:,} registrations")
        asyncio.run(load(hub, registrations, KNOWN))
        progress.say(f"{RATE} checks a second")
        progress.reach(0.3)
        count = round(RATE * self._shared.seconds(SECONDS))
        before = use_of(hub)
        alone = fire(plan(hub.secrets, hub.url("matcher"), RATE, count))
        used = use_of(hub)[MATCHER].since(before[MATCHER])
        progress.reach(0.5)
        with firing(plan(hub.secrets, hub.url("matcher"), RATE, RATE * _LONGEST_SECONDS)) as checks:
            peak = play(hub, self._shared.month("peak with checks", BESIDE), progress)
            checks.stop()
            beside = checks.result()
        return [
            *figures("alone", RATE, alone),
            Figure(what="CPU of matcher, alone", measured=used.cpu / count * 1e3, unit="ms a check"),
            *figures("beside (c)", RATE, beside),
            Figure(
                what=f"{peak.counts['signals.v1']:,} signals beside the checks",
                measured=peak.all_after,
                unit="s",
            ),
        ]


def plan(secrets: Secrets, url: str, rate: float, count: int) -> Plan:
    """Return checks of which half is about somebody who is in debt help."""
    token = secrets.token(BAILIFF, "toetsen")
    asked = [bsn for pair in zip(KNOWN, UNKNOWN, strict=False) for bsn in pair]
    requests = [request("/v1/toetsen", token, question(number, bsn)) for number, bsn in enumerate(asked)]
    return Plan(url=url, requests=requests, rate=rate, count=count)


def question(number: int, bsn: str) -> bytes:
    """Return the body of a check."""
    content = {"burgerservicenummer": bsn, "dossiernummer": f"D{number}", "reden": "dagvaarding"}
    return msgspec.json.encode(content)


def figures(how: str, rate: float, fired: Fired) -> Iterator[Figure]:
    """Yield how long answers took, and how many."""
    times = fired.latencies()
    seconds = fired.due[-1] - fired.due[0]
    yield Figure(what=f"p50 {how}, {rate:.0f}/s", measured=percentile(times, 50), unit="ms")
    yield Figure(what=f"p99 {how}, {rate:.0f}/s", measured=percentile(times, 99), unit="ms", aim=Aim(10))
    yield Figure(what=f"longest {how}", measured=max(times), unit="ms")
    yield Figure(what=f"checks {how}", measured=len(times))
    yield Figure(what=f"not answered with 200, {how}", measured=fired.failed(HTTPStatus.OK), aim=Aim(1))
    yield Figure(what=f"sent over 5 ms late by the load, {how}", measured=100 * fired.sent_late, unit="%")
    yield Figure(what=f"CPU of the load, {how}", measured=100 * fired.cpu / seconds, unit="% of a core")
