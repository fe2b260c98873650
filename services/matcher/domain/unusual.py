"""Askings that look like fishing instead of work: numbers in a row, or hardly ever somebody who is known.

Pure rules on what one asker asked last. They tell nobody's name or number, only that somebody should look.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Pattern(StrEnum):
    """What is unusual."""

    NEIGHBOURS = "neighbours"
    MISSES = "misses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Norms:
    """What is usual among the last `window` questions of one asker.

    Dossiers of a bailiff are of people all over: of 1,000 drawn from all numbers, one in 25 times two are
    within 20 of each other, as two valid numbers in a row are. Some in a hundred are in debt help.
    """

    window: int
    neighbours: int
    """So many with a number beside them are unusual."""
    misses_percent: float
    """From here on it is unusual that nobody is known."""
    within: int = 20


@dataclass(slots=True)
class Asked:
    """What one asker asked last; kept in memory only."""

    last: deque[tuple[int, bool, bool]] = field(default_factory=deque)
    """Number, whether it had a neighbour, whether it was a miss."""
    numbers: list[int] = field(default_factory=list)
    neighbours: int = 0
    misses: int = 0
    passing: int = 0
    """So many more questions are not looked at: what is going on was told."""


def note(asked: Asked, number: int, *, known: bool, norms: Norms) -> Pattern | None:
    """Take in a question; what is found unusual is told once in two windows, or a log would be full of it."""
    if asked.passing:
        asked.passing -= 1
        return None
    close = _is_close(asked.numbers, number, norms.within)
    asked.last.append((number, close, not known))
    insort(asked.numbers, number)
    asked.neighbours += close
    asked.misses += not known
    if len(asked.last) > norms.window:
        _drop_oldest(asked)
    found = _judge(asked, norms)
    if found:
        asked.last, asked.numbers, asked.neighbours, asked.misses = deque(), [], 0, 0
        asked.passing = norms.window
    return found


def _judge(asked: Asked, norms: Norms) -> Pattern | None:
    if asked.neighbours >= norms.neighbours:
        return Pattern.NEIGHBOURS
    if len(asked.last) == norms.window and asked.misses * 100 >= norms.window * norms.misses_percent:
        return Pattern.MISSES
    return None


def _drop_oldest(asked: Asked) -> None:
    number, close, missed = asked.last.popleft()
    del asked.numbers[bisect_left(asked.numbers, number)]
    asked.neighbours -= close
    asked.misses -= missed


def _is_close(numbers: list[int], number: int, within: int) -> bool:
    """Tell whether another number than this one stands beside it: the same again is nothing unusual."""
    place = bisect_left(numbers, number)
    before = place > 0 and number - numbers[place - 1] <= within
    after = bisect_left(numbers, number + 1)
    return before or (after < len(numbers) and numbers[after] - number <= within)
