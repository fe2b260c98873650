"""The jars of Apache Kafka: fetched from Maven Central by jgo, believed when their sha256 is the locked one.

jgo writes in place and compares a remote checksum only, so a cut-off download would count as present: that is
why every jar is read and compared again at each start (46 jars, 45 MB, about 50 ms).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import ConfigurationError

LOCK = Path(__file__).with_name("kafka-jars.lock")


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    coordinate: str
    """`group:artifact:version`"""
    sha256: str

    def path(self, repository: Path) -> Path:
        """Return where a Maven repository in this folder keeps it."""
        group, artifact, version = self.coordinate.split(":")
        return repository.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def read_lock(lock: Path = LOCK) -> list[Jar]:
    """Return the locked jars in the order of the class path."""
    lines = [line.split() for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    return [Jar(coordinate, sha256) for coordinate, sha256 in lines]


def fetch_jars(jars: list[Jar], repository: Path) -> list[Path]:
    """Return the jars' paths under `repository`, fetching what is absent or not as locked."""
    return [_one(jar, repository) for jar in jars]


def _one(jar: Jar, repository: Path) -> Path:
    path = jar.path(repository)
    if _is_right(jar, path):
        return path
    path.unlink(missing_ok=True)
    _download(jar, repository)
    if not _is_right(jar, path):
        path.unlink(missing_ok=True)
        raise ConfigurationError(
            f"what the registry gave as {jar.coordinate} does not have the locked sha256"
        )
    return path


def _is_right(jar: Jar, path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def _download(jar: Jar, repository: Path) -> None:
    from jgo.maven import MavenContext

    group, artifact, version = jar.coordinate.split(":")
    project = MavenContext(repo_cache=repository).project(group, artifact)
    try:
        project.at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        reason = type(error).__name__
        raise ConfigurationError(
            f"{jar.coordinate} could not be fetched from Maven Central ({reason}); "
            "try again when the registry is reachable"
        ) from error
