"""The figures as a table on the terminal, and as Markdown between the marks of docs/benchmarks.md."""

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import psutil
from rich.table import Table

from services.common.errors import ConfigurationError
from services.local.bench.figures import Benchmark, Figure
from services.local.kafka_kit import KAFKA_VERSION

_GIB = 1024**3
_REFERENCE = json.dumps([{"number": number, "text": "x" * 20} for number in range(5_000)])
HEADS = ("figure", "measured", "aim", "held")


def table(benchmark: Benchmark, figures: Sequence[Figure]) -> Table:
    """Return what the terminal shows."""
    found = Table(title=f"({benchmark.letter}) {benchmark.title}", title_justify="left")
    for head in HEADS:
        found.add_column(head, justify="right" if head == "measured" else "left")
    for each in figures:
        colour = {"yes": "[green]", "no": "[red]"}.get(each.held, "")
        found.add_row(each.what, each.value, each.wanted, f"{colour}{each.held}")
    return found


def machine() -> str:
    """Return on what the figures are measured, and how busy it was before."""
    memory = psutil.virtual_memory().total / _GIB
    load = os.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, Apache Kafka {KAFKA_VERSION}; "
        f"load before the run {load:.1f}"
    )


def reference() -> float:
    """Return the milliseconds of CPU for a fixed piece of Python: how fast the machine is this minute."""
    times = []
    for _ in range(7):
        begin = process_time()
        json.dumps(json.loads(_REFERENCE))
        times.append(process_time() - begin)
    return 1e3 * min(times)


def write(page: Path, letter: str, figures: Sequence[Figure], circumstances: str) -> None:
    """Replace what stands between the marks of this benchmark."""
    begin, end = f"<!-- {letter}: begin -->", f"<!-- {letter}: end -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise ConfigurationError(f"{page} lacks the line {begin} or {end}")
    lines = [
        f"Measured {datetime.now(UTC).date()} on {circumstances}.",
        "",
        f"| {' | '.join(HEADS)} |",
        "|---|---:|---|---|",
        *(f"| {each.what} | {each.value} | {each.wanted} | {each.held} |" for each in figures),
    ]
    between = "\n".join([begin, *lines, end])
    page.write_text(re.sub(f"{begin}.*?{end}", lambda _: between, text, flags=re.DOTALL))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
