"""Keeps child processes running: what ends is started again at once, then with a growing pause."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0
HEALTHY_SECONDS = 30.0


class Part(Protocol):
    """A process that can be started again after it ended."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def alive(self) -> bool: ...
    @property
    def ready(self) -> bool:
        """Whether our own process, and no other on its port, does its work."""

    def launch(self) -> None:
        """Start it without waiting until it answers."""

    def ask_to_stop(self) -> None:
        """Begin to end it and return at once."""

    def stop(self) -> None:
        """End it in peace and wait for that."""


@dataclass
class _Watched:
    part: Part
    launched: float
    pause: float = 0.0
    """How long to wait before the next start, should it end soon again."""
    due: float | None = None


class Supervisor:
    """Watches parts that run; `on_restart` is told the name of each that was started again."""

    def __init__(
        self,
        parts: Sequence[Part],
        on_restart: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = [_Watched(part, now()) for part in parts]
        self._now = now
        self._on_restart = on_restart

    def look(self) -> None:
        """Start again what has ended and is due; call it often."""
        now = self._now()
        for each in self._watched:
            if each.part.alive:
                continue
            if each.due is None:
                each.due = now + self._pause(each, now)
            if now >= each.due:
                each.due, each.launched = None, now
                each.part.launch()
                self._on_restart(each.part.name)

    @staticmethod
    def _pause(each: _Watched, now: float) -> float:
        if now - each.launched >= HEALTHY_SECONDS:
            each.pause = 0.0
        pause = each.pause
        each.pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, each.pause * 2))
        return pause
