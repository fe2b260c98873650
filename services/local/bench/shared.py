"""What the benchmarks of one run have in common: how large it is, where it may write, and one hub."""

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from services.local.bench.figures import Progress
from services.local.bench.month import Month
from services.local.bench.nation import CREDITORS, MUNICIPALITIES, Nation, settle
from services.local.bench.peak import Peak, play
from services.local.demo.hub import Hub, running_hub

SIGNALS = 105_000
"""Of all creditors together in the month with most of them."""
WARM_UP_SIGNALS = 2_000
UNHURRIED = {"SIGNAALHUB_CHECKS_PER_MINUTE": "1000000", "SIGNAALHUB_CHECKS_AT_ONCE": "1000000"}
"""For the hub: one bailiff asks here what those of a nation do not ask in an hour."""


@dataclass
class Shared:
    """One run; use `stack` for what has to be gone at its end."""

    scale: float
    replicas: int
    folder: Path
    stack: ExitStack
    _hub: Hub | None = field(default=None, init=False)
    _peak: Peak | None = field(default=None, init=False)

    def scaled(self, full: int, least: int = 1) -> int:
        """Return a size of this run."""
        return max(least, round(full * self.scale))

    def seconds(self, full: float) -> float:
        """Return how long something lasts in this run; under two seconds says nothing."""
        return max(2.0, full * self.scale)

    def new_folder(self, name: str) -> Path:
        """Return an empty folder that is removed at the end."""
        path = self.folder / name
        path.mkdir()
        return path

    @cached_property
    def nation(self) -> Nation:
        return Nation(self.scaled(MUNICIPALITIES, 3), self.scaled(CREDITORS, 5))

    def hub(self, progress: Progress) -> Hub:
        """Return the hub, on the machine's own clock; who needs it first starts it, settled and warm."""
        if self._hub is None:
            progress.say("starting a hub")
            os.environ |= UNHURRIED
            hub = self.stack.enter_context(running_hub(self.folder / "hub", replicas=self.replicas))
            progress.say("making parties, agreements and topics")
            asyncio.run(settle(hub, self.nation))
            play(hub, self.month("warm-up", WARM_UP_SIGNALS), progress)
            self._hub = hub
        return self._hub

    def month(self, name: str, signals: int) -> Month:
        """Return a month of its own of so many signals at full size."""
        return self.month_of(name, self.scaled(signals, 50))

    def month_of(self, name: str, signals: int) -> Month:
        """Return a month of its own of exactly so many signals."""
        return Month(self.nation, name, signals)

    def peak(self, progress: Progress) -> Peak:
        """Return what the national peak month came to; who needs it first plays it."""
        if self._peak is None:
            self._peak = play(self.hub(progress), self.month("peak", SIGNALS), progress)
        return self._peak
