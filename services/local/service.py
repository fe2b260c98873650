"""One replica of one service as a child process."""

import http.client
import sys
from collections.abc import Mapping

from services.local.child import Child
from services.local.folder import DataFolder
from services.local.waiting import LOCALHOST

SERVICES = ("ingest", "matcher", "notifier", "feedback")
STOP_SECONDS = 20.0


class Service:
    """A process of `signaalhub service NAME`, known as NAME-REPLICA."""

    def __init__(
        self, service: str, replica: int, port: int, folder: DataFolder, env: Mapping[str, str]
    ) -> None:
        """`env` is what all services share."""
        self.service = service
        self._port = port
        self._child = Child(
            name=f"{service}-{replica}",
            command=[sys.executable, "-m", "services.local.cli", "service", service],
            env={**env, "SIGNAALHUB_REPLICA": str(replica), "SIGNAALHUB_HTTP_PORT": str(port)},
            log=folder.log(f"{service}-{replica}"),
            pid_file=folder.pid_file(f"{service}-{replica}"),
        )

    @property
    def name(self) -> str:
        return self._child.name

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def url(self) -> str:
        return f"http://{LOCALHOST}:{self._port}"

    @property
    def alive(self) -> bool:
        return self._child.alive

    @property
    def exit_code(self) -> int | None:
        return self._child.exit_code

    @property
    def ready(self) -> bool:
        connection = http.client.HTTPConnection(LOCALHOST, self._port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK and self.alive
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def launch(self) -> None:
        self._child.launch()

    def ask_to_stop(self) -> None:
        self._child.ask_to_stop()

    def stop(self) -> None:
        self._child.stop(STOP_SECONDS)
