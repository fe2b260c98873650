"""Plays the two months: the clock stands while a day's actions are delivered, then jumps to the next."""

import asyncio
import time
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from services.common.catalogue import load_catalogue
from services.common.codec import Codec
from services.common.registry import Released, RepositoryRegistry
from services.common.settings import REPOSITORY
from services.local.demo.actions import Deliver, Step
from services.local.demo.desk import Desk
from services.local.demo.examples import Examples
from services.local.demo.hub import Hub
from services.local.demo.masterdata import load
from services.local.demo.model.expected import Expected, Tables
from services.local.demo.quiet import LOOK_SECONDS, Quiet
from services.local.demo.readback import read_back
from services.local.demo.script import Script
from services.local.demo.tail import Tail
from services.local.demo.tally import Tally

SCHEMAS = REPOSITORY / "schemas"
TIMERS_SECONDS = 60.0
"""How long expected timers may take to fire; what is missing then shows in the comparison at the end."""


async def play(
    hub: Hub, examples: Examples, steps: list[Step], expected: Expected, console: Console
) -> Tables:
    """Return what came of it, counted from the hub's topics and answers."""
    codec = await _codec()
    with _progress(console, steps) as progress:
        bar = progress.tasks[0].id
        async with Desk(hub) as desk:
            await load(hub, desk, examples)
            catalogue = load_catalogue(SCHEMAS)
            async with (
                Tail(hub.endpoints["kafka"]) as tail,
                Quiet(hub.endpoints["kafka"], hub.endpoints["database"], catalogue, tail) as quiet,
            ):
                script = Script(desk, lambda count: progress.advance(bar, count))
                tally = Tally(tail, codec, examples)
                await quiet.wait()
                for step in steps:
                    _tell(progress, f"{step.at:%d %b}  {step.title}")
                    await _jump(hub, step.at, expected, tally, quiet)
                    if step.actions:
                        await script.play(step)
                        await quiet.wait()
                _tell(progress, "reading back what the parties see")
                tables = tally.tables(steps, script.answers, script.help)
                return tables | await read_back(hub, desk, examples, tally)


async def _jump(hub: Hub, moment: datetime, expected: Expected, tally: Tally, quiet: Quiet) -> None:
    """Set the clock, and wait until the timers that fall due by then have fired."""
    hub.show(moment)
    ended = sum(end <= moment for end in expected.pauses_end)
    swapped = sum(close <= moment for close in expected.swaps)
    if tally.pauses_run_out() >= ended and tally.swaps() >= swapped:
        return
    limit = time.monotonic() + TIMERS_SECONDS
    while tally.pauses_run_out() < ended or tally.swaps() < swapped:
        if time.monotonic() > limit:
            break
        await asyncio.sleep(LOOK_SECONDS)
    await quiet.wait()


def _tell(progress: Progress, what: str) -> None:
    """Say what is going on: on the bar, or in a line where there is no terminal to draw on."""
    bar = progress.tasks[0]
    progress.update(bar.id, description=what)
    if not progress.console.is_terminal:
        progress.console.print(f"{bar.elapsed or 0:5.1f} s  {what}")


async def _codec() -> Codec:
    released = Released(SCHEMAS)
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    return codec


def _progress(console: Console, steps: list[Step]) -> Progress:
    total = sum(
        len(action.rows) if isinstance(action, Deliver) else 1 for step in steps for action in step.actions
    )
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    )
    progress.add_task("master data of examples/", total=total)
    return progress
