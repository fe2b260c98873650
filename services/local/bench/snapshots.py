"""(j) Daily snapshots of a large registrar: the first one, the same again, a usual day."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any

import httpx
import msgspec

from services.common.clock import AMSTERDAM
from services.common.errors import PermanentError
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.month import BSNS
from services.local.bench.processes import use_of
from services.local.bench.shared import Shared
from services.local.demo.desk import good
from services.local.demo.hub import Hub

PERSONS = 250_000
_PART = 100
"""On a usual day one in so many is new, one changed, one gone."""
_INGEST = "ingest-0"
_CHUNK_ROWS = 200
_SECONDS = 3_600.0
_MIB = 2**20


class Snapshots:
    """Benchmark (j)."""

    letter = "j"
    title = "daily snapshots"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._count = shared.scaled(PERSONS, _PART)

    def run(self, progress: Progress) -> Sequence[Figure]:
        hub = self._shared.hub(progress)
        return [*self._figures(hub, progress)]

    def _figures(self, hub: Hub, progress: Progress) -> Iterator[Figure]:
        today, some = datetime.now(AMSTERDAM).date(), self._count // _PART
        days = (
            ("the first one", 0, (self._count, 0, 0), None),
            ("the same persons a day later", 0, (0, 0, 0), Aim(10)),
            (f"{some:,} new, changed and gone", some, (some, some, some), Aim(10)),
        )
        before = use_of(hub)[_INGEST].resident
        for number, (what, changes, expected, aim) in enumerate(days):
            progress.say(what)
            used = use_of(hub)[_INGEST]
            begin = perf_counter()
            found = asyncio.run(self._send(hub, today - timedelta(days=2 - number), changes))
            seconds = perf_counter() - begin
            if (told := (found["nieuw"], found["gewijzigd"], found["beeindigd"])) != expected:
                raise PermanentError(f"{what}: {told} new, changed and gone, not {expected}")
            cpu = use_of(hub)[_INGEST].since(used).cpu
            yield Figure(what=f"{self._count:,} persons, {what}", measured=seconds, unit="s", aim=aim)
            yield Figure(what=f"CPU of ingest, {what}", measured=cpu, unit="s")
            progress.reach((number + 1) / len(days))
        grown = use_of(hub)[_INGEST].resident - before
        yield Figure(what="ingest has grown by", measured=grown / _MIB, unit="MiB", aim=Aim(100))

    async def _send(self, hub: Hub, day: date, changes: int) -> dict[str, Any]:
        registrar = self._shared.nation.oin(0)
        headers = {
            "Authorization": f"Bearer {hub.secrets.token(registrar, 'registraties')}",
            "Content-Type": "application/x-ndjson",
        }
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            url = f"{hub.url('ingest')}/v1/momentopnames/{day}"
            answer = await client.put(url, headers=headers, content=_chunks(self._count, changes))
        found: dict[str, Any] = good(answer)["aantallen"]
        return found


async def _chunks(count: int, changes: int) -> AsyncIterator[bytes]:
    """Yield the file: so many at its begin are gone, as many after them changed, as many new at its end."""
    for start in range(changes, count + changes, _CHUNK_ROWS):
        numbers = range(start, min(start + _CHUNK_ROWS, count + changes))
        yield b"".join(_row(number, changed=number < 2 * changes) for number in numbers)


def _row(number: int, *, changed: bool) -> bytes:
    content = {
        "kenmerk": f"S{number}",
        "burgerservicenummer": BSNS[number % len(BSNS)],
        "persoon": {"voorletters": "J.", "geslachtsnaam": "Jansen", "geboortedatum": "1980-02-29"},
        "adres": {"postcode": f"{1000 + number // 1000}AB", "huisnummer": number % 1000 + 1},
        "begindatum": "2026-01-05",
        "contact": {"organisatie": "Wijkteam" if changed else "Schuldhulp", "telefoon": "0301234567"},
    }
    return msgspec.json.encode(content) + b"\n"
