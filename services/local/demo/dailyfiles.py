"""Den Haag's debt help, sent as a daily file: somebody is new, somebody gone, and once too many are gone."""

from collections.abc import Sequence
from datetime import datetime

from services.local.demo import calendar as when
from services.local.demo.actions import Action, Content, DailyFile
from services.local.demo.letters import registration
from services.local.demo.world import Household, Resident

Someone = tuple[Household, Resident]
PERSONS = 12
MISSING = 4
"""Of twelve: more than the fifth that may be gone without a question."""


class DailyFiles:
    """The files, and who in them a bailiff may ask about."""

    def __init__(self, municipality: Content, people: Sequence[Someone]) -> None:
        self._municipality = municipality
        self._people = people[: PERSONS + 1]

    @property
    def gone(self) -> Resident:
        """Who is in the first file and not in the second."""
        return self._people[0][1]

    @property
    def new(self) -> Resident:
        """Who is in the second file and not in the first."""
        return self._people[-1][1]

    @property
    def missing(self) -> Resident:
        """One of those who are not in the third file, which is held and then confirmed."""
        return self._people[1][1]

    def plan(self) -> dict[datetime, list[Action]]:
        """Return what is sent when."""
        shrunk = self._people[1 + MISSING :]
        return {
            when.FIRST_HELP: [self._file(self._people[:-1])],
            when.SECOND_HELP: [self._file(self._people[1:])],
            when.HELP_ENDS: [self._file(shrunk), self._file(shrunk, confirmed=True)],
        }

    def _file(self, people: Sequence[Someone], *, confirmed: bool = False) -> DailyFile:
        rows = tuple(self._row(each) for each in people)
        return DailyFile(registrar=self._municipality["oin"], rows=rows, confirmed=confirmed)

    def _row(self, someone: Someone) -> tuple[str, Content]:
        household, resident = someone
        since = when.SECOND_HELP if resident is self.new else when.FIRST_HELP
        content = registration(household.address, resident, since.date(), self._municipality)
        return f"client-{self._people.index(someone) + 1:03}", content
