"""What Kafka and PostgreSQL have in common as child processes of ours."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from services.common.errors import ConfigurationError
from services.local.child import Child

_STOP_SECONDS = 15.0


class Embedded(ABC):
    """A server that is a child process, also usable as a context manager; `launch` makes the child."""

    _child: Child | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in logs and endpoints.json."""

    @property
    def pid(self) -> int:
        return self._started().pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.alive

    @property
    def last_words(self) -> str:
        """The end of its log, for an error message."""
        return self._started().last_words()

    @abstractmethod
    def start(self) -> None:
        """Start it and return when it answers."""

    def ask_to_stop(self) -> None:
        """Begin to end it and return at once."""
        if self._child is not None:
            self._child.ask_to_stop()

    def stop(self) -> None:
        """End it in peace."""
        self.ask_to_stop()
        if self._child is not None:
            self._child.wait_ended(_STOP_SECONDS)

    def kill(self) -> None:
        """End it as a crash would."""
        self._started().kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _started(self) -> Child:
        if self._child is None:
            raise ConfigurationError(f"{self.name} was not started")
        return self._child
