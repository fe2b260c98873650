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

from services.local.child import Child
from services.local.kafka_kit import KafkaKit
from services.local.waiting import wait_until

CONTROLLER_ONLY = {"process.roles": "controller", "broker.session.timeout.ms": "1000"}
_TELL = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.ReplicationControlManager=info"
_ACTIVE, _FENCED = b"Performing controller activation", b"because its session has timed out"
_SESSION_SECONDS = 3.0
"""More than the session of CONTROLLER_ONLY: a broker whose session is not over by then had none."""
_LONGEST_SECONDS = 120


def died(data: Path) -> bool:
    """Tell whether the broker of a data folder has run and did not end in peace."""
    return (data / "__cluster_metadata-0").exists() and not (data / ".kafka_cleanshutdown").exists()


def has_clients(pid: int, port: int) -> bool:
    """Tell whether anybody but the broker itself is connected to its port."""
    import psutil

    found = [each for each in psutil.Process(pid).net_connections("tcp") if each.raddr]
    own = {each.laddr.port for each in found if each.raddr.port == port}
    return any(each.laddr.port == port and each.raddr.port not in own for each in found)


def fence(kit: KafkaKit, properties: Path, folder: Path) -> None:
    """Run the controller alone (`properties` of one) until it has noted that its broker is gone."""
    log = folder / "fencing.log"
    log.write_bytes(b"")
    controller = Child(
        name="kafka (controller only)",
        command=_telling(kit.command(properties)),
        env=kit.env,
        log=log,
        pid_file=folder / "fencing.pid",
    )
    controller.launch()
    try:
        over = _end_of_session(log)
        wait_until(
            lambda: over() or not controller.alive, _LONGEST_SECONDS, "the end of a dead broker's session"
        )
    finally:
        controller.stop()


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
