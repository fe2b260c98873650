"""The demo from start to end: a hub, two months, a report, and what a newcomer can try next."""

import asyncio
import signal
import time
from pathlib import Path

from rich.console import Console

from services.local.demo.calendar import FIRST_HELP
from services.local.demo.examples import load_examples
from services.local.demo.hub import FOLDER, running_hub
from services.local.demo.invitation import invite
from services.local.demo.model.expected import expect
from services.local.demo.play import play
from services.local.demo.report import differences, report
from services.local.demo.scenario import make_steps


def run(*, once: bool, data_dir: Path = FOLDER) -> int:
    """Play the demo; 1 when a count is not as the model says, else 0."""
    console, begin = Console(), time.monotonic()
    examples = load_examples()
    steps = make_steps(examples)
    expected = expect(steps, examples)
    with running_hub(data_dir, FIRST_HELP) as hub:
        console.print(f"Kafka, PostgreSQL and the four services are up ({time.monotonic() - begin:.1f} s).")
        begin = time.monotonic()
        tables = asyncio.run(play(hub, examples, steps, expected, console))
        seconds = time.monotonic() - begin
        console.print(report(tables, examples))
        different = differences(expected.tables, tables)
        console.print(different or "[green]Every count is what the model says it must be.[/green]")
        console.print(f"Two months took {seconds:.1f} s.")
        if not once:
            hub.run_on()
            console.print(invite(hub, examples))
            _until_interrupted()
    return 1 if different else 0


def _until_interrupted() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
