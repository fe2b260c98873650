"""Apache Kafka itself as a child process: one node, KRaft, its data in a folder that survives restarts."""

import shutil
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from services.common.errors import ConfigurationError
from services.local.child import Child
from services.local.embedded import Embedded
from services.local.fencing import CONTROLLER_ONLY, died, fence, has_clients
from services.local.kafka_kit import kafka_kit, new_cluster_id, write_properties
from services.local.waiting import LOCALHOST, claim, wait_until

START_SECONDS = 120  # 1 on a quiet machine, 45 seen at load 20 on 2 cores
_TRIES = 3
_VOTERS = "controller.quorum.voters"
"""Among the settings of a broker that is not alone."""
_API_VERSIONS = struct.pack(">hhih", 18, 0, 1, 5) + b"probe"


class EmbeddedKafka(Embedded):
    """One broker; `start` and `stop` may be repeated, the port stays the same within one object.

    Also usable as a context manager. Start it from the main thread (child.py says why).
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        controller_port: int = 0,
        settings: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        """Port 0 takes a free one; `settings` are added to or replace those of kafka_kit."""
        self._folder = data_dir.resolve()
        self._chosen = (port, controller_port)
        self._ports = (0, 0)
        self._settings = settings or {}
        self._log = log or self._folder / "kafka.log"

    @property
    def name(self) -> str:
        return "kafka"

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        if not self._ports[0]:
            raise ConfigurationError("Kafka was not started")
        return f"{LOCALHOST}:{self._ports[0]}"

    @property
    def _alone(self) -> bool:
        return _VOTERS not in self._settings

    @property
    def ready(self) -> bool:
        """Whether our own broker (not another process on its port) answers."""
        return answers(self._ports[0]) and self.alive

    def start(self) -> None:
        """Start the broker and return when it answers."""
        for attempt in range(_TRIES):
            self.launch()
            wait_until(lambda: self.ready or not self.alive, START_SECONDS, "the start of Kafka")
            if self.alive:
                return
            if self._chosen[0] and attempt:
                break
            if not self._chosen[0]:
                self._ports = (0, 0)  # somebody may have taken a free port before the broker did
        raise ConfigurationError(f"Kafka ended at its start ({self._log}): {self.last_words}")

    def ask_to_stop(self) -> None:
        """Begin to end it; with clients a lone broker ends as by a crash (fencing.py says why)."""
        if self._alone and self.alive and has_clients(self.pid, self._ports[0]):
            self.kill()
        else:
            super().ask_to_stop()

    def launch(self) -> None:
        """Start the broker without waiting for it; one that died waits for the end of its session first."""
        kit = kafka_kit()
        if not self._ports[0]:
            self._ports = (claim(self._chosen[0], "Kafka"), claim(self._chosen[1], "Kafka's controller"))
        self._format(kit.bootstrap)
        properties, data = self._folder / "kafka.properties", self._folder / "data"
        if self._alone and died(data):
            write_properties(properties, data, *self._ports, {**self._settings, **CONTROLLER_ONLY})
            fence(kit, properties, data)
        write_properties(properties, data, *self._ports, self._settings)
        self._child = Child(
            name=self.name,
            command=kit.command(properties),
            env=kit.env,
            log=self._log,
            pid_file=self._folder / "kafka.pid",
        )
        self._child.launch()

    def _format(self, bootstrap: Path) -> None:
        data = self._folder / "data"
        meta = data / "meta.properties"
        if meta.exists():
            return
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(bootstrap, data / "bootstrap.checkpoint")
        meta.write_text(f"version=1\ncluster.id={new_cluster_id()}\nnode.id=1\n")


def answers(port: int) -> bool:
    """Whether a Kafka broker on this port answers the first question of every client."""
    try:
        with socket.create_connection((LOCALHOST, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS)
            return len(connection.recv(4)) == 4
    except OSError:
        return False
