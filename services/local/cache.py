"""The folder of what is fetched and made once per machine; it may be deleted at any time.

`python -m services.local.cache` fills it (`make setup` does); a start fills what is absent.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.errors import ConfigurationError
from services.common.settings import REPOSITORY


def cache_dir() -> Path:
    """Return the folder: in the project, or the user's when this is an installed package."""
    if (REPOSITORY / "pyproject.toml").is_file():
        return REPOSITORY / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "signaalhub"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from filling the folder at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Fill the cache and say in one line what is there, or what is wrong."""
    from services.local.kafka_kit import KAFKA_VERSION, kafka_kit

    begin = time.monotonic()
    try:
        kit = kafka_kit()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Apache Kafka {KAFKA_VERSION} is ready in {kit.folder} ({time.monotonic() - begin:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
