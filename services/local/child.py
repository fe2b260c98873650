"""One child process that dies with its parent, writes to a log file and is started again under the same name.

On Linux the kernel ends the child when the parent is gone (PR_SET_PDEATHSIG, bound to the *thread* that
started it: start children from the main thread). Elsewhere the pid file does it: the next start ends what an
earlier one left.
"""

import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.common.errors import ConfigurationError
from services.local.waiting import wait_until

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
_CLOCK_SHIFT = 2.0


@dataclass(kw_only=True)
class Child:
    """How a process is started, ended and recognised; `launch` may be called again after it ended."""

    name: str
    command: Sequence[str]
    log: Path
    """Standard output and error are appended here."""
    pid_file: Path
    """Who was started, so that a later start can end what an earlier parent left behind."""
    env: Mapping[str, str] = field(default_factory=dict)
    """On top of the environment of this process."""
    user: str | None = None
    """Account to run as; only root can."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when this process dies first."""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id of the latest launch."""
        if self._process is None:
            raise ConfigurationError(f"{self.name} was not started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def launch(self) -> None:
        """Start the process; an earlier one of a parent that is gone is ended first."""
        end_left_behind(self.pid_file)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        account: dict[str, Any] = {} if self.user is None else account_of(self.user)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                start_new_session=True,  # Ctrl-C reaches the parent only, which stops all in order
                preexec_fn=_die_with_parent(os.getpid(), self.death_signal),  # noqa: PLW1509 -- touches no lock
                **account,
            )
        _record(self.pid_file, self._process.pid)

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self._process is not None and self.alive:
            self._process.send_signal(self.stop_signal)

    def stop(self, timeout: float = 15.0) -> None:
        """End the process in peace, after `timeout` seconds by SIGKILL; no error when it is not running."""
        self.ask_to_stop()
        self.wait_ended(timeout)

    def wait_ended(self, timeout: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End the process as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """Return the end of the log, for an error message."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return " / ".join(lines[-3:]) or "it wrote nothing"


def end_left_behind(pid_file: Path) -> None:
    """End the process that `pid_file` records, if it still is that very process."""
    try:
        found = json.loads(pid_file.read_text())
    except FileNotFoundError:
        return
    if is_running(found["pid"], found["started"]):
        os.kill(found["pid"], signal.SIGKILL)
        wait_until(lambda: not is_running(found["pid"], found["started"]), 10, "the end of a left process")


def is_running(pid: int, started: float) -> bool:
    """Whether the process of this id is the one that was started then (an id is used again later)."""
    import psutil

    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _CLOCK_SHIFT
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _record(pid_file: Path, pid: int) -> None:
    import psutil

    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()}))


def account_of(user: str) -> dict[str, Any]:
    """Return the arguments of `subprocess` that make a process run as this user, without root's groups."""
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _die_with_parent(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc = _LIBC

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return ask_kernel
