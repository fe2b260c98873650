"""(c) A national peak month: from the first POST of a delivery to the last record of a tenant."""

from collections.abc import Sequence

from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.shared import Shared


class PeakMonth:
    """Benchmark (c)."""

    letter = "c"
    title = "national peak month"

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def run(self, progress: Progress) -> Sequence[Figure]:
        peak = self._shared.peak(progress)
        signals = peak.counts["signals.v1"]
        return [
            Figure(
                what=f"{signals:,} signals, first POST to last tenant record",
                measured=peak.all_after,
                unit="s",
                aim=Aim(60),
            ),
            Figure(what="first POST to last answer (202)", measured=peak.accepted_after, unit="s"),
            Figure(what="signals a second", measured=signals / peak.all_after, unit="signals/s"),
            *(
                Figure(what=f"records on tenants' topics: {kind}", measured=count)
                for kind, count in sorted(peak.counts.items())
            ),
            Figure(what="CPU of this program", measured=peak.driver_cpu, unit="s"),
        ]
