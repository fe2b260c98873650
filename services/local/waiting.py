"""Waiting for a condition of another process, and free ports."""

import socket
import time
from collections.abc import Callable

from services.common.errors import ConfigurationError

LOCALHOST = "127.0.0.1"


def wait_until(condition: Callable[[], bool], seconds: float, what: str, poll: float = 0.02) -> None:
    """Return when `condition` holds; a `ConfigurationError` names `what` when it never did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ConfigurationError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(poll)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((LOCALHOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def claim(port: int, who: str) -> int:
    """Return `port` if nobody listens on it; 0 means any free one."""
    if port == 0:
        return free_ports(1)[0]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((LOCALHOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port} for {who} is in use; stop what listens there or choose another --port-base"
            ) from error
    return port
