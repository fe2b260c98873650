"""What the processes of a hub use."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import psutil

from services.local.demo.hub import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Resident bytes, and CPU seconds since some moment, of a process with its children."""

    pid: int
    resident: int
    cpu: float

    def since(self, before: "Use | None") -> Self:
        """Return the same with the CPU since `before`; a process that was started anew counts from zero."""
        earlier = before.cpu if before and before.pid == self.pid else 0.0
        return type(self)(pid=self.pid, resident=self.resident, cpu=self.cpu - earlier)


def use_of(hub: Hub) -> Mapping[str, Use]:
    """Return what each process of the hub uses now, by its name in endpoints.json."""
    pids = json.loads(hub.folder.endpoints.read_text())["pids"]
    return {name: _use(pid) for name, pid in pids.items()}


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process alone."""
    return int(psutil.Process(pid).memory_info().rss)


def _use(pid: int) -> Use:
    root = psutil.Process(pid)
    resident, cpu = root.memory_info().rss, cpu_of(root)
    for child in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # those of PostgreSQL come and go
            cpu += cpu_of(child)
            resident += _own(child)
    return Use(pid=pid, resident=resident, cpu=cpu)


def cpu_of(process: psutil.Process) -> float:
    """Return the CPU seconds of a process alone."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _own(process: psutil.Process) -> int:
    """Return a child's memory without what it shares: PostgreSQL's processes share most of theirs."""
    info = process.memory_info()
    return int(info.rss - getattr(info, "shared", 0))
