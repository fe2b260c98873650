"""Whether a consumer gets on: a reader alone cannot tell a silent broker from a topic without news."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

SILENT_SECONDS = 10.0
"""No word from the broker, or no progress while behind, for this long is what health calls trouble."""
STUCK_SECONDS = 3 * SILENT_SECONDS
"""No progress for this long while the broker answers: the reader takes a new consumer."""
_ASK_SECONDS = 2.0

Offsets = Mapping[TopicPartition, int]
Asked = Callable[[], Iterable[TopicPartition]]


class Progress:
    """The ends of some partitions as the broker told them last, and how far the reader is."""

    def __init__(self) -> None:
        self._ends: Offsets = {}
        self._positions: Offsets = {}
        self._starved: Mapping[TopicPartition, float] = {}
        """Since when a partition is behind and nothing comes from it, though no other one fills the time."""
        self._last_word = self._last_move = monotonic()

    def begin(self, ends: Offsets) -> None:
        """Start anew, with ends that the broker has just told."""
        self._ends, self._positions, self._starved = ends, {}, {}
        self._last_word = self._last_move = monotonic()

    async def ask(
        self, consumer: AIOKafkaConsumer, partitions: Callable[[], Iterable[TopicPartition]]
    ) -> None:
        """Ask the broker for the ends of these partitions, until cancelled."""
        while True:
            await asyncio.sleep(_ASK_SECONDS)
            if not (wanted := list(partitions())):
                self.begin({})
                continue
            with suppress(KafkaError):
                self._ends = await consumer.end_offsets(wanted)
                self._last_word = monotonic()

    async def note(
        self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition], *, idle: bool
    ) -> Offsets:
        """Return the positions: control records at an end move one without any record, so no counting.

        `idle`: nothing came. Before, whoever had nothing to read may only have had to wait for its turn.
        """
        positions = {tp: await consumer.position(tp) for tp in partitions}
        if positions != self._positions or not self.behind(positions):
            self._last_move = monotonic()
        self._starved = {
            tp: self._starved.get(tp, monotonic())
            for tp, at in positions.items()
            if (idle or tp in self._starved) and self._positions.get(tp) == at < self._ends.get(tp, 0)
        }
        self._positions = positions
        return positions

    def behind(self, positions: Offsets | None = None) -> int:
        """Return how many offsets are to be read."""
        found = self._positions if positions is None else positions
        return sum(max(0, end - found.get(tp, 0)) for tp, end in self._ends.items())

    def lag(self) -> Offsets:
        """Return how many offsets are to be read, of each partition that was read from; for metrics."""
        return {tp: max(0, self._ends.get(tp, at) - at) for tp, at in self._positions.items()}

    @property
    def stuck(self) -> bool:
        return self._answered and self._still > STUCK_SECONDS

    @property
    def trouble(self) -> str | None:
        """For health."""
        if not self._answered:
            return f"no answer from the broker for {monotonic() - self._last_word:.0f} s"
        if self._still > SILENT_SECONDS and (behind := self.behind()):
            return f"behind by {behind} offsets and not moving for {self._still:.0f} s"
        return None

    @property
    def _still(self) -> float:
        """Seconds since all moved, or since the one that stands still longest was found to stand still."""
        return monotonic() - min(self._last_move, *self._starved.values(), monotonic())

    @property
    def _answered(self) -> bool:
        return monotonic() - self._last_word < SILENT_SECONDS
