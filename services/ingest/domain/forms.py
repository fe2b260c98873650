"""The form of one JSON object: which members it may have, read in one pass; every error is noted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.common.identifiers import member_name
from services.ingest.domain.members import Parse
from services.ingest.domain.reasons import Problem, Reason


class Member(NamedTuple):
    """A member that an object may have, and what is said of it when it is wrong."""

    name: str
    parse: Parse[Any]
    reason: Reason = Reason.FIELD_INVALID
    required: bool = False


class Form:
    """For what comes by the thousand: `Members`, one member after the other, takes three times as long."""

    def __init__(self, *members: Member) -> None:
        self._members = members
        self._parse = {each.name: each.parse for each in members}
        self._required = frozenset(each.name for each in members if each.required)

    def read(self, raw: Mapping[str, object], problems: list[Problem], path: str = "") -> dict[str, Any]:
        """Return the values that are there and right, in normal form; null and the empty text are absent."""
        parse, right = self._parse, True
        found: dict[str, Any] = {}
        for name, value in raw.items():
            if name not in parse:
                right = False
            elif value is not None and value != "":
                read = parse[name](value)
                if read is None:
                    right = False
                else:
                    found[name] = read
        if not right or not self._required.issubset(found):
            self._note(raw, found, problems, path)
        return found

    def _note(
        self, raw: Mapping[str, object], found: Mapping[str, Any], problems: list[Problem], path: str
    ) -> None:
        for each in self._members:
            if is_absent(raw, each.name):
                if each.required:
                    problems.append(Problem(Reason.FIELD_MISSING, path + each.name))
            elif each.name not in found:
                problems.append(Problem(each.reason, path + each.name))
        unknown = sorted(member_name(name) for name in raw if name not in self._parse)
        problems += [Problem(Reason.FIELD_UNKNOWN, path + name) for name in unknown]


def is_absent(raw: Mapping[str, object], name: str) -> bool:
    """Tell whether a member has no value, right or wrong."""
    return raw.get(name) in (None, "")


def json_object(value: object) -> dict[str, object] | None:
    """Return an object as it is: it has a form of its own."""
    return value if isinstance(value, dict) else None
