"""From a file to its signals: JSON lines, CSV or XLSX, never the whole in memory."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec

from services.ingest.domain.columns import Column, Head, HeadError
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.signal_columns import SIGNAL_COLUMNS, signal_of
from services.ingest.judging import Row
from services.ingest.lines import lines_of
from services.ingest.tables import Cells, csv_table, xlsx_table

Chunks = AsyncIterator[bytes]
RowReader = Callable[[Chunks], AsyncIterator[Row]]
"""Yields a row per signal, readable or not; a `HeadError` comes before the first one."""
MessageOf = Callable[[Head, Sequence[str]], Mapping[str, object] | None]


async def json_rows(chunks: Chunks) -> AsyncIterator[Row]:
    """Yield a message per line."""
    async for number, line in lines_of(chunks):
        yield Row(number, None if line is None else parsed(line), line or b"")


def csv_rows(chunks: Chunks) -> AsyncIterator[Row]:
    """Yield the signals of a CSV file."""
    return messages(csv_table(chunks), SIGNAL_COLUMNS, signal_of)


def xlsx_rows(chunks: Chunks) -> AsyncIterator[Row]:
    """Yield the signals of a spreadsheet's first sheet."""
    return messages(xlsx_table(chunks), SIGNAL_COLUMNS, signal_of)


async def messages(
    table: AsyncIterator[Cells], columns: Sequence[Column], message_of: MessageOf
) -> AsyncIterator[Row]:
    """Yield a message for each row of a table."""
    head, headline = None, b""
    async for number, cells, source in table:
        if head is None:
            head, headline = head_of(cells, columns), source
        else:  # the first row has the head with it: under another head the same rows are another file
            yield Row(number, None if cells is None else message_of(head, cells), headline + source)
            headline = b""
    if head is None:
        raise HeadError([Problem(Reason.UNREADABLE)])


def head_of(cells: Sequence[str] | None, columns: Sequence[Column]) -> Head:
    """Return the head of a table, or raise a `HeadError`."""
    if cells is None:
        raise HeadError([Problem(Reason.UNREADABLE)])
    return Head(cells, columns)


async def batches(rows: AsyncIterator[Row], size: int) -> AsyncIterator[list[Row]]:
    """Yield rows in batches."""
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def parsed(source: bytes) -> object:
    """Return the value of a JSON text, None when it is none."""
    try:
        return msgspec.json.decode(source)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
