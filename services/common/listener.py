"""What a projection hears of its group: which partitions it has; paused until it has sought them."""

from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition


class Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """aiokafka calls these while the group waits: no work here."""

    def __init__(
        self, consumer: AIOKafkaConsumer, changed: Callable[[Iterable[TopicPartition]], None]
    ) -> None:
        self._consumer = consumer
        self._changed = changed

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._changed(())

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        self._changed(assigned)
