"""The data folder of `signaalhub up`: whose it is, what made it, and where things are in it."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from services.common.errors import ConfigurationError
from services.local.kafka_kit import KAFKA_VERSION
from services.local.keys import write_private
from services.local.postgres import POSTGRES_VERSION

DEFAULT = Path(".signaalhub")
_BEFORE_THE_MARK = {"lock", "signaalhub.new"}
_MADE_BY = {"layout": 1, "kafka": KAFKA_VERSION, "postgres": POSTGRES_VERSION}


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths of one data folder."""

    path: Path

    @property
    def endpoints(self) -> Path:
        """Where everything listens; there only while the stack is up."""
        return self.path / "endpoints.json"

    @property
    def clock(self) -> Path:
        """The simulated clock, if this stack has one."""
        return self.path / "clock.json"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        return self.path / "run" / f"{name}.pid"


@contextmanager
def opened(path: Path) -> Iterator[DataFolder]:
    """Take the folder for this process alone; one line says why that cannot be."""
    path = path.resolve()
    mark = path / "signaalhub.json"
    _refuse_foreign(path, mark)
    with _lock_of(path) as lock:
        _take(lock.fileno(), path)
        write_private(mark, json.dumps(_MADE_BY))
        yield DataFolder(path)


def _lock_of(path: Path) -> TextIO:
    try:
        path.mkdir(parents=True, exist_ok=True)
        return (path / "lock").open("a+")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}); give another --data-dir"
        ) from error


def _refuse_foreign(path: Path, mark: Path) -> None:
    if path.exists() and not path.is_dir():
        raise ConfigurationError(f"{path} is a file; give a folder as --data-dir")
    if not mark.exists():
        if path.is_dir() and any(entry.name not in _BEFORE_THE_MARK for entry in path.iterdir()):
            raise ConfigurationError(
                f"{path} holds something else; give an empty or new folder as --data-dir"
            )
        return
    found = _read(mark)
    if found != _MADE_BY:
        raise ConfigurationError(
            f"{path} was made by another version ({_words(found)}; this one is {_words(_MADE_BY)}): "
            "remove it, or give another --data-dir"
        )


def _read(mark: Path) -> dict[str, object]:
    try:
        return dict(json.loads(mark.read_text()))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{mark} does not say what made the folder: remove {mark.parent}, or give another --data-dir"
        ) from error


def _take(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigurationError(
            f"{path} is in use by another `signaalhub up`; stop that one, or give another --data-dir"
        ) from None


def _words(versions: dict[str, object]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
