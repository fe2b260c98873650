"""The pauses of a day as a file: CSV as Dutch spreadsheets read it, a line per change, page after page."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from services.common.clock import AMSTERDAM
from services.common.events import PauseChange, PauseEnd, PauseGround
from services.feedback.domain import Owner
from services.feedback.pause_reading import PauseRow, Pauses

HEAD = (
    *("pauze", "volgnummer", "wijziging", "gemeente", "signalen", "dossiernummer"),
    *("begin", "einde", "beeindigd door", "grond", "gaat verder als"),
)
GROUND: Mapping[PauseGround, Literal["hulpGeaccepteerd", "bekendBijSchuldhulpverlening", "toets"]] = {
    PauseGround.HELP_ACCEPTED: "hulpGeaccepteerd",
    PauseGround.KNOWN_IN_DEBT_HELP: "bekendBijSchuldhulpverlening",
    PauseGround.CHECK: "toets",
}
CHANGE = {PauseChange.STARTED: "start", PauseChange.PROLONGED: "verlenging", PauseChange.ENDED: "einde"}
END = {PauseEnd.TERM: "termijn", PauseEnd.RESULT: "gemeente"}
_MARK = "\ufeff"
_BETWEEN = " | "
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the begin of a formula (OWASP, CSV injection)."""
_PAGE = 1000


async def day_file(pauses: Pauses, whose: Owner, since: datetime, until: datetime) -> AsyncIterator[str]:
    """Yield the file of what changed from `since` and before `until`, in pieces."""
    yield _MARK + _csv([HEAD])
    position, rows = 0, await pauses.changed(whose, since, until, 0, _PAGE)
    while rows:
        yield _csv(map(_line, rows))
        position = rows[-1].position
        rows = await pauses.changed(whose, since, until, position, _PAGE)


def _line(row: PauseRow) -> tuple[str, ...]:
    pause = row.pause
    return (
        pause.pause_id,
        str(pause.sequence),
        CHANGE[pause.change],
        pause.municipality,
        _BETWEEN.join(pause.signal_ids),
        _as_text(pause.dossier or ""),
        _time(pause.starts_at),
        _time(pause.ends_at),
        END[pause.end_reason] if pause.end_reason else "",
        GROUND[pause.ground] if pause.ground else "",
        pause.covered_by or "",
    )


def _as_text(words: str) -> str:
    """Return what another party wrote so that a spreadsheet shows it and executes nothing."""
    return f"'{words}" if words.startswith(_FORMULA) else words


def _time(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).isoformat(timespec="seconds")


def _csv(rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(rows)
    return file.getvalue()
