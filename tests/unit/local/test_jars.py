from pathlib import Path

import pytest

from services.common.errors import ConfigurationError
from services.local import jars
from services.local.jars import Jar, fetch_jars, read_lock

JAR = Jar("org.example:small:1.0", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What a registry answers next, in place of Maven Central."""
    answers: list[bytes] = []

    def download(jar: Jar, repository: Path) -> None:
        jar.path(repository).parent.mkdir(parents=True, exist_ok=True)
        jar.path(repository).write_bytes(answers.pop(0))

    monkeypatch.setattr(jars, "_download", download)
    return answers


def test_the_lock_names_each_jar_once_with_a_sha256() -> None:
    found = read_lock()
    assert len({jar.coordinate for jar in found}) == len(found) > 40
    assert all(len(jar.sha256) == 64 and len(jar.coordinate.split(":")) == 3 for jar in found)
    assert "org.apache.kafka:kafka_2.13:4.3.0" in {jar.coordinate for jar in found}


def test_a_jar_that_is_there_and_right_is_not_fetched(tmp_path: Path, registry: list[bytes]) -> None:
    registry.append(b"test")
    assert fetch_jars([JAR], tmp_path) == fetch_jars([JAR], tmp_path)


def test_a_jar_with_another_sha256_is_deleted_and_fetched_again(
    tmp_path: Path, registry: list[bytes]
) -> None:
    registry.append(b"test")
    [path] = fetch_jars([JAR], tmp_path)
    path.write_bytes(b"tes")  # a download that was cut off
    registry.append(b"test")
    assert fetch_jars([JAR], tmp_path) == [path]
    assert path.read_bytes() == b"test"


def test_a_registry_that_gives_other_bytes_is_not_believed(tmp_path: Path, registry: list[bytes]) -> None:
    registry.append(b"something else")
    with pytest.raises(ConfigurationError, match=r"small:1\.0 does not have the locked sha256"):
        fetch_jars([JAR], tmp_path)
    assert not JAR.path(tmp_path).exists()
