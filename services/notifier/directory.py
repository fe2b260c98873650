"""The teams of each municipality, from the view of all teams."""

from collections import defaultdict
from collections.abc import Sequence

from services.common.events import Team
from services.common.view import View


class Teams:
    """Sorted out anew only when a team changed: there are thousands, and every new case asks."""

    def __init__(self, view: View[Team]) -> None:
        self._view = view
        self._version = -1
        self._of: dict[str, list[Team]] = {}

    def of(self, municipality: str) -> Sequence[Team]:
        """Return the teams of a municipality (OIN)."""
        if self._version != self._view.version:
            self._version = self._view.version
            self._of = self._sorted_out()
        return self._of.get(municipality, ())

    def _sorted_out(self) -> dict[str, list[Team]]:
        found: dict[str, list[Team]] = defaultdict(list)
        for team in self._view.values():
            found[team.municipality].append(team)
        return dict(found)
