"""The progress bar of the benchmarks; without a terminal, a line for each step."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Bar:
    """One benchmark's bar, as a context manager; it goes away when the benchmark is done."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._rich = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=2,  # the processors that are measured are the same ones that draw
        )
        self._task = self._rich.add_task(title, total=1.0)

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rich.stop()

    def say(self, what: str) -> None:
        """Name what goes on now."""
        self._rich.update(self._task, description=f"{self._title}: {what}")
        if not self._rich.console.is_terminal:
            elapsed = self._rich.tasks[0].elapsed or 0
            self._rich.console.print(f"{elapsed:6.1f} s  {what}")

    def reach(self, share: float) -> None:
        """Fill the bar up to this share."""
        self._rich.update(self._task, completed=share)
