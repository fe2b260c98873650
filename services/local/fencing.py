"""A lone broker must never be without leaders while a transaction is being committed.

Kafka 4.3 takes a partition without a leader for one of a deleted topic: the transaction's markers are never
written, what it wrote waits, and the next commit of that transactional id makes it visible beside its
repetition. It happens twice: when the broker is told to stop, because it gives its partitions up first, and
when one that died is started, because it leads as before until the session of the dead one is over. So while
it has clients it is ended as by a crash, and after a crash its death is known before it starts. With replicas
on other brokers there is always a leader. docs/decisions/2026-11-22-a-lone-broker-that-died.md
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from services.common.errors import ConfigurationError
from services.local.child import Child
from services.local.kafka_kit import KafkaKit
from services.local.waiting import wait_until

CONTROLLER_ONLY = {"process.roles": "controller", "broker.session.timeout.ms": "1000"}
_TELL = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.ReplicationControlManager=info"
_ACTIVE, _FENCED = b"Performing controller activation", b"because its session has timed out"
_METADATA = "__cluster_metadata-0"
_SESSION_SECONDS = 10.0
"""Much more than the session of CONTROLLER_ONLY: a broker whose session is not over by then had none."""
_LONGEST_SECONDS = 120


def died(data: Path) -> bool:
    """Tell whether the broker of a data folder has run and did not end in peace."""
    return (data / _METADATA).exists() and not (data / ".kafka_cleanshutdown").exists()


def has_clients(pid: int, port: int) -> bool:
    """Tell whether anybody but the broker itself is connected to its port."""
    import psutil

    try:
        found = [each for each in psutil.Process(pid).net_connections("tcp") if each.raddr]
    except psutil.NoSuchProcess:
        return False
    own = {each.laddr.port for each in found if each.raddr.port == port}
    return any(each.laddr.port == port and each.raddr.port not in own for each in found)


def fence(kit: KafkaKit, properties: Path, data: Path) -> None:
    """Run the controller alone (`properties` of one) until it has written that its broker is gone."""
    log = properties.with_name("fencing.log")
    log.write_bytes(b"")
    controller = Child(
        name="kafka (controller only)",
        command=_telling(kit.command(properties)),
        env=kit.env,
        log=log,
        pid_file=properties.with_name("fencing.pid"),
    )
    controller.launch()
    try:
        _wait(controller, _end_of_session(log), "the end of a dead broker's session")
        for _ in range(
            2
        ):  # it says so before it writes; the mark of a half second may be on its way before that
            _wait(controller, _grown(data), "the record of a dead broker's end")
    finally:
        controller.stop()


def _wait(controller: Child, condition: Callable[[], bool], what: str) -> None:
    wait_until(lambda: condition() or not controller.alive, _LONGEST_SECONDS, what)
    if not controller.alive:
        raise ConfigurationError(f"{controller.name} ended ({controller.log}): {controller.last_words()}")


def _grown(data: Path) -> Callable[[], bool]:
    """Return whether the controller has written since; it does so each half second at least, all in order."""
    before = _written(data)
    return lambda: _written(data) > before


def _written(data: Path) -> int:
    return sum(path.stat().st_size for path in (data / _METADATA).glob("*.log"))


def _telling(command: Sequence[str]) -> list[str]:
    return [command[0], _TELL, *command[1:]]


def _end_of_session(log: Path) -> Callable[[], bool]:
    active: float | None = None

    def over() -> bool:
        nonlocal active
        text = log.read_bytes()
        if active is None and _ACTIVE in text:
            active = monotonic()
        return _FENCED in text or (active is not None and monotonic() - active > _SESSION_SECONDS)

    return over
