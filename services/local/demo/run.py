"""The demo from start to end: a hub, two months, a report, and what a newcomer can try next."""

import asyncio
import signal
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from services.local.demo.actions import Step
from services.local.demo.calendar import FIRST_HELP
from services.local.demo.examples import Examples, load_examples
from services.local.demo.hub import FOLDER, Hub, running_hub
from services.local.demo.invitation import invite
from services.local.demo.model.expected import expect
from services.local.demo.play import play
from services.local.demo.report import differences, report
from services.local.demo.scenario import make_steps

INTERRUPTED = 130
"""Exit code of a shell's command that Ctrl-C ended."""


def run(*, once: bool, data_dir: Path = FOLDER) -> int:
    """Play the demo; 1 when a count is not as the model says, else 0."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return _run(data_dir, once=once)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(data_dir: Path, *, once: bool) -> int:
    console, begin = Console(highlight=False), time.monotonic()
    console.print("Starting Apache Kafka, PostgreSQL and the four services ...")
    examples = load_examples()
    steps = make_steps(examples)
    with running_hub(data_dir, FIRST_HELP) as hub:
        console.print(
            f"All are up after {time.monotonic() - begin:.1f} s. Playing February and March 2026 ..."
        )
        good = _played(hub, examples, steps, console)
        if not once:
            hub.run_on()
            print(invite(hub, examples), flush=True)  # not through rich, which would break long lines
            with suppress(KeyboardInterrupt):
                signal.pause()
    return 0 if good else 1


def _played(hub: Hub, examples: Examples, steps: list[Step], console: Console) -> bool:
    """Play, show the report, and tell whether the hub and the model agree."""
    begin = time.monotonic()
    expected = expect(steps, examples)
    tables = asyncio.run(play(hub, examples, steps, expected, console))
    seconds = time.monotonic() - begin
    console.print(report(tables, examples))
    different = differences(expected.tables, tables)
    console.print(different or "[green]Every count is what the model says it must be.[/green]")
    console.print(f"The two months took {seconds:.1f} s.")
    return different is None
