"""The hub that the demo and the benchmarks play on: `signaalhub up` as a child, in a fresh folder."""

import fcntl
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.common.clock import set_clock
from services.common.errors import ConfigurationError
from services.local.child import Child
from services.local.folder import DataFolder
from services.local.keys import Secrets
from services.local.waiting import wait_until

FOLDER = Path(".signaalhub-demo")
START_SECONDS = 300.0
"""`up` has limits of its own for each part, and says which one it was; this is for an `up` that hangs."""


@dataclass(frozen=True, slots=True)
class Hub:
    """Where everything of the running hub is."""

    folder: DataFolder
    endpoints: dict[str, Any]

    @property
    def secrets(self) -> Secrets:
        """The keys of the hub's own token issuer."""
        return Secrets(self.folder.secrets)

    def url(self, service: str) -> str:
        """Return the base URL of a service, or of one replica of it (`ingest-0`)."""
        return str((self.endpoints | self.endpoints["replicas"])[service])

    def replicas(self, service: str) -> list[str]:
        """Return the names of the replicas of a service."""
        return [name for name in self.endpoints["replicas"] if name.rpartition("-")[0] == service]

    def show(self, moment: datetime) -> None:
        """Let all services see this moment; their clock stands still there."""
        set_clock(self.folder.clock, moment, 0.0)

    def run_on(self) -> None:
        """Let the clock run again from where it stands."""
        standing = datetime.fromisoformat(json.loads(self.folder.clock.read_text())["sim"])
        set_clock(self.folder.clock, standing, 1.0)


@contextmanager
def running_hub(path: Path, start: datetime | None = None, replicas: int = 1) -> Iterator[Hub]:
    """Yield a hub that has seen nothing yet; at the end all its processes are gone.

    Its clock stands at `start`; without it, it is the machine's own.
    """
    _clear(path)
    command = ["up", "--data-dir", str(path), "--replicas", str(replicas)]
    if start is not None:
        begin = start.astimezone(UTC).replace(tzinfo=None).isoformat()
        command += ["--clock-start", begin, "--clock-speed", "0"]
    child = Child(
        name="up",
        command=[sys.executable, "-m", "services.local.cli", *command],
        log=path.with_suffix(".log"),
        pid_file=path.with_suffix(".pid"),
    )
    child.log.unlink(missing_ok=True)
    child.launch()
    folder = DataFolder(path.resolve())
    try:
        _wait_until_up(child, folder)
        yield Hub(folder, json.loads(folder.endpoints.read_text()))
    finally:
        child.stop()
        child.pid_file.unlink(missing_ok=True)


def _wait_until_up(child: Child, folder: DataFolder) -> None:
    wait_until(
        lambda: folder.endpoints.exists() or not child.alive,
        START_SECONDS,
        f"the start of the hub ({child.log})",
    )
    if not child.alive:
        said = child.log.read_text().strip().splitlines()
        raise ConfigurationError(
            said[-1].removeprefix("signaalhub: ") if said else "the hub ended at its start"
        )


def _clear(path: Path) -> None:
    """Remove what an earlier demo left; a folder of somebody else, or one in use, stays."""
    if not path.exists():
        return
    if not (path / "signaalhub.json").exists():
        raise ConfigurationError(f"{path} is no data folder of the demo; move it away")
    with (path / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"another demo is running in {path}; stop that one first") from None
        shutil.rmtree(path)
