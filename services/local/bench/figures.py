"""What a benchmark gives: figures, each with what it aims at, and the port that every benchmark has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be: at least `limit`, or below it."""

    limit: float
    at_least: bool = False

    def holds(self, measured: float) -> bool:
        return measured >= self.limit if self.at_least else measured < self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; without an aim it only informs."""

    what: str
    measured: float
    unit: str = ""
    aim: Aim | None = None

    @property
    def held(self) -> str:
        """Whether the aim was met, in a word."""
        if self.aim is None:
            return ""
        return "yes" if self.aim.holds(self.measured) else "no"

    @property
    def wanted(self) -> str:
        """The aim in words."""
        if self.aim is None:
            return ""
        return f"{'at least' if self.aim.at_least else 'below'} {number(self.aim.limit)} {self.unit}".strip()

    @property
    def value(self) -> str:
        return f"{number(self.measured)} {self.unit}".strip()


class Progress(Protocol):
    """Where a benchmark tells how far it is."""

    def say(self, what: str) -> None:
        """Name what goes on now."""

    def reach(self, share: float) -> None:
        """Tell which share of the whole benchmark (0 to 1) is done."""


class Benchmark(Protocol):
    """One benchmark; it makes and removes whatever it needs."""

    letter: str
    title: str

    def run(self, progress: Progress) -> Sequence[Figure]:
        """Measure. What came out is counted too: a wrong count is a `PermanentError`, not a figure."""


def number(value: float) -> str:
    """Return three significant digits or, from 100 on, whole numbers with thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]
