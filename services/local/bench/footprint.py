"""(g) Memory and CPU of each process at the end of (c)."""

from collections.abc import Iterator, Sequence

from services.local.bench.figures import Figure, Progress
from services.local.bench.shared import Shared

_MIB = 2**20


class Footprint:
    """Benchmark (g); plays the month of (c) when that was not done yet."""

    letter = "g"
    title = "memory and CPU at the end of (c)"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def run(self, progress: Progress) -> Sequence[Figure]:
        return [*self._figures(progress)]

    def _figures(self, progress: Progress) -> Iterator[Figure]:
        for name, use in self._shared.peak(progress).used.items():
            yield Figure(what=f"{name}, resident memory", measured=use.resident / _MIB, unit="MiB")
            yield Figure(what=f"{name}, CPU in (c)", measured=use.cpu, unit="s")
