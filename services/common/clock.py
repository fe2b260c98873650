"""The one clock port: nothing else in the product reads the time.

A `FileClock` lets several processes share a simulated time that the demo freezes, jumps or speeds up.
Tokens are the exception: their issuer lives in real time, so tokens.py checks them against `wall`.
"""

import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""The zone in which a month, a day and a deadline of this field are meant."""


def begin_of(day: date) -> datetime:
    """Return the first instant of a day in Amsterdam, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC)


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """A simulated time, read from a file of `set_clock`; a changed file is seen at the next call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._sim = datetime.min.replace(tzinfo=UTC)
        self._real = 0.0
        self._speed = 1.0

    def now(self) -> datetime:
        found = self._path.stat()
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            self._read(version)
        return self._sim + timedelta(seconds=(time.time() - self._real) * self._speed)

    def _read(self, version: tuple[int, int]) -> None:
        content = json.loads(self._path.read_text())
        self._sim = datetime.fromisoformat(content["sim"])
        self._real, self._speed = content["real"], content["speed"]
        self._version = version


def set_clock(path: Path, sim: datetime, speed: float) -> None:
    """Let every `FileClock` of `path` show `sim` (aware) now and run on at `speed`; 0 freezes."""
    content = {"sim": sim.astimezone(UTC).isoformat(), "real": time.time(), "speed": speed}
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(content))
    fresh.replace(path)


def make_clock(clock_file: Path | None) -> Clock:
    """Return the clock of the settings: the file's when there is one, else the machine's."""
    return FileClock(clock_file) if clock_file else SystemClock()


def wall() -> float:
    """Return real time in epoch seconds, for what is agreed with parties outside (tokens)."""
    return time.time()
