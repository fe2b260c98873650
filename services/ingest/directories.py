"""The views of master data as the gate wants them, arranged anew only when one of them changed."""

from services.common.errors import TransientError
from services.common.events import Agreement, Party, Policy
from services.common.view import View
from services.ingest.domain.directory import Directory, directory_of


class Directories:
    """Keeps the arrangement of the present content."""

    def __init__(self, parties: View[Party], agreements: View[Agreement], policies: View[Policy]) -> None:
        self._parties = parties
        self._agreements = agreements
        self._policies = policies
        self._version: tuple[int, ...] | None = None
        self._directory = Directory()

    def current(self) -> Directory:
        """Return master data as they are now; `TransientError` while they are still being read."""
        views = (self._parties, self._agreements, self._policies)
        if not all(view.ready for view in views):
            raise TransientError("the parties, agreements and policies are not all read yet")
        version = tuple(view.version for view in views)
        if version != self._version:
            self._directory = directory_of(
                self._parties.values(), self._agreements.values(), self._policies.values()
            )
            self._version = version
        return self._directory
