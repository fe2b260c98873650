"""CBS's table of postcode + number -> neighbourhood, district, municipality (`signaalhub import areas`).

CBS publishes it once a year as CSV: PC6, Huisnummer, Buurt<year>, Wijk<year>, Gemeente<year>; about eight
million rows. The table is replaced as a whole: readers see the old one until the new one is complete.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg

from services.common.errors import ConfigurationError
from services.common.identifiers import postcode_of

_COLUMNS: Mapping[str, re.Pattern[str]] = {
    "postcode": re.compile(r"pc6", re.IGNORECASE),
    "number": re.compile(r"huisnummer", re.IGNORECASE),
    "neighbourhood": re.compile(r"buurt_?(?:code)?_?(?:[0-9]{4})?", re.IGNORECASE),
    "district": re.compile(r"wijk_?(?:code)?_?(?:[0-9]{4})?", re.IGNORECASE),
    "municipality": re.compile(r"gemeente_?(?:code)?_?(?:[0-9]{4})?", re.IGNORECASE),
}
_CODE = {"neighbourhood": ("BU", 8), "district": ("WK", 6), "municipality": ("GM", 4)}
_COPY = "COPY new_areas (postcode, number, neighbourhood, district, municipality_code) FROM STDIN"
_AreaRow = tuple[str, int, str, str, str]


def import_areas(url: str, path: Path) -> int:
    """Replace the area table by a file of CBS; return the number of addresses.

    A file or row that is not understood is a `ConfigurationError` that names it; the table stays as it was.
    """
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with (
            path.open(encoding="utf-8-sig", newline="") as file,
            psycopg.connect(plain) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("CREATE TEMP TABLE new_areas (LIKE ingest.areas) ON COMMIT DROP")
            with cursor.copy(_COPY) as copy:
                for row in _rows(file, path.name):
                    copy.write_row(row)
            return _replace(cursor)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}") from error
    except psycopg.OperationalError as error:
        raise ConfigurationError("the database does not answer; is SIGNAALHUB_DATABASE_URL right?") from error


def _replace(cursor: psycopg.Cursor[tuple[object, ...]]) -> int:
    """Put the new table into the place of the old one; only the last step shuts readers out, for a moment."""
    cursor.execute("CREATE TABLE ingest.areas_next (LIKE ingest.areas)")
    cursor.execute(
        "INSERT INTO ingest.areas_next SELECT DISTINCT ON (postcode, number) * FROM new_areas "
        "ORDER BY postcode, number"
    )
    count = cursor.rowcount
    cursor.execute("ALTER TABLE ingest.areas_next ADD PRIMARY KEY (postcode, number)")
    cursor.execute("ANALYZE ingest.areas_next")
    cursor.execute("DROP TABLE ingest.areas")
    cursor.execute("ALTER TABLE ingest.areas_next RENAME TO areas")
    cursor.execute("ALTER INDEX ingest.areas_next_pkey RENAME TO areas_pkey")
    return count


def _rows(lines: Iterator[str], name: str) -> Iterator[_AreaRow]:
    """Yield the rows of the file as the table has them."""
    head = next(lines, "")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    places = _places(next(csv.reader([head], delimiter=delimiter), []), name)
    for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=2):
        if cells:
            yield _row(cells, places, f"{name} line {number}")


def _places(names: Sequence[str], file: str) -> Mapping[str, int]:
    found = {
        column: next((place for place, name in enumerate(names) if pattern.fullmatch(name.strip())), -1)
        for column, pattern in _COLUMNS.items()
    }
    if absent := [column for column, place in found.items() if place < 0]:
        raise ConfigurationError(
            f"{file} has no column for {', '.join(absent)}; expected is CBS's file with PC6, Huisnummer, "
            "Buurt<year>, Wijk<year>, Gemeente<year>"
        )
    return found


def _row(cells: Sequence[str], places: Mapping[str, int], where: str) -> _AreaRow:
    try:
        values = {column: cells[place].strip() for column, place in places.items()}
        postcode, number = postcode_of(values["postcode"]), int(values["number"])
    except (IndexError, ValueError):
        raise ConfigurationError(f"{where}: not a postcode, house number and three codes") from None
    if postcode is None:
        raise ConfigurationError(f"{where}: {values['postcode']} is no postcode")
    codes = [_code(values[column], *_CODE[column], where) for column in _CODE]
    return postcode, number, codes[0], codes[1], codes[2].removeprefix("GM")


def _code(value: str, prefix: str, length: int, where: str) -> str:
    """Return a code in full: CBS leaves out the prefix, and the zeros in front of numbers."""
    digits = value.upper().removeprefix(prefix).rjust(length, "0")
    if len(digits) != length or not digits.isascii() or not digits.isalnum():
        raise ConfigurationError(f"{where}: {value} is no {prefix} code")
    return prefix + digits
