"""What became of a delivery as a file: CSV as Dutch spreadsheets read it, a line per row, page after page."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

from services.ingest.delivery_storage import DeliveryRow, DeliveryState
from services.ingest.domain.reasons import SENTENCES

HEAD = ("regel", "kenmerk", "id", "resultaat", "redenen", "velden", "toelichting")
_MARK = "\ufeff"
_BETWEEN = " | "
_SENTENCES: Mapping[str, str] = {reason.value: sentence for reason, sentence in SENTENCES.items()}


async def result_file(
    page: DeliveryState | None, find: Callable[[int], Awaitable[DeliveryState | None]]
) -> AsyncIterator[str]:
    """Yield the file in pieces; `find` gives the page that begins at a row."""
    yield _MARK + _csv([HEAD])
    while page is not None:
        yield _csv(map(_line, page.rows))
        page = await find(page.next_row) if page.next_row else None


def _line(row: DeliveryRow) -> tuple[str, ...]:
    """Of a row that did not pass: the codes, the fields and the sentences, each in the same order."""
    return (
        str(row.row),
        row.reference or "",
        row.signal_id or "",
        row.outcome,
        _BETWEEN.join(row.reasons),
        _BETWEEN.join(field or "" for field in row.fields),
        _BETWEEN.join(_SENTENCES.get(code, code) for code in row.reasons),
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(rows)
    return file.getvalue()
