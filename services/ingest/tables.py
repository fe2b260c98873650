"""Tables as they are sent, CSV or XLSX: their rows as texts, one after the other, never the whole in memory.

CSV: comma or semicolon (whichever the head has more of), UTF-8 or Windows-1252, an own first line `sep=;` or
not. A row is a line: no value of ours has a line break in it, so a row that cannot be read takes no neighbour
along. XLSX: the first sheet, read by a child process (workbook.py).
"""

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import msgspec

from services.common.errors import PermanentError
from services.ingest.lines import LONGEST_LINE, lines_of
from services.ingest.room import room

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_XLSX_BYTES = 64 * 1024 * 1024
"""Packed: 200,000 signals have some 15 MB. It is kept in memory, not in a file: it is personal data."""
_FILES_AT_ONCE = 3
"""Files in memory, from their first byte to the last row that was made of them."""
_CHILDREN_AT_ONCE = 1
"""Each may take as much memory as workbook.py says."""
_CHILD_SECONDS = 120.0
"""How long a file that has come waits for its child: until the rows of those before it are published."""
_LONGEST_ROW = 16 * LONGEST_LINE
"""Bytes of a row in JSON: a character takes six at most."""
_ROW = msgspec.json.Decoder(tuple[int, list[str] | None])
_MARK = b"\xef\xbb\xbf"


class Cells(NamedTuple):
    """A row: its number in the file, from 1; its cells, None when it cannot be read; its bytes."""

    number: int
    cells: Sequence[str] | None
    source: bytes


class NoWorkbookError(PermanentError):
    """This is no XLSX file, or one that is too large to be taken in."""


async def csv_table(chunks: AsyncIterator[bytes]) -> AsyncIterator[Cells]:
    """Yield the rows of a CSV file, the head first; lines without any value are left out."""
    file = CsvText()
    async for number, line in lines_of(chunks):
        text = file.decoded(line, first=number == 1)
        if file.says_delimiter(text, first=number == 1):
            continue
        cells = file.cells(text)
        if cells is None or any(cell.strip() for cell in cells):
            yield Cells(number, cells, line or b"")


class CsvText:
    """What the lines of one file say.

    They are UTF-8, and from the first one on that is not, Windows-1252: what Excel writes. The delimiter is
    said in an own first line, or is what the next line has more of.
    """

    def __init__(self) -> None:
        self._encoding = "utf-8"
        self._marked = False
        self._delimiter = ""

    def decoded(self, line: bytes | None, *, first: bool) -> str | None:
        """Return the text of a line, None when it has none."""
        if line is None:
            return None
        if first and line.startswith(_MARK):
            self._marked, line = True, line.removeprefix(_MARK)
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            if self._marked or self._encoding != "utf-8":
                return None
        self._encoding = "cp1252"
        return self.decoded(line, first=False)

    def says_delimiter(self, text: str | None, *, first: bool) -> bool:
        """Tell whether a line is not of the table, but says what divides its cells: from Excel to Excel."""
        if not first or text not in ("sep=;", "sep=,"):
            return False
        self._delimiter = text[-1]
        return True

    def cells(self, text: str | None) -> list[str] | None:
        """Return the cells of a line, None when it cannot be read."""
        if not self._delimiter:
            head = text or ""
            self._delimiter = ";" if head.count(";") > head.count(",") else ","
        if text is None:
            return None
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration):
            return None

    def is_blank(self, line: bytes) -> bool:
        """Tell whether a line after the first has nothing in its cells."""
        return not line.strip(b' \t"' + self._delimiter.encode())


_files = asyncio.Semaphore(_FILES_AT_ONCE)
_children = asyncio.Semaphore(_CHILDREN_AT_ONCE)


async def xlsx_table(chunks: AsyncIterator[bytes]) -> AsyncIterator[Cells]:
    """Yield the rows of the first sheet, the head first; empty ones are left out.

    Dates come as YYYY-MM-DD, numbers with a point, truth as ja or nee. Raises `NoWorkbookError`;
    `TransientError` when too many others are at it, before anything of the file is read if there are so many.
    """
    async with room(_files, "spreadsheet"):
        packed = await _packed(chunks)
        async with room(_children, "unpacked spreadsheet", _CHILD_SECONDS), _reading(packed) as child:
            if child.stdout is not None:
                async for line in child.stdout:
                    yield Cells(*_ROW.decode(line), line)
            if await child.wait():
                raise NoWorkbookError("the child that read it ended with an error")


async def _packed(chunks: AsyncIterator[bytes]) -> bytes:
    packed = bytearray()
    async for chunk in chunks:
        packed += chunk
        if len(packed) > MOST_XLSX_BYTES:
            raise NoWorkbookError(f"more than {MOST_XLSX_BYTES} bytes")
    return bytes(packed)


@asynccontextmanager
async def _reading(packed: bytes) -> AsyncIterator[asyncio.subprocess.Process]:
    """Have a child that reads this; it knows none of our secrets, and ends with us."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.ingest.workbook"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_ROW,
        env={name: value for name, value in os.environ.items() if not name.startswith("SIGNAALHUB_")},
    )
    try:
        if child.stdin is not None:
            with suppress(ConnectionError):  # it ended: its return code tells
                child.stdin.write(packed)
                await child.stdin.drain()
                child.stdin.close()
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
