from pathlib import Path

import pytest

from services.common.errors import ConfigurationError
from services.local.jars import fetch_jars, read_lock

pytestmark = pytest.mark.real
SMALL = [jar for jar in read_lock() if jar.coordinate.startswith("org.jspecify:")]


def test_a_cut_off_download_is_fetched_again_from_the_registry(tmp_path: Path) -> None:
    [jar] = SMALL
    jar.path(tmp_path).parent.mkdir(parents=True)
    jar.path(tmp_path).write_bytes(b"PK")
    [path] = fetch_jars(SMALL, tmp_path)
    assert path.stat().st_size > 1000


def test_an_unreachable_registry_gets_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(ConfigurationError, match="try again when the registry is reachable") as error:
        fetch_jars(SMALL, tmp_path)
    assert "\n" not in str(error.value)
