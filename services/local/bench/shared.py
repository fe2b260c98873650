"""What the benchmarks of one run have in common: how large it is, where it may write, and one hub."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from services.local.demo.hub import Hub, running_hub


@dataclass
class Shared:
    """One run; use `stack` for what has to be gone at its end."""

    scale: float
    replicas: int
    folder: Path
    stack: ExitStack
    _hub: Hub | None = field(default=None, init=False)

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

    @property
    def hub(self) -> Hub:
        """The hub, started by whoever needs it first; on the machine's own clock."""
        if self._hub is None:
            self._hub = self.stack.enter_context(running_hub(self.folder / "hub", replicas=self.replicas))
        return self._hub
