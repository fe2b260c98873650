"""Reads what all tenants get, under `read_committed`, in a thread beside the load: how much, and when."""

import threading
from collections import Counter
from collections.abc import Callable
from time import monotonic, sleep, thread_time
from types import TracebackType
from typing import Any, Self

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from services.common.errors import TransientError

_MOST, _WAIT_SECONDS = 500, 0.05
_LOOK_SECONDS = 0.05
_QUIET_SECONDS = 6.0
_REST_SECONDS = 3.0
_EMPTY_SECONDS = 1.0
_FOLLOW_SECONDS = 60.0


class Readback:
    """Follows the tenant topics from their present end, as a context manager.

    It looks every few seconds: a fetch that waits for a thousand partitions is looked at by the broker at
    each record that is written to one of them (real tenants ask for a few each). With `ids` it waits, and
    keeps when each record arrived (monotonic seconds) by ce_id.
    """

    def __init__(self, kafka: str, *, ids: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        """Records by the part of the topic's name after the OIN."""
        self.arrived: dict[str, float] = {}
        self.last = 0.0
        """When the latest record arrived."""
        self.cpu = 0.0
        """Seconds of CPU that this thread took; librdkafka's own threads come on top."""
        self._ids = ids
        self._consumer = follower(
            kafka, lambda topic: topic.startswith("tenant.") and (not ids or topic.endswith(".signals.v1"))
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="readback", daemon=True)
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def until(self, wanted: dict[str, int], seconds: float) -> None:
        """Return when at least so many records of each kind are there, and no other comes after them."""
        end = monotonic() + seconds
        while any(self.counts[kind] < count for kind, count in wanted.items()) or self._busy():
            if self._failed is not None:
                raise self._failed
            if monotonic() > end:
                raise TransientError(
                    f"after {seconds:.0f} s the tenants have {dict(self.counts)} of {wanted}"
                )
            sleep(_LOOK_SECONDS)

    def _busy(self) -> bool:
        return monotonic() - self.last < _QUIET_SECONDS

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                if self._ids:
                    self._wait()
                else:
                    self._look()
        except BaseException as error:  # noqa: BLE001 -- raised by whoever waits
            self._failed = error

    def _wait(self) -> None:
        first = self._consumer.poll(_WAIT_SECONDS)  # `consume` would wait for more
        if first is not None:
            self._take([first, *self._consumer.consume(_MOST, 0)], monotonic())

    def _look(self) -> None:
        """Take what is there, then fetch nothing for a while."""
        self._consumer.resume(self._consumer.assignment())
        while messages := self._consumer.consume(_MOST, _EMPTY_SECONDS):
            self._take(messages, monotonic())
        self._consumer.pause(self._consumer.assignment())
        self._stop.wait(_REST_SECONDS)

    def _take(self, messages: list[Any], now: float) -> None:
        self.counts.update(message.topic().split(".", 2)[2] for message in messages if not message.error())
        if self._ids:
            self.arrived.update((_id(message), now) for message in messages if not message.error())
        self.last, self.cpu = now, thread_time()


def follower(kafka: str, wanted: Callable[[str], bool]) -> Consumer:
    """Return a consumer of these topics from their present end, under `read_committed`."""
    end = monotonic() + _FOLLOW_SECONDS
    while True:
        try:
            return _follower(kafka, wanted)
        except KafkaException as error:  # a broker under great load may lose its lead for a moment
            if monotonic() > end:
                raise TransientError(f"the broker does not tell where its topics end: {error}") from error
            sleep(_LOOK_SECONDS)


def _follower(kafka: str, wanted: Callable[[str], bool]) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "bench-follower",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
            "fetch.queue.backoff.ms": 5,
            "log_level": 0,
        }
    )
    topics = consumer.list_topics(timeout=30).topics
    latest = [
        TopicPartition(name, number, OFFSET_END)
        for name in topics
        if wanted(name)
        for number in topics[name].partitions
    ]
    try:
        consumer.assign(consumer.offsets_for_times(latest, timeout=30))  # asked now, not at the first fetch
    except KafkaException:
        consumer.close()
        raise
    return consumer


def _id(message: Any) -> str:
    for name, value in message.headers() or ():
        if name == "ce_id":
            return str(value.decode())
    return ""
