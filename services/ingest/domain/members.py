"""Reading the members of one JSON object: every error is noted, none ends the reading."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from services.common.identifiers import member_name
from services.ingest.domain.reasons import Problem, Reason

T = TypeVar("T")
Parse = Callable[[object], T | None]
"""Returns the normal form of a value, None when it has not the right form."""
_NOTHING: Mapping[str, object] = {}


def all_of(one: Callable[[str], T | None]) -> Parse[tuple[T, ...]]:
    """Return what reads a list of texts; one that is not known makes the whole wrong."""

    def read(value: object) -> tuple[T, ...] | None:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return None
        found = [one(each) for each in dict.fromkeys(value)]
        known = tuple(each for each in found if each is not None)
        return known if len(known) == len(found) else None

    return read


def one_of(table: Mapping[str, T]) -> Parse[T]:
    """Return what reads a text of a table."""
    return lambda value: table.get(value) if isinstance(value, str) else None


class Members:
    """One object; null and the empty text count as absent. `close` notes what nobody asked for."""

    def __init__(self, raw: Mapping[str, object], problems: list[Problem], path: str = "") -> None:
        self._raw = raw
        self._left = dict(raw)
        self._problems = problems
        self._path = path

    def has(self, name: str) -> bool:
        """Tell whether there is a value, right or wrong."""
        return self._raw.get(name) not in (None, "")

    def optional(self, name: str, parse: Parse[T], reason: Reason = Reason.FIELD_INVALID) -> T | None:
        """Return the value, or None when it is absent or (noted) wrong."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            return None
        parsed = parse(value)
        if parsed is None:
            self.note(reason, name)
        return parsed

    def required(self, name: str, parse: Parse[T], reason: Reason = Reason.FIELD_INVALID) -> T | None:
        """Return the value, or None when it is (noted) absent or wrong."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            self.note(Reason.FIELD_MISSING, name)
            return None
        parsed = parse(value)
        if parsed is None:
            self.note(reason, name)
        return parsed

    def nested(self, name: str, *, required: bool = False) -> "Members":
        """Return the members of an object in this one; an absent one has none."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            if required:
                self.note(Reason.FIELD_MISSING, name)
            return Members(_NOTHING, [])
        if not isinstance(value, dict):
            self.note(Reason.FIELD_INVALID, name)
            return Members(_NOTHING, [])
        return Members(value, self._problems, f"{self._path}{name}.")

    def objects(self, name: str, most: int) -> "list[Members]":
        """Return the members of each object in a list of 1 to `most`; of another value (noted) none."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            self.note(Reason.FIELD_MISSING, name)
            return []
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.note(Reason.FIELD_INVALID, name)
            return []
        return [self._item(f"{name}.{number}", each) for number, each in enumerate(value)]

    def _item(self, name: str, value: object) -> "Members":
        if isinstance(value, dict):
            return Members(value, self._problems, f"{self._path}{name}.")
        self.note(Reason.FIELD_INVALID, name)
        return Members(_NOTHING, [])

    def note(self, reason: Reason, name: str) -> None:
        """Note what is wrong with a member."""
        self._problems.append(Problem(reason, f"{self._path}{name}"))

    def close(self) -> None:
        """Note each member that was never asked for."""
        if self._left:
            for name in sorted(map(member_name, self._left)):
                self.note(Reason.FIELD_UNKNOWN, name)
