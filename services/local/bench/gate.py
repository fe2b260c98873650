"""(i) The legal gate alone: from JSON to every ground for refusal, without Kafka or database."""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import process_time

from services.common.clock import AMSTERDAM
from services.common.errors import PermanentError
from services.ingest.domain.directory import directory_of
from services.ingest.domain.gate import judge
from services.ingest.domain.reading import read_signal
from services.ingest.rows import parsed
from services.local.bench.figures import Aim, Figure, Progress
from services.local.bench.month import Month
from services.local.bench.nation import Nation
from services.local.bench.shared import Shared

SIGNALS = 100_000
_FAULTS = {
    "bedragInCenten": -1,
    "inspanningen": ["a"],
    "bezwaar": True,
    "betalingsregeling": "loopt",
    "adres": {"postcode": "0000 XX", "huisnummer": 0},
}


class Gate:
    """Benchmark (i)."""

    letter = "i"
    title = "legal gate"

    def __init__(self, shared: Shared) -> None:
        self._count = shared.scaled(SIGNALS)

    def run(self, progress: Progress) -> Sequence[Figure]:
        progress.say("writing a month")
        nation = Nation()
        month = Month(nation, "gate", self._count)
        directory = directory_of(nation.parties(), nation.agreements())
        today = datetime.now(AMSTERDAM).date()

        def problems(sender: str, line: bytes, more: dict[str, object]) -> int:
            raw = parsed(line)
            claim, found = read_signal(raw | more if isinstance(raw, dict) else raw, sender)
            if claim is None:
                return len(found)
            return len(found) + len(judge(claim, sender=sender, directory=directory, place=None, today=today))

        lines = [(oin, line) for oin, file in month.deliveries().items() for line in file.splitlines()]
        progress.say("judging")
        right = _seconds(lambda: [problems(*each, {}) for each in lines], expected=0)
        progress.reach(0.5)
        wrong = _seconds(lambda: [problems(*each, dict(_FAULTS)) for each in lines], expected=6)
        return [
            Figure(
                what="right signals for a second of one core",
                measured=len(lines) / right,
                unit="signals/s",
                aim=Aim(20_000, at_least=True),
            ),
            Figure(
                what="signals with six faults each, for a second of one core",
                measured=len(lines) / wrong,
                unit="signals/s",
            ),
        ]


def _seconds(work: Callable[[], list[int]], expected: int) -> float:
    """Return the CPU time of judging; each signal must have as many problems as were put in."""
    begin = process_time()
    found = work()
    spent = process_time() - begin
    if unlike := sum(count != expected for count in found):
        raise PermanentError(f"{unlike} of {len(found)} signals have not {expected} problems")
    return spent
