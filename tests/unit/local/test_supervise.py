import itertools
import os
import signal
import sys
from pathlib import Path

from services.local import supervise
from services.local.child import Child
from services.local.supervise import Supervisor
from services.local.waiting import wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


class Process(Child):
    """A real process that is well while it lives."""

    @property
    def ready(self) -> bool:
        return self.alive


def process(tmp_path: Path, command: list[str]) -> Process:
    return Process(name="part", command=command, log=tmp_path / "part.log", pid_file=tmp_path / "part.pid")


def end(part: Process) -> None:
    os.kill(part.pid, signal.SIGKILL)
    wait_until_ended(part)


def wait_until_ended(part: Process) -> None:
    assert part._process is not None
    part._process.wait(10)


def test_a_killed_part_is_started_again_at_the_next_look(tmp_path: Path) -> None:
    part, restarted = process(tmp_path, SLEEPER), list[str]()
    part.launch()
    supervisor = Supervisor([part], restarted.append)
    first = part.pid
    supervisor.look()
    assert restarted == []
    end(part)
    supervisor.look()
    assert restarted == ["part"]
    assert part.alive
    assert part.pid != first
    part.stop()


def test_a_part_that_ends_again_and_again_gets_growing_pauses(tmp_path: Path) -> None:
    clock, restarted = [0.0], list[float]()
    part = process(tmp_path, ["true"])
    part.launch()
    wait_until_ended(part)
    supervisor = Supervisor([part], lambda name: restarted.append(clock[0]), lambda: clock[0])
    while clock[0] < 20:
        supervisor.look()
        wait_until_ended(part)
        clock[0] += 0.25
    pauses = [round(later - earlier, 2) for earlier, later in itertools.pairwise(restarted)]
    assert restarted[0] == 0.0
    assert pauses[:4] == [0.5, 0.75, 1.25, 2.25]  # the pause counts from when the end is seen, one look later
    assert max(pauses) <= supervise.LONGEST_PAUSE + 0.25


def test_a_part_that_was_well_for_long_is_started_again_at_once(tmp_path: Path) -> None:
    clock, restarted = [0.0], list[str]()
    part = process(tmp_path, SLEEPER)
    part.launch()
    supervisor = Supervisor([part], restarted.append, lambda: clock[0])
    for _ in range(3):
        end(part)
        supervisor.look()
        assert part.alive
        clock[0] += supervise.HEALTHY_SECONDS
    assert len(restarted) == 3
    part.stop()


def test_stop_kills_a_part_that_does_not_listen(tmp_path: Path) -> None:
    deaf = "from signal import *; signal(SIGTERM, SIG_IGN); print('up', flush=True); pause()"
    part = process(tmp_path, [sys.executable, "-c", deaf])
    part.launch()
    wait_until(lambda: "up" in part.log.read_text(), 10, "its first word")
    part.stop(timeout=0.2)
    assert part.exit_code == -signal.SIGKILL
    assert not part.pid_file.exists()
