"""Whether two records are about one person: domain.md 7.2 and 9.10, design.md 5.

Decided on digests only; nothing here knows a name. The answer is the same whichever record comes first. What
it is worth is measured: docs/benchmarks.md (h).
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from services.common.events import Confidence, Evidence, EvidenceKind

_VALUE = 16
"""Characters of a digest; what is behind them are those of its slips."""
_SLIP = 6
_AT_HAND = 32_768
"""Pairs of which the answer is remembered: hundreds at one address, and dozens of them in debt help."""
_SURE = (Confidence.CERTAIN, Confidence.PROBABLE)
_RANK = {Confidence.CERTAIN: 0, Confidence.PROBABLE: 1, Confidence.POSSIBLE: 2}

Traits = tuple[Evidence, ...]


class Agreement(Enum):
    """How far two records agree in one kind of evidence."""

    SAME = "same"
    PART = "part"
    """Initials only: the first is the same, a later one is not."""
    SLIP = "one slip apart"
    OTHER = "other"
    UNKNOWN = "unknown"


_SAME, _PART, _SLIPPED, _OTHER, _UNKNOWN = Agreement
_CERTAIN, _PROBABLE, _POSSIBLE = Confidence.CERTAIN, Confidence.PROBABLE, Confidence.POSSIBLE

DECISIONS: Mapping[tuple[Agreement, Agreement, Agreement], Confidence] = {
    # birth date, surname, initials. Twins have one birth date and surname: only initials tell them apart.
    (_SAME, _SAME, _SAME): _CERTAIN,
    (_SAME, _SAME, _UNKNOWN): _PROBABLE,
    (_SAME, _SAME, _PART): _POSSIBLE,
    (_SAME, _SAME, _OTHER): _POSSIBLE,
    (_SAME, _SLIPPED, _SAME): _PROBABLE,
    (_SAME, _SLIPPED, _UNKNOWN): _PROBABLE,
    (_SAME, _SLIPPED, _PART): _POSSIBLE,
    # The own name here and the partner's there: two residents with one birth date and initials are rarer.
    (_SAME, _OTHER, _SAME): _PROBABLE,
    (_SAME, _UNKNOWN, _SAME): _POSSIBLE,
    # A father and his son may have one surname and the same initials: no slip is in the decade.
    (_SLIPPED, _SAME, _SAME): _PROBABLE,
    (_SLIPPED, _SLIPPED, _SAME): _PROBABLE,
    (_SLIPPED, _SAME, _UNKNOWN): _POSSIBLE,
    (_OTHER, _SAME, _SAME): _POSSIBLE,
    (_OTHER, _SAME, _UNKNOWN): _POSSIBLE,
    (_UNKNOWN, _SAME, _SAME): _POSSIBLE,
    (_UNKNOWN, _SAME, _UNKNOWN): _POSSIBLE,
    (_UNKNOWN, _SLIPPED, _SAME): _POSSIBLE,
}
"""Any other combination says nothing, or that they are two."""


class Finding(NamedTuple):
    """How sure it is that two records are about one person, and why."""

    confidence: Confidence
    reasons: tuple[str, ...]


@lru_cache(maxsize=_AT_HAND)
def compare(one: Traits, other: Traits) -> Finding | None:
    """Return how sure it is that both are the same person, None when they are not or nothing says so."""
    bsn = _agreement(one, other, EvidenceKind.BSN)
    if bsn is not _UNKNOWN:
        return Finding(_CERTAIN, ("same BSN",)) if bsn is _SAME else None
    born = _agreement(one, other, EvidenceKind.BIRTH_DATE)
    surname = _agreement(one, other, EvidenceKind.SURNAME)
    initials = _initials(one, other)
    confidence = DECISIONS.get((born, surname, initials))
    if confidence is None:
        return None
    return Finding(
        confidence, (f"birth date {born.value}", f"surname {surname.value}", f"initials {initials.value}")
    )


def same_person(one: Traits, other: Traits) -> Confidence | None:
    """Return the confidence of `compare` alone."""
    found = compare(one, other)
    return found.confidence if found else None


def told_apart(one: Traits, other: Traits) -> bool:
    """Tell whether anything that both records say is of two persons; silence tells nobody apart."""
    kinds = (EvidenceKind.BSN, EvidenceKind.BIRTH_DATE, EvidenceKind.SURNAME)
    found = (_agreement(one, other, kind) for kind in kinds)
    return _OTHER in found or _initials(one, other) is _OTHER


def is_sure(found: Confidence | None) -> bool:
    """Tell whether a creditor or bailiff may hear of it: certain or probable."""
    return found in _SURE


def surest(found: Iterable[Finding | None]) -> Finding | None:
    """Return the strongest of several answers, of equal ones the one whose reasons come first."""
    return min(filter(None, found), key=lambda each: (_RANK[each.confidence], each.reasons), default=None)


def bsns_of(traits: Traits) -> set[str]:
    """Return the digests by which two records that both say a BSN are of one person, or of two."""
    return _values(_digests(traits, EvidenceKind.BSN))


def births_of(traits: Traits) -> set[str]:
    """Return the digests of which two records share one when their birth dates are at most a slip apart."""
    digests = _digests(traits, EvidenceKind.BIRTH_DATE)
    return _values(digests) | _slips(digests)


def _digests(traits: Traits, kind: EvidenceKind) -> list[str]:
    return [item.digest for item in traits if item.kind is kind]


def _agreement(one: Traits, other: Traits, kind: EvidenceKind) -> Agreement:
    mine, theirs = _digests(one, kind), _digests(other, kind)
    if not mine or not theirs:
        return _UNKNOWN
    if not _values(mine).isdisjoint(_values(theirs)):
        return _SAME
    return _OTHER if _slips(mine).isdisjoint(_slips(theirs)) else _SLIPPED


def _values(digests: Iterable[str]) -> set[str]:
    return {digest[:_VALUE] for digest in digests}


def _slips(digests: Iterable[str]) -> set[str]:
    """Return the slips of values that have any, with the values themselves."""
    longer = [digest for digest in digests if len(digest) > _VALUE]
    values = {digest[:_SLIP] for digest in longer}
    return values.union(
        digest[place : place + _SLIP] for digest in longer for place in range(_VALUE, len(digest), _SLIP)
    )


def _initials(one: Traits, other: Traits) -> Agreement:
    """Compare initials as far as both have them: behind the first, the digests of the first two and three."""
    mine, theirs = _digests(one, EvidenceKind.INITIAL), _digests(other, EvidenceKind.INITIAL)
    if not mine or not theirs:
        return _UNKNOWN
    if mine[0][:_VALUE] != theirs[0][:_VALUE]:
        return _OTHER
    common = min(len(mine[0]), len(theirs[0]))
    return _SAME if mine[0][:common] == theirs[0][:common] else _PART
