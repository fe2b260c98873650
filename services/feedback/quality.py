"""How carefully creditors signal, as each party may see it. Pure rules.

AP and NVVK want careless signals to be visible (domain.md 1.1, 1.7): refused by the gate and why, contested
by a municipality as unjustified, repeated without being higher (domain.md 4.2). A municipality sees what came
to it, a creditor what it sent, an umbrella organisation the sums of its members.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SMALLEST = 5
"""An umbrella has no part in a case, so a smaller number is not told to it: it could be somebody."""
LONGEST_MONTHS = 24
KEPT_MONTHS = 36
"""Signals under a temporary regulation are reported on within three years (domain.md 1.6, art. 1.3)."""


class View(StrEnum):
    """As whom a party looks."""

    MUNICIPALITY = "gemeente"
    CREDITOR = "schuldeiser"
    UMBRELLA = "koepel"


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of a month, creditor and municipality; a refusal may have many reasons, and no municipality."""

    month: str
    creditor: str
    municipality: str | None
    accepted: int = 0
    contested: int = 0
    repeated: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Share:
    """A number with its part of a whole; None when it is too small to be told."""

    count: int | None
    part: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What a party sees of one month; `municipality` None: all of them, or not known at the gate."""

    month: str
    creditor: str
    municipality: str | None
    delivered: int | None
    refused: Share
    reasons: Mapping[str, Share]
    contested: Share
    repeated: Share


def seen_as(view: View, tallies: Iterable[Tally]) -> list[Quality]:
    """Return the tallies of a party in the order of months; nothing that is not its own may be in them."""
    if view is not View.UMBRELLA:
        return [_quality(each, smallest=1) for each in sorted(tallies, key=_order)]
    return [_quality(each, smallest=SMALLEST) for each in sorted(_of_members(tallies), key=_order)]


def months_between(first: str, last: str) -> int:
    """Return how many months there are from the first (YYYY-MM) up to and with the last."""
    return _number(last) - _number(first) + 1


def month_before(month: str, count: int) -> str:
    """Return the month (YYYY-MM) so many months earlier."""
    year, number = divmod(_number(month) - count, 12)
    return f"{year:04d}-{number + 1:02d}"


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _order(tally: Tally) -> tuple[str, str, str]:
    return tally.month, tally.creditor, tally.municipality or ""


def _of_members(tallies: Iterable[Tally]) -> Iterator[Tally]:
    """Add the municipalities up: which of them it was is between a creditor and that municipality."""
    sums: dict[tuple[str, str], Tally] = {}
    for each in tallies:
        key = each.month, each.creditor
        found = sums.setdefault(key, Tally(month=each.month, creditor=each.creditor, municipality=None))
        found.accepted += each.accepted
        found.contested += each.contested
        found.repeated += each.repeated
        found.refused += each.refused
        found.reasons += each.reasons
    yield from sums.values()


def _quality(tally: Tally, smallest: int) -> Quality:
    delivered = tally.accepted + tally.refused

    def share(count: int, whole: int) -> Share:
        if 0 < count < smallest:
            return Share(None, None)
        return Share(count, round(count / whole, 3) if whole else None)

    return Quality(
        month=tally.month,
        creditor=tally.creditor,
        municipality=tally.municipality,
        delivered=share(delivered, delivered).count,
        refused=share(tally.refused, delivered),
        reasons={code: share(count, delivered) for code, count in sorted(tally.reasons.items())},
        contested=share(tally.contested, tally.accepted),
        repeated=share(tally.repeated, tally.accepted),
    )
