"""The views of parties and agreements as the gate wants them, arranged anew only when one of them changed."""

from services.common.errors import TransientError
from services.common.events import Agreement, Party
from services.common.view import View
from services.ingest.domain.gate import Directory, directory_of


class Directories:
    """Keeps the arrangement of the present content."""

    def __init__(self, parties: View[Party], agreements: View[Agreement]) -> None:
        self._parties = parties
        self._agreements = agreements
        self._version: tuple[int, int] | None = None
        self._directory = Directory()

    def current(self) -> Directory:
        """Return parties and agreements as they are now; `TransientError` while they are still being read."""
        if not (self._parties.ready and self._agreements.ready):
            raise TransientError("the parties and agreements are not all read yet")
        version = (self._parties.version, self._agreements.version)
        if version != self._version:
            self._directory = directory_of(self._parties.values(), self._agreements.values())
            self._version = version
        return self._directory
