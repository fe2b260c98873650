"""What a lone broker that died needs before it may start again: its own death must be known first.

Kafka 4.3 starts it as the leader that it was, and takes that back once the session of the dead one is over.
For a moment its partitions then have no leader, and a transaction that was being committed is taken for one
of deleted topics: its markers are never written, what it wrote waits, and the next commit of that
transactional id makes it visible beside its repetition. With replicas on other brokers there is always a
leader. docs/decisions/2026-11-22-a-lone-broker-that-died.md
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from services.local.child import Child
from services.local.kafka_kit import KafkaKit
from services.local.waiting import wait_until

CONTROLLER_ONLY = {"process.roles": "controller"}
_TELL = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.ReplicationControlManager=info"
_ACTIVE, _FENCED = b"Performing controller activation", b"because its session has timed out"
_SESSION_SECONDS = 9.0
"""More than broker.session.timeout.ms: a broker whose session is not over by then had none."""
_LONGEST_SECONDS = 120


def died(data: Path) -> bool:
    """Tell whether the broker of a data folder has run and did not end in peace."""
    return (data / "__cluster_metadata-0").exists() and not (data / ".kafka_cleanshutdown").exists()


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
