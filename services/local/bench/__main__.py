"""`make bench`: runs the benchmarks and shows what was measured; exit code 0 also when an aim was missed."""

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from services.common.errors import ConfigurationError, SignaalhubError
from services.local.bench.agreement_import import AgreementImport
from services.local.bench.bar import Bar
from services.local.bench.checks import Checks
from services.local.bench.figures import Benchmark
from services.local.bench.footprint import Footprint
from services.local.bench.gate import Gate
from services.local.bench.household_rate import HouseholdRate
from services.local.bench.identity import Identity
from services.local.bench.latency import Latency
from services.local.bench.million import Million
from services.local.bench.peak_month import PeakMonth
from services.local.bench.processor_loop import ProcessorLoop
from services.local.bench.report import machine, reference, table, write
from services.local.bench.restarts import Restarts
from services.local.bench.shared import Shared
from services.local.bench.snapshots import Snapshots

USUAL = "abcdefg"
"""What runs when nobody says which: those that say how fast the hub is, within a quarter of an hour."""
ALL: tuple[Callable[[Shared], Benchmark], ...] = (
    ProcessorLoop,
    HouseholdRate,
    Million,
    PeakMonth,
    Footprint,  # before others change what (c) left
    Latency,
    Restarts,  # with the state of (c), and without the registrations of (e)
    Checks,
    Identity,
    Gate,
    Snapshots,  # last: what it registers is in the way of others
    AgreementImport,
)


def main(
    letters: Annotated[
        list[str] | None, typer.Argument(help="Which ones, by letter, or all; default: a to g.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.001, max=1, help="Part of the full sizes.")] = 1.0,
    replicas: Annotated[int, typer.Option(min=1, max=9, help="Processes of each service of the hub.")] = 1,
    write_to: Annotated[
        Path | None, typer.Option("--write", exists=True, help="Also fill in the tables of this page.")
    ] = None,
) -> None:
    """Measure the hub on this machine: everything is started here, in a temporary folder, on the loopback."""
    if write_to and scale != 1.0:
        raise ConfigurationError("--write is for the full size: its figures are compared with aims")
    console, begin = Console(highlight=False), time.monotonic()
    circumstances = machine() + f", scale {scale:g}, replicas {replicas}"
    console.print(f"On {circumstances}.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signaalhub-bench-")))
        shared = Shared(scale, replicas, folder, stack)
        for benchmark in chosen(letters or [], shared):
            with Bar(f"({benchmark.letter}) {benchmark.title}", console) as bar:
                before = reference()
                figures = [*benchmark.run(bar)]
            speed = f"; reference loop {before:.1f} ms before, {reference():.1f} ms after"
            console.print(table(benchmark, figures))
            console.print(speed.removeprefix("; "))
            if write_to:
                write(write_to, benchmark.letter, figures, circumstances + speed)
    note = "" if scale == 1.0 else " The aims are those of the full size."
    console.print(f"All of it took {time.monotonic() - begin:.0f} s.{note}")


def chosen(letters: list[str], shared: Shared) -> list[Benchmark]:
    """Return the benchmarks of these letters (none: the usual ones; `all`) in the order in which they run."""
    found = {each.letter: each for each in (make(shared) for make in ALL)}
    wanted = set(found) if letters == ["all"] else set(letters or USUAL)
    if unknown := wanted - set(found):
        raise ConfigurationError(
            f"there is no benchmark {', '.join(sorted(unknown))}; choose from {' '.join(found)}, or all"
        )
    return [each for letter, each in found.items() if letter in wanted]


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries complain of would tear the bar
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command()(main)
        app()
    except SignaalhubError as error:
        print(f"signaalhub: {error}", file=sys.stderr)
        sys.exit(1)
