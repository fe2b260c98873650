"""Which snapshot holds, and which one waits until somebody confirms it. Pure rules."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto

from services.ingest.domain.reasons import Problem, Reason


@dataclass(frozen=True, slots=True)
class Offered:
    """A snapshot as it came: `mark` is its place among all changes, by the moment at which it first came."""

    day: date
    digest: str
    mark: int
    persons: int = 0
    held: bool = False

    def same(self, other: "Offered | None") -> bool:
        """Tell whether it says the same of the same day."""
        return other is not None and (self.day, self.digest) == (other.day, other.digest)

    def later(self, other: "Offered | None") -> bool:
        """Tell whether it is of a later day, or of the same day and came later."""
        return other is not None and (self.day, self.mark) > (other.day, other.mark)


class Verdict(Enum):
    """What is done with a snapshot, before it is compared."""

    UNCHANGED = auto()
    """It is the one in force."""
    TOO_LATE = auto()
    """A later one is in force, or partly so."""
    RESUMED = auto()
    """It was begun and not finished."""
    WAITING = auto()
    """It was held."""
    FRESH = auto()


def verdict(offered: Offered, current: Offered | None, coming: Offered | None) -> Verdict:
    """Judge a snapshot by the one in force and the one that was begun or held."""
    begun = coming if coming and not coming.held else None
    if offered.same(current) and begun is None:
        return Verdict.UNCHANGED
    if coming and offered.same(coming):
        return Verdict.WAITING if coming.held else Verdict.RESUMED
    if (current and current.later(offered)) or (begun and begun.later(offered)):
        return Verdict.TOO_LATE
    return Verdict.FRESH


@dataclass(frozen=True, slots=True)
class Difference:
    """What a snapshot would do; `before`: registrations that there are, `persons`: those in it."""

    before: int
    persons: int
    new: int
    changed: int
    gone: int


def doubts(found: Difference, unclear: int, most_gone_percent: int) -> tuple[Problem, ...]:
    """Return why somebody should look first (domain.md 9, no. 4); `unclear`: rows of nobody knows whom."""
    problems: list[Problem] = []
    if not found.persons:
        problems.append(Problem(Reason.SNAPSHOT_EMPTY))
    if found.gone * 100 > found.before * most_gone_percent:
        problems.append(Problem(Reason.SNAPSHOT_SHRUNK))
    if unclear and found.gone:
        problems.append(Problem(Reason.SNAPSHOT_UNCLEAR))
    return tuple(problems)
