"""Files as tables: encodings, delimiters, spreadsheets, and files that are none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import TransientError
from services.ingest import room, tables
from services.ingest.tables import Cells, NoWorkbookError, csv_table, xlsx_table


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def rows(table: Callable[[AsyncIterator[bytes]], AsyncIterator[Cells]], *chunks: bytes) -> list[Any]:
    return [(row.number, row.cells) async for row in table(chunks_of(*chunks))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_a_file_says_the_same_however_it_is_written(encoding: str, delimiter: str, end: str) -> None:
    lines = [["naam", "plaats"], ["José", f"Den{delimiter} Haag"], ["Müller", ""]]
    text = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + end
    assert await rows(csv_table, text.encode(encoding)) == list(enumerate(lines, 1))


async def test_the_line_in_which_excel_names_its_delimiter_is_no_row() -> None:
    assert await rows(csv_table, b"sep=;\r\na;b,c,d\r\n") == [(2, ["a", "b,c,d"])]


async def test_empty_rows_are_left_out_and_numbers_are_those_of_the_file() -> None:
    assert await rows(csv_table, b"a;b\n;;\n\n1;2\n") == [(1, ["a", "b"]), (4, ["1", "2"])]


async def test_a_broken_row_leaves_its_neighbours_alone() -> None:
    content = b'a;b\n"1;2\n3;4\n' + b"x" * 20_000 + b"\n5;6\n"
    assert await rows(csv_table, content) == [
        (1, ["a", "b"]),
        (2, None),
        (3, ["3", "4"]),
        (4, None),
        (5, ["5", "6"]),
    ]


async def test_bytes_that_are_no_text_make_one_row_unreadable() -> None:
    marked = b"\xef\xbb\xbfa\n\xe9\nb\n"
    assert await rows(csv_table, marked) == [(1, ["a"]), (2, None), (3, ["b"])]
    assert await rows(csv_table, b"a\n\x81\nb\n") == [(1, ["a"]), (2, None), (3, ["b"])]


@given(st.lists(st.binary(max_size=40), max_size=6))
async def test_any_bytes_are_rows(chunks: list[bytes]) -> None:
    whole = await rows(csv_table, b"".join(chunks))
    assert await rows(csv_table, *chunks) == whole


def workbook(*written: list[Any], first: int = 0) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd-mm-yyyy"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(written, first):
            sheet.write_row(number, 0, row)
        book.add_worksheet().write(0, 0, "another sheet")
    return file.getvalue()


async def test_a_spreadsheet_comes_as_it_would_be_typed() -> None:
    content = workbook(
        ["kenmerk", "bedrag", "datum", "crisis"],
        ["K-1", 1234.5, date(2026, 3, 9), True],
        [],
        [12345678, 0.1 + 0.2, datetime.fromisoformat("2026-03-09T12:30"), False],
        ["é", 7, "", 1e15],
        first=2,
    )
    halves = content[:100], content[100:]
    assert await rows(xlsx_table, *halves) == [
        (3, ["kenmerk", "bedrag", "datum", "crisis"]),
        (4, ["K-1", "1234.5", "2026-03-09", "ja"]),
        (6, ["12345678", "0.3", "2026-03-09T12:30:00", "nee"]),
        (7, ["é", "7", "", "\0"]),
    ]


async def test_a_row_that_is_far_too_long_is_unreadable_by_itself() -> None:
    content = workbook(["a"], ["x" * 20_000], ["b"])
    assert await rows(xlsx_table, content) == [(1, ["a"]), (2, None), (3, ["b"])]


def bomb() -> bytes:
    """A workbook whose texts unpack to a gigabyte."""
    file, packed = BytesIO(workbook(["a"])), BytesIO()
    with ZipFile(file) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != "xl/sharedStrings.xml":
                new.writestr(name, old.read(name))
                continue
            with new.open(name, "w") as strings:
                strings.write(b'<sst count="1" uniqueCount="1"><si><t>')
                for _ in range(1024):
                    strings.write(b"x" * 1024 * 1024)
                strings.write(b"</t></si></sst>")
    return packed.getvalue()


@pytest.mark.parametrize("content", [b"", b"kenmerk;naam\n", b"PK\x03\x04nonsense", bomb()])
async def test_a_file_that_is_no_workbook_or_unpacks_to_too_much_is_refused(content: bytes) -> None:
    with pytest.raises(NoWorkbookError):
        await rows(xlsx_table, content)


async def test_a_spreadsheet_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_XLSX_BYTES", 1000)
    with pytest.raises(NoWorkbookError):
        await rows(xlsx_table, workbook(["a"]))


async def test_a_spreadsheet_for_which_there_is_no_room_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_files", asyncio.Semaphore(0))
    monkeypatch.setattr(room, "SECONDS", 0.0)
    read = []

    async def chunks() -> AsyncIterator[bytes]:
        read.append(1)
        yield workbook(["a"])

    with pytest.raises(TransientError, match="no room for one more spreadsheet"):
        [row async for row in xlsx_table(chunks())]
    assert read == []


async def test_a_spreadsheet_does_not_wait_for_ever_for_those_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "_children", asyncio.Semaphore(0))
    monkeypatch.setattr(tables, "_CHILD_SECONDS", 0.0)
    files = asyncio.Semaphore(1)
    monkeypatch.setattr(tables, "_files", files)
    with pytest.raises(TransientError, match="no room for one more unpacked spreadsheet"):
        await rows(xlsx_table, workbook(["a"]))
    assert not files.locked()
