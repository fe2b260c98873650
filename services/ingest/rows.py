"""From the bytes of a delivery to its rows: JSON lines or CSV, a line at a time, never the whole in memory.

A row is a line; no value of ours has a line break in it. So a row that cannot be read never takes its
neighbours along.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from services.ingest.domain.flat import header_problems, nest
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.judging import Row

LONGEST_LINE = 16_384
"""Bytes; a signal has some 600."""
_MARK = b"\xef\xbb\xbf"


class Lines:
    """Splits chunks into numbered lines, empty ones left out; one that is too long comes as None."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines that are complete with this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) > LONGEST_LINE:
            self._skipping, self._rest = True, b""

    def end(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the last line, when it has no line break."""
        yield from self._line(self._rest)

    def _line(self, line: bytes) -> Iterator[tuple[int, bytes | None]]:
        self._number += 1
        line = line.removeprefix(_MARK).strip() if self._number == 1 else line.strip()
        if self._skipping or len(line) > LONGEST_LINE:
            self._skipping = False
            yield self._number, None
        elif line:
            yield self._number, line


class RowReader(Protocol):
    """Makes rows of lines."""

    def rows(self, lines: Iterable[tuple[int, bytes | None]]) -> Iterator[Row]:
        """Yield a row per line, readable or not; a `BadHeaderError` comes before the first row."""


class BadHeaderError(Exception):
    """The head of a CSV file does not say what its columns are."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__("the head of the file is not right")
        self.problems = tuple(problems)


class JsonLines:
    """A signal per line."""

    def rows(self, lines: Iterable[tuple[int, bytes | None]]) -> Iterator[Row]:
        for number, line in lines:
            yield Row(number, None if line is None else parsed(line), line or b"")


class CsvLines:
    """A head with the names of the columns, then a signal per line; comma or semicolon."""

    def __init__(self) -> None:
        self._names: list[str] | None = None
        self._delimiter = ","

    def rows(self, lines: Iterable[tuple[int, bytes | None]]) -> Iterator[Row]:
        for number, line in lines:
            if self._names is None:
                self._names = self._head(line)
            else:
                cells = self._cells(line)
                raw = nest(self._names, cells) if cells is not None else None
                yield Row(number, raw, line or b"")

    def _head(self, line: bytes | None) -> list[str]:
        self._delimiter = ";" if (line or b"").count(b";") > (line or b"").count(b",") else ","
        cells = self._cells(line)
        if cells is None:
            raise BadHeaderError([Problem(Reason.UNREADABLE)])
        names = [cell.strip() for cell in cells]
        if problems := header_problems(names):
            raise BadHeaderError(problems)
        return names

    def _cells(self, line: bytes | None) -> list[str] | None:
        if line is None:
            return None
        try:
            return next(csv.reader([line.decode()], delimiter=self._delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None


def parsed(source: bytes) -> object:
    """Return the value of a JSON text, None when it is none."""
    try:
        return msgspec.json.decode(source)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
