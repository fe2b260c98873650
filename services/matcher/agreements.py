"""The agreements by what a check asks of them; a nation has tens of thousands of them (domain.md 2.1)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from services.common.events import Agreement, AgreementKind
from services.common.view import View

_Found = Mapping[str, Sequence[Agreement]]


class Agreements:
    """Looked up by party; put in order anew when the view has changed, which is rarely."""

    def __init__(self, view: View[Agreement]) -> None:
        self._view = view
        self._version = -1
        self._for: _Found = {}
        self._of: _Found = {}

    def for_office(self, oin: str) -> Sequence[Agreement]:
        """Return by which agreements others may act for a party."""
        self._renew()
        return self._for.get(oin, ())

    def of_creditor(self, oin: str) -> Sequence[Agreement]:
        """Return the agreements of a creditor with municipalities."""
        self._renew()
        return self._of.get(oin, ())

    def _renew(self) -> None:
        if self._version == self._view.version:
            return
        granted, signals = defaultdict(list), defaultdict(list)
        for each in self._view.values():
            if each.kind is AgreementKind.REPRESENTATION:
                granted[each.grantor].append(each)
            else:
                signals[each.grantee].append(each)
        self._for, self._of, self._version = granted, signals, self._view.version
