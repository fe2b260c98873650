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
        """Return master data as they are now; `TransientError` while those at hand may be of before.

        Nobody is judged meanwhile: an agreement may have ended, one that seems to be missing may be there. A
        record of one party that cannot be read stops nobody else.
        """
        views = (self._parties, self._agreements, self._policies)
        for view in views:
            if outdated := view.outdated:
                raise TransientError(f"the parties, agreements or policies: {outdated}")
        version = tuple(view.version for view in views)
        if version != self._version:
            self._directory = directory_of(
                self._parties.values(), self._agreements.values(), self._policies.values()
            )
            self._version = version
        return self._directory
