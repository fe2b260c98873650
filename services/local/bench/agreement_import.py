"""(l) The agreements of the whole country from one table, as the covenant's signing portal may give them."""

import asyncio
import io
from collections.abc import Sequence
from time import monotonic

import xlsxwriter

from services.common.errors import PermanentError
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.nation import Nation
from services.local.bench.processes import use_of
from services.local.bench.shared import Shared
from services.local.demo.desk import Desk, good
from services.local.demo.hub import Hub, running_hub
from services.local.demo.masterdata import OPERATOR

AGREEMENTS = 17_500
"""Generated for the covenant by February 2022 (domain.md 2.1, N2)."""
SECONDS = 10
_HEAD = ("id", "gemeente", "schuldeiser", "vanaf", "tot", "soorten", "status")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AgreementImport:
    """Benchmark (l)."""

    letter = "l"
    title = "agreements from a table"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._count = shared.scaled(AGREEMENTS)

    def run(self, progress: Progress) -> Sequence[Figure]:
        progress.say("starting a hub of its own")
        with running_hub(self._shared.folder / "agreements") as hub:
            return self._measured(hub, progress)

    def _measured(self, hub: Hub, progress: Progress) -> Sequence[Figure]:
        figures = list[Figure]()
        for form, kind in (("CSV", "text/csv"), ("XLSX", _XLSX)):
            progress.say(f"writing {form}")
            rows = table(self._shared.nation, form, self._count)
            body = csv_of(rows) if form == "CSV" else xlsx_of(rows)
            for turn, changed in (("new", self._count), ("again, nothing changed", 0)):
                progress.say(f"importing {form}, {turn}")
                before = use_of(hub)["ingest-0"]
                seconds = asyncio.run(_taken(hub, body, kind, self._count, changed))
                cpu = use_of(hub)["ingest-0"].since(before).cpu
                what, aim = (
                    f"{self._count:,} agreements from {form}, {turn}",
                    Aim(SECONDS) if changed else None,
                )
                figures += [
                    Figure(what=what, measured=seconds, unit="s", aim=aim),
                    Figure(what=f"{what}: CPU of ingest", measured=cpu, unit="s"),
                ]
                progress.reach(len(figures) / 8)
        return figures


def table(nation: Nation, name: str, count: int) -> Sequence[Sequence[str]]:
    """Return the head and so many agreements; they hold in a year in which nobody signals."""
    towns = nation.municipalities
    return [_HEAD] + [
        (
            f"{name}-{number}",
            nation.oin(number % towns),
            f"000000992{number // towns:011}",
            "1-1-2039",
            "31-12-2039",
            "vroegsignaal, crisis",
            "actief",
        )
        for number in range(count)
    ]


def csv_of(rows: Sequence[Sequence[str]]) -> bytes:
    return "\r\n".join(";".join(row) for row in rows).encode()


def xlsx_of(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


async def _taken(hub: Hub, body: bytes, kind: str, count: int, changed: int) -> float:
    """Return the seconds from the request to the answer: all is on the log, and known to who answers."""
    async with Desk(hub) as desk:
        begin = monotonic()
        answer = await desk.ask(
            "POST",
            "/v1/overeenkomsten",
            party=OPERATOR,
            scope="beheer",
            content=body,
            headers={"Content-Type": kind},
        )
        seconds = monotonic() - begin
    found = good(answer)
    if found != {"ontvangen": count, "gewijzigd": changed}:
        raise PermanentError(f"of {count} agreements, {changed} of them new, the hub says {found}")
    return seconds
