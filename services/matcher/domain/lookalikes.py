"""Who may be one person, found without comparing everybody with everybody.

Hundreds live at the address of a shelter, or have their letters sent to the town hall. By the table of
identity.py two records are surely one person, or not told apart, only if they have a BSN in common; or,
when one of them says none, a birth date (slips allowed). Who says no birth date may be anybody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import chain

from services.matcher.domain.facts import SignalFact
from services.matcher.domain.identity import births_of, bsns_of


class Lookalikes:
    """Signals, by what another one must have in common with them to be about the same person."""

    def __init__(self) -> None:
        self._by_bsn: dict[str, list[SignalFact]] = defaultdict(list)
        self._with_bsn = _Births()
        self._without_bsn = _Births()

    def add(self, signal: SignalFact) -> None:
        bsns = bsns_of(signal.evidence)
        for bsn in bsns:
            self._by_bsn[bsn].append(signal)
        (self._with_bsn if bsns else self._without_bsn).add(signal, births_of(signal.evidence))

    def of(self, signal: SignalFact) -> Iterable[SignalFact]:
        """Return all that may be about the person of a signal, and some that are not; one may come twice."""
        bsns, births = bsns_of(signal.evidence), births_of(signal.evidence)
        own = [self._by_bsn.get(bsn, ()) for bsn in bsns] if bsns else [self._with_bsn.of(births)]
        return chain(*own, self._without_bsn.of(births))


class _Births:
    def __init__(self) -> None:
        self._all: list[SignalFact] = []
        self._silent: list[SignalFact] = []
        self._by_digest: dict[str, list[SignalFact]] = defaultdict(list)

    def add(self, signal: SignalFact, digests: Collection[str]) -> None:
        self._all.append(signal)
        for digest in digests:
            self._by_digest[digest].append(signal)
        if not digests:
            self._silent.append(signal)

    def of(self, digests: Collection[str]) -> Iterable[SignalFact]:
        if not digests:
            return self._all
        return chain(self._silent, *(self._by_digest.get(digest, ()) for digest in digests))
