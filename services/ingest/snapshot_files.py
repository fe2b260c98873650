"""The file of a snapshot as it comes: JSON lines, CSV or XLSX, in batches of rows that nobody has read yet.

On a usual day nearly every row came before, and a row that came before is recognised by its bytes: it costs a
fifth of one that is read.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

import msgspec

from services.ingest.domain.columns import Head, HeadError
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.registration_columns import REGISTRATION_COLUMNS, registration_of
from services.ingest.lines import NumberedLine, line_batches
from services.ingest.rows import Chunks, head_of, parsed
from services.ingest.tables import CsvText, xlsx_table

BATCH_ROWS = 2000
_CELLS = msgspec.json.Decoder(list[str])


class Batch(NamedTuple):
    """Rows under one head; a row without bytes cannot be read. `read` makes a message of the bytes."""

    rows: Sequence[NumberedLine]
    read: Callable[[bytes], object]
    head: bytes = b""

    def part(self, some: slice) -> "Batch":
        return self._replace(rows=self.rows[some])


FileReader = Callable[[Chunks], AsyncIterator[Batch]]
"""Yields what a file holds; a `HeadError` comes before the first batch."""


async def json_file(chunks: Chunks) -> AsyncIterator[Batch]:
    """Yield the rows of JSON lines."""
    async for lines in line_batches(chunks, BATCH_ROWS):
        yield Batch(lines, parsed)


async def csv_file(chunks: Chunks) -> AsyncIterator[Batch]:
    """Yield the rows of a CSV file."""
    table = _Table()
    async for lines in line_batches(chunks, BATCH_ROWS):
        if rows := [row for row in map(table.row, lines) if row]:
            yield Batch(rows, table.read, table.head)
    table.check()


async def xlsx_file(chunks: Chunks) -> AsyncIterator[Batch]:
    """Yield the rows of a spreadsheet's first sheet."""
    head: Head | None = None
    headline, rows = b"", list[NumberedLine]()

    def read(source: bytes) -> object:
        return head and registration_of(head, _CELLS.decode(source))

    async for number, cells, _ in xlsx_table(chunks):
        source = None if cells is None else msgspec.json.encode(cells)
        if head is None:
            head, headline = head_of(cells, REGISTRATION_COLUMNS), source or b""
            continue
        rows.append((number, source))
        if len(rows) == BATCH_ROWS:
            yield Batch(rows, read, headline)
            rows = []
    if head is None:
        raise HeadError([Problem(Reason.UNREADABLE)])
    if rows:
        yield Batch(rows, read, headline)


class _Table:
    """A CSV file: its head comes first, and says how the other rows are read."""

    def __init__(self) -> None:
        self._text = CsvText()
        self._head: Head | None = None
        self.head = b""

    def row(self, line: NumberedLine) -> NumberedLine | None:
        """Return a row with its bytes in UTF-8; None for the head, and for a row without any value."""
        number, source = line
        if source is None or not source.isascii():
            text = self._text.decoded(source, first=number == 1)
            source = None if text is None else text.encode()
        if self._head is None:
            self._take_head(number, source)
            return None
        return None if source is not None and self._text.is_blank(source) else (number, source)

    def read(self, source: bytes) -> object:
        """Return the message that a row stands for."""
        cells = self._text.cells(source.decode())
        return None if cells is None or self._head is None else registration_of(self._head, cells)

    def check(self) -> None:
        """Raise when the file had no head."""
        if self._head is None:
            raise HeadError([Problem(Reason.UNREADABLE)])

    def _take_head(self, number: int, source: bytes | None) -> None:
        text = None if source is None else source.decode()
        if self._text.says_delimiter(text, first=number == 1):
            return
        cells = self._text.cells(text)
        if cells is None or any(cell.strip() for cell in cells):
            self._head, self.head = head_of(cells, REGISTRATION_COLUMNS), source or b""
