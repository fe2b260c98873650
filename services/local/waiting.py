"""Waiting for a condition of another process, and free ports."""

import secrets
import socket
import time
from collections.abc import Callable

from services.common.errors import ConfigurationError

LOCALHOST = "127.0.0.1"
_LOWEST, _HIGHEST = 15_000, 32_000


def wait_until(condition: Callable[[], bool], seconds: float, what: str, poll: float = 0.02) -> None:
    """Return when `condition` holds; a `ConfigurationError` names `what` when it never did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ConfigurationError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(poll)


def free_ports(count: int) -> list[int]:
    """Return random ports that nobody listens on now, all different.

    Below the range that systems hand out to outgoing connections: such a port could be taken by any client
    while the server behind it is started again.
    """
    found: set[int] = set()
    while len(found) < count:
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if _is_free(port):
            found.add(port)
    return list(found)


def claim(port: int, who: str) -> int:
    """Return `port` if nobody listens on it; 0 means any free one."""
    if port == 0:
        return free_ports(1)[0]
    if not _is_free(port):
        raise ConfigurationError(
            f"port {port} for {who} is in use; stop what listens there or choose another --port-base"
        )
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True
