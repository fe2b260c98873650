"""The `Processor`: reads its inputs as a member of a consumer group and runs a `Unit` per assigned share.

Inputs, outputs and whether there is state come from topics.yaml. One Kafka transaction per batch of a share
holds the outputs, the changed state and the offsets.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Generic

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from services.common.errors import ConfigurationError, SignaalhubError, TransientError
from services.common.member import Member
from services.common.metrics import Tally
from services.common.pace import UNHURRIED, Pace
from services.common.processor import internals
from services.common.processor.consumers import free_consumer, group_consumer, stop
from services.common.processor.destinations import Outputs
from services.common.processor.shared import Shared
from services.common.processor.shares import whole_shares
from services.common.processor.turn import Rules
from services.common.processor.unit import Unit
from services.common.records import Handler, S
from services.common.runtime import Runtime

log = structlog.get_logger()

_WATCH_SECONDS = 1.0


class Processor(Member, Generic[S]):
    """Runs a pure handler over its inputs, exactly once, as a service of the process's event loop.

    `key_of` turns a record key into the key of its state (usually `partition_key`); records with one such key
    must be in one partition. The timer of a key wakes it under that name. `patience`: how many
    seconds a record may wait for company (services/common/pace.py).
    """

    def __init__(
        self,
        name: str,
        handler: Handler[S],
        state_type: type[S] | None,
        key_of: Callable[[str], str],
        runtime: Runtime,
        patience: float = UNHURRIED,
    ) -> None:
        super().__init__(name)
        catalogue = runtime.catalogue
        spec = catalogue.processor(name)
        inputs = [catalogue.topic(topic) for topic in spec.inputs]
        if spec.stateful != (state_type is not None):
            raise ConfigurationError(f"processor {name}: stateful in topics.yaml and state_type disagree")
        if len({topic.partitions for topic in inputs}) != 1 or not all(topic.dlq for topic in inputs):
            raise ConfigurationError(f"processor {name}: inputs need one partition count and a DLQ each")
        subjects = {topic.name: topic.subject for topic in inputs}
        self._rules = Rules(name, handler, key_of, state_type, subjects, inputs[0].partitions)
        self._outputs = Outputs(spec, catalogue)
        self._runtime = runtime
        self._patience = patience
        self._units: list[Unit[S]] = []
        self._trouble: str | None = "not connected yet"
        self._tally = Tally(runtime.metrics, name, spec.inputs)
        runtime.health.add(name, self._check)
        runtime.metrics.watch(name, self._lag, self._states)

    async def on_stop(self) -> None:
        """Finish the running batches; the group keeps our place for a restart within the session time-out."""
        if self._runner is not None:
            await self._runner

    def _check(self) -> str | None:
        if self._trouble:
            return self._trouble
        return "; ".join(trouble for unit in self._units for trouble in unit.troubles) or None

    def _lag(self) -> Mapping[TopicPartition, int]:
        return {tp: lag for unit in self._units for tp, lag in unit.lag().items()}

    def _states(self) -> Mapping[str, int]:
        found = sum((unit.standing for unit in self._units), Counter[str]())
        return {state: found[state] for state in ("running", "waiting", "halted")}

    def _interrupted(self, error: Exception) -> None:
        name = type(error).__name__
        text = str(error) if isinstance(error, SignaalhubError) else ""
        self._trouble = f"not connected: {name} {text}".strip()
        log.warning("consumer_ended", processor=self._rules.name, error=name, text=text)
        self._tally.recovered()

    async def _serve(self) -> None:
        """Be a member of the group until we stop or the consumer breaks."""
        settings, rules = self._runtime.settings, self._rules
        consumer = group_consumer(settings, rules.name, tuple(rules.subjects))
        try:
            await consumer.start()
            await self._find_topics(consumer)
            async with free_consumer(settings, "read_uncommitted") as marks:
                heartbeats = internals.Heartbeats(consumer)
                shared = Shared(
                    rules,
                    self._runtime,
                    self._outputs,
                    consumer,
                    heartbeats,
                    marks,
                    Pace(self._patience),
                    self._tally,
                    asyncio.Lock(),
                )
                self._trouble = "joining the group"
                listener = _Listener(partial(self._start_units, shared), self._close_units)
                consumer.subscribe(list(rules.subjects), listener=listener)
                try:
                    while not self.should_stop:
                        internals.check(consumer)
                        await self.sleep(_WATCH_SECONDS)
                finally:
                    await self._close_units()
        finally:
            await stop(consumer)
            await self._close_units()  # those of a rebalance that ended meanwhile

    async def _find_topics(self, consumer: AIOKafkaConsumer) -> None:
        topics = await consumer.topics()
        missing = [topic for topic in self._rules.subjects if topic not in topics]
        if missing:
            raise TransientError(f"topic {missing[0]} does not exist; run: signaalhub topics apply")
        self._outputs.found(topics)

    def _start_units(self, shared: Shared[S], assigned: Iterable[TopicPartition]) -> None:
        """Start the shares of which we have every partition of every input."""
        name, settings = self._rules.name, self._runtime.settings
        owned, parts = of_every_input(assigned, len(self._rules.subjects))
        whole, torn = whole_shares(owned, self._rules.partitions, settings.shares)
        self._units = [Unit(shared, share, partitions) for share, partitions in whole.items()]
        for unit in self._units:
            unit.start()
        self._trouble = None
        log.info("partitions_assigned", processor=name, partitions=[*chain(*whole.values())])
        if idle := sorted({*parts, *torn}):
            self._trouble = f"partitions {idle} came without the rest of their share: see topics.yaml"
            log.error("partitions_assigned_in_part", processor=name, partitions=idle)

    async def _close_units(self) -> None:
        """End all shares, side by side."""
        self._trouble = self._trouble or "rebalancing"
        await asyncio.gather(*(unit.close() for unit in self._units))
        self._units = []


def of_every_input(assigned: Iterable[TopicPartition], inputs: int) -> tuple[list[int], list[int]]:
    """Return the partitions of which all inputs are assigned, and those of which only some are."""
    counts = Counter(tp.partition for tp in assigned)
    return (
        sorted(partition for partition, count in counts.items() if count == inputs),
        sorted(partition for partition, count in counts.items() if count < inputs),
    )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """aiokafka calls these while the group waits, and only logs what they raise."""

    def __init__(
        self, assigned: Callable[[Iterable[TopicPartition]], None], revoked: Callable[[], Awaitable[None]]
    ) -> None:
        self._assigned = assigned
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._revoked()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._assigned(assigned)
