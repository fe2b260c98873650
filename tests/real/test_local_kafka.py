import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.common.errors import ConfigurationError
from services.local.child import is_running
from services.local.fencing import died
from services.local.kafka import EmbeddedKafka
from services.local.waiting import wait_until

pytestmark = pytest.mark.real

START_AND_WAIT = """
import pathlib, sys, threading
from services.local.kafka import EmbeddedKafka
broker = EmbeddedKafka(pathlib.Path(sys.argv[1]))
broker.start()
print(broker.pid, flush=True)
threading.Event().wait()
"""


async def write(bootstrap: str, topic: str, values: list[bytes]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    async with consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_a_killed_broker_comes_back_with_its_data_cluster_id_and_port(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        await write(broker.bootstrap, "kept", [b"1", b"2", b"3"])
        bootstrap, meta = broker.bootstrap, (tmp_path / "data/meta.properties").read_text()
        broker.kill()
        assert not broker.alive
        broker.start()
        assert broker.bootstrap == bootstrap
        assert (tmp_path / "data/meta.properties").read_text().split("\n")[1:] == meta.split("\n")[1:]
        assert await read(bootstrap, "kept", 3) == [b"1", b"2", b"3"]


def test_a_broker_that_died_starts_when_its_session_is_over_and_one_that_ended_in_peace_at_once(
    tmp_path: Path,
) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        broker.stop()
        broker.start()
        assert not (tmp_path / "fencing.log").exists()
        broker.kill()
        broker.start()
        assert "Fencing broker 1 " in (tmp_path / "fencing.log").read_text()


async def test_a_broker_that_is_told_to_stop_while_it_has_clients_never_gives_up_its_partitions(
    tmp_path: Path,
) -> None:
    with EmbeddedKafka(tmp_path) as broker:
        await write(broker.bootstrap, "kept", [b"1"])
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
            await producer.send_and_wait("kept", b"2")
            broker.stop()
            assert died(tmp_path / "data")
            broker.start()
            await producer.send_and_wait("kept", b"3")
        assert await read(broker.bootstrap, "kept", 3) == [b"1", b"2", b"3"]
        broker.stop()
        assert not died(tmp_path / "data")


def test_a_port_in_use_gets_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} for Kafka is in use") as error:
            EmbeddedKafka(tmp_path, port).start()
    assert "\n" not in str(error.value)


def test_a_broker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        broker = int(parent.stdout.readline())
        started = psutil.Process(broker).create_time()
        parent.send_signal(signal.SIGKILL)
        wait_until(lambda: not is_running(broker, started), 10, "the end of the broker")


def test_a_start_ends_the_process_that_its_pid_file_records_but_no_other(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as left, subprocess.Popen(["sleep", "60"]) as foreign:
        try:
            record(tmp_path / "kafka.pid", left.pid, time.time())
            with EmbeddedKafka(tmp_path):
                assert left.poll() == -signal.SIGKILL
            record(tmp_path / "kafka.pid", foreign.pid, time.time() - 60)  # an id that was used again
            with EmbeddedKafka(tmp_path):
                assert foreign.poll() is None
        finally:
            left.kill()
            foreign.kill()


def record(pid_file: Path, pid: int, started: float) -> None:
    pid_file.write_text(json.dumps({"pid": pid, "started": started}))
