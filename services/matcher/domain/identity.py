"""Whether two records are about one person: domain.md 9.10, design.md 5.

Decided on digests only; nothing here knows a name. The answer is the same whichever record comes first.
"""

from collections.abc import Iterable

from services.common.events import Confidence, Evidence, EvidenceKind

_SURE = (Confidence.CERTAIN, Confidence.PROBABLE)
_RANK = {Confidence.CERTAIN: 2, Confidence.PROBABLE: 1, Confidence.POSSIBLE: 0}
_TWINS = {True: Confidence.CERTAIN, None: Confidence.PROBABLE, False: Confidence.POSSIBLE}
"""Same surname and birth date: other initials are twins, a missing one leaves a little doubt."""

Traits = tuple[Evidence, ...]


def same_person(one: Traits, other: Traits) -> Confidence | None:
    """Return how sure it is that both are the same person, None when they are not or nothing says so."""
    bsn = _compared(one, other, EvidenceKind.BSN)
    if bsn is not None:
        return Confidence.CERTAIN if bsn else None
    surname = _compared(one, other, EvidenceKind.SURNAME)
    initial = _compared(one, other, EvidenceKind.INITIAL)
    if surname is not True:
        return None
    birth_date = _compared(one, other, EvidenceKind.BIRTH_DATE)
    if birth_date:
        return _TWINS[initial]
    return None if initial is False else Confidence.POSSIBLE


def is_sure(found: Confidence | None) -> bool:
    """Tell whether a creditor or bailiff may hear of it: certain or probable."""
    return found in _SURE


def surest(found: Iterable[Confidence | None]) -> Confidence | None:
    """Return the strongest of several answers."""
    return max((answer for answer in found if answer), key=_RANK.__getitem__, default=None)


def _compared(one: Traits, other: Traits, kind: EvidenceKind) -> bool | None:
    """Return whether a kind of evidence agrees; None when either side has none of it."""
    digests = [item.digest for item in one if item.kind is kind]
    if not digests:
        return None
    others = [item.digest for item in other if item.kind is kind]
    if not others:
        return None
    return any(digest in others for digest in digests)
