"""Reads the first sheet of an XLSX file: a program of its own, for a file is unpacked and read as a whole.

Standard input: the file. Standard output: `[number, [cell, …] or null]` in JSON for each row that is not
empty. Ends with 0 when that was all. What is no workbook, or unpacks to more than its memory, is its end and
nobody else's.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO

from python_calamine import CalamineWorkbook

from services.ingest.lines import LONGEST_LINE

MOST_BYTES = 640 * 1024 * 1024
"""Memory: 200,000 rows of 19 columns take 350 MB, next to the 200 MB of its parent."""
MOST_SECONDS = 300
"""CPU: those rows take 11."""
_MOST_DIGITS = 10**15
"""From here on a spreadsheet has lost digits."""
_LOST = "\0"
"""Fits no field, so that such a number is refused."""


def main() -> None:
    """Do it."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    for row in rows(sys.stdin.buffer.read()):
        sys.stdout.write(json.dumps(row))
        sys.stdout.write("\n")


def rows(packed: bytes) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the rows of the first sheet, as a person who looks at it numbers them; None: it is too long."""
    sheet = CalamineWorkbook.from_filelike(BytesIO(packed)).get_sheet_by_index(0)
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [text(value) for value in values]
        if any(cells):
            yield number, cells if sum(map(len, cells)) <= LONGEST_LINE else None


def text(value: object) -> str:
    """Return a cell as it would be typed."""
    match value:
        case bool():
            return "ja" if value else "nee"
        case float() | int():
            return _number(value)
        case datetime():
            return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value).strip()


def _number(value: float) -> str:
    if abs(value) >= _MOST_DIGITS or value != value:  # noqa: PLR0124 -- NaN
        return _LOST
    rounded = round(value, 9)  # 12.340000000000002 is what a sum leaves of 12.34
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)


if __name__ == "__main__":
    main()
