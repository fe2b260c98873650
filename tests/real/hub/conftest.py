"""One hub for these tests, started as a newcomer would: `signaalhub up` in an empty folder."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.local.keys import Secrets
from services.local.waiting import wait_until
from tests.real.hub.town import Town

START_SECONDS = 240


@pytest.fixture(scope="module")
def hub_environment() -> dict[str, str]:
    """What a module sets for its hub, beside what `up` does."""
    return {}


@pytest.fixture(scope="module")  # not longer: its processes would take time from all tests that follow
def hub(session_folder: Path, hub_environment: dict[str, str]) -> Iterator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir=session_folder))
    data = folder / "data"
    log = (folder / "up.log").open("w")
    up = subprocess.Popen(
        [sys.executable, "-m", "services.local.cli", "up", "--data-dir", str(data)],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "200", **hub_environment},
    )
    try:
        wait_until(
            lambda: (data / "endpoints.json").exists() or up.poll() is not None,
            START_SECONDS,
            "the start of the hub",
        )
        assert up.poll() is None, (folder / "up.log").read_text()
        endpoints: dict[str, Any] = json.loads((data / "endpoints.json").read_text())
        town = Town(endpoints, Secrets(data / "secrets").token)
        town.settle()
        yield town
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)
        log.close()
