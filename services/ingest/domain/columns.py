"""What the columns of a table (CSV, XLSX) are called, and what a cell of each says.

A kind of table is one tuple of `Column`: a row for each name of the message that it stands for. Senders write
heads by hand: case, spaces, points and accents make no difference, and each column has its usual synonyms.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from services.common.identifiers import member_name
from services.ingest.domain.reasons import Problem, Reason

_NO_COLUMNS = (
    "De eerste rij noemt geen enkele kolom die hier bekend is. "
    "In CSV staan daar de namen van de kolommen, met puntkomma's of komma's ertussen."
)
_NO_TEXT = "Dit is geen tekst in UTF-8 of Windows-1252; is het UTF-16, sla het dan op als CSV in UTF-8."
_TWICE = "Deze kolom staat er meer dan eens, of ook onder een andere naam (bedrag en bedragInCenten)."
Read = Callable[[str], object]
"""What a cell (not empty, no space around it) says; what it cannot read it returns as it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where its value goes in the message, and what it is called: first the name that we use."""

    path: str
    """`kenmerk`, or `adres.postcode` in an object; empty: it is known, and left out."""
    names: tuple[str, ...]
    read: Read = str
    required: bool = False
    """Whether a table must have its path: of two columns with one path either will do."""


class HeadError(Exception):
    """The head of a table does not say what its columns are."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__("the head of the table is not right")
        self.problems = tuple(problems)


class Head:
    """The head of one table; `message` makes the message that a row stands for."""

    def __init__(self, names: Sequence[str], columns: Sequence[Column]) -> None:
        """Raise a `HeadError` with all that is wrong; of a first row of data nothing is repeated."""
        if any("\0" in name for name in names):
            raise HeadError([Problem(Reason.UNREADABLE, said=_NO_TEXT)])
        known = {plain(name): column for column in columns for name in column.names}
        found = [known.get(plain(name)) for name in names]
        if not any(found):
            raise HeadError([Problem(Reason.UNREADABLE, said=_NO_COLUMNS)])
        if problems := (*_unknown(names, found), *_double(found), *_missing(found, columns)):
            raise HeadError(problems)
        self._places = [_place(column) for column in found]

    def message(self, cells: Sequence[str]) -> Mapping[str, object] | None:
        """Return a row as a message, None when it has not the cells of the head; empty ones are absent."""
        places = self._places
        if len(cells) != len(places):
            if any(cell.strip() for cell in cells[len(places) :]):
                return None
            cells = [cell or "" for _, cell in zip_longest(places, cells[: len(places)])]
        found: dict[str, object] = {}
        for (parent, name, read), cell in zip(places, cells, strict=True):
            if name and (value := cell.strip()):
                target = found if not parent else _part(found, parent)
                target[name] = read(value)
        return found


def plain(name: str) -> str:
    """Return a column's name as it is compared: lower case letters and digits without accents."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in apart if c.isalnum())


def _part(message: dict[str, object], name: str) -> dict[str, object]:
    part = message.get(name)
    if not isinstance(part, dict):
        part = message[name] = {}
    return part


def _place(column: Column | None) -> tuple[str, str, Read]:
    if column is None:
        return "", "", str
    parent, _, name = column.path.rpartition(".")
    return parent, name, column.read


def _unknown(names: Sequence[str], found: Sequence[Column | None]) -> Iterable[Problem]:
    """A name that may be a value is told by its place; a column without a name is no column."""
    for number, (name, column) in enumerate(zip(names, found, strict=True), 1):
        if column is None and plain(name):
            told = member_name(name.strip())
            yield Problem(Reason.FIELD_UNKNOWN, f"kolom {number}" if told == "?" else told)


def _double(found: Sequence[Column | None]) -> Iterable[Problem]:
    paths = [column.path for column in found if column and column.path]
    for path in sorted(set(paths)):
        if paths.count(path) > 1:
            yield Problem(Reason.FIELD_INVALID, path, _TWICE)


def _missing(found: Sequence[Column | None], columns: Sequence[Column]) -> Iterable[Problem]:
    there = {column.path for column in found if column}
    needed = {column.path: column.names[0] for column in reversed(columns) if column.required}
    for path in dict.fromkeys(column.path for column in columns if column.required):
        if path not in there:
            yield Problem(Reason.FIELD_MISSING, needed[path])
