"""Where a registration of debt help is to be found: under its person and under its household.

A move or an end also removes it at the old place, so the last place is remembered.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.common.events import Registration


class By(StrEnum):
    """What a registration is found by."""

    PERSON = "person"
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a registration is now (household empty = its address is not known), and as which version."""

    person: str
    household: str
    version: str

    def under(self, by: By) -> str:
        """Return the person or the household."""
        return self.person if by is By.PERSON else self.household


@dataclass(frozen=True, slots=True)
class Entry:
    """A registration to be put at a place, or (None) to be removed there."""

    by: By
    place: str
    registration: Registration | None


def move(
    before: Place | None, registration: Registration | None, version: str
) -> tuple[Place | None, tuple[Entry, ...]]:
    """Return where the registration is now, and what that changes; None = help ended."""
    now = _place(registration, version) if registration else None
    return (before, ()) if now == before else (now, tuple(_entries(before, now, registration)))


def _entries(before: Place | None, now: Place | None, registration: Registration | None) -> Iterator[Entry]:
    for by in By:
        old, new = before.under(by) if before else "", now.under(by) if now else ""
        if old and old != new:
            yield Entry(by, old, None)
        if new:
            yield Entry(by, new, registration)


def _place(registration: Registration, version: str) -> Place:
    return Place(person=registration.person, household=registration.household, version=version)
