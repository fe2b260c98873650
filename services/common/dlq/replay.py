"""Letters back to the topic they came from: the records and the mark about them in one transaction.

One transactional id per topic: whoever starts a replay ends one that hangs or runs elsewhere, and only then
reads the marks. So no letter goes back twice, whenever a process dies.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from services.common.catalogue import Topic
from services.common.codec import Codec
from services.common.dlq.box import Reading, reading
from services.common.dlq.judging import DONE, Judge, Verdict
from services.common.dlq.letters import Fate, Letter, Origin, mark, replay_headers
from services.common.errors import TransientError
from services.common.processor.batch import Batch
from services.common.producers import discard, new_producer
from services.common.settings import KafkaSettings

DEFAULT_LIMIT = 10
"""Fewer than the poison in a row that halts a partition (20), should they all fail again."""
_PORTION = 100
"""Letters of one transaction."""
_TRANSACTION_MS = 15_000
"""As long as the processors': so long a replay that was killed keeps readers from what comes after it."""
_SECONDS = 20.0
_TRIES = 5
_WAIT_SECONDS = 0.5


class SlippedInError(Exception):
    """Something came to the topic meanwhile that may replace what goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which letters; `limit` counts those that are dealt with, not those that have to stay."""

    limit: int = DEFAULT_LIMIT
    error: str | None = None
    partition: int | None = None
    offset: int = 0
    force: bool = False
    dry_run: bool = False

    def takes(self, letter: Letter) -> bool:
        return letter.offset >= self.offset and self.error in (None, letter.error)


@dataclass(slots=True)
class Report:
    """How many letters got which verdict, and the place (partition@offset) of the first of each."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    first: dict[Verdict, str] = field(default_factory=dict)

    def add(self, verdict: Verdict, partition: int, letter: Letter) -> None:
        self.counts[verdict] += 1
        self.first.setdefault(verdict, f"{partition}@{letter.offset}")

    @property
    def dealt_with(self) -> int:
        return sum(self.counts[verdict] for verdict in DONE)


async def replay(kafka: KafkaSettings, topic: Topic, codec: Codec, wish: Wish) -> Report:
    """Send letters of a topic back; the report of a dry run is what it would have been."""
    async with reading(kafka) as reader:
        found = _Replay(kafka, topic, reader, Judge(topic, codec, reader, force=wish.force), wish)
        try:
            await found.run()
        except (KafkaError, TimeoutError) as error:
            raise TransientError(
                f"the replay of {topic.name} broke off ({type(error).__name__}): what was done is "
                "remembered, the same command does the rest"
            ) from error
        finally:
            await found.close()
        return found.report


class _Replay:
    def __init__(self, kafka: KafkaSettings, topic: Topic, reader: Reading, judge: Judge, wish: Wish) -> None:
        self._kafka = kafka
        self._topic = topic
        self._reader = reader
        self._judge = judge
        self._wish = wish
        self._producer: AIOKafkaProducer | None = None
        self.report = Report()

    async def run(self) -> None:
        await self._become_the_only_one()
        for box in await self._reader.boxes(self._topic.name):
            if self._wish.partition in (None, box.partition):
                await self._empty(box)

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard(producer)

    async def _become_the_only_one(self) -> None:
        """Settle what was open and fence who else replays this topic; a dry run disturbs nobody."""
        await self.close()
        if self._wish.dry_run:
            return
        self._producer = new_producer(
            self._kafka,
            transactional_id=f"dlq-replay-{self._topic.name}",
            transaction_timeout_ms=_TRANSACTION_MS,
        )
        await asyncio.wait_for(self._producer.start(), _SECONDS)

    async def _empty(self, box: TopicPartition) -> None:
        """Go through a dead-letter partition, as far as it is there now."""
        end = await self._reader.end(box)
        fates, place = await self._reader.fates(box, end), 0
        while place < end and (room := self._wish.limit - self.report.dealt_with) > 0:
            letters, place = await self._portion(box, place, end, fates, min(room, _PORTION))
            if letters:
                await self._deal(box, letters)

    async def _portion(
        self, box: TopicPartition, start: int, end: int, fates: dict[int, Fate], most: int
    ) -> tuple[list[Letter], int]:
        """Return the next open letters that are wished for, and where to go on."""
        found: list[Letter] = []
        async with aclosing(self._reader.letters(box, start, end)) as letters:
            async for letter in letters:
                if letter.offset not in fates and self._wish.takes(letter):
                    found.append(letter)
                    if len(found) == most:
                        return found, letter.offset + 1
        return found, end

    async def _deal(self, box: TopicPartition, letters: Sequence[Letter]) -> None:
        for _ in range(_TRIES):
            verdicts = await self._judge.judge(letters)
            try:
                await self._commit(box, dict(zip(letters, verdicts, strict=True)))
            except SlippedInError:
                await self._become_the_only_one()  # which takes back what was sent
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            for letter, verdict in zip(letters, verdicts, strict=True):
                self.report.add(verdict, box.partition, letter)
            return
        raise TransientError(f"{self._topic.name} changes too fast to compare it with its DLQ, try again")

    async def _commit(self, box: TopicPartition, verdicts: dict[Letter, Verdict]) -> None:
        """Write what goes back and the mark, and look once more before it counts."""
        done = {letter.offset: _FATES[verdict] for letter, verdict in verdicts.items() if verdict in DONE}
        if self._producer is None or not done:
            return
        batch = Batch(self._producer)
        self._add([letter for letter, verdict in verdicts.items() if verdict is Verdict.REPLAY], batch)
        batch.add(box.topic, box.partition, *mark(done))
        async with asyncio.timeout(_SECONDS):
            await self._producer.begin_transaction()
            await batch.send()
            if await self._judge.slipped_in():
                raise SlippedInError
            await self._producer.commit_transaction()

    def _add(self, letters: Sequence[Letter], batch: Batch) -> None:
        """Add each record once, in the order it had in its partition, for all that failed on it.

        Not so on a compacted topic: there the record takes the place of the one that everybody has read.
        """
        together: dict[Origin, list[Letter]] = {}
        for letter in letters:
            if letter.origin is not None:
                together.setdefault(letter.origin, []).append(letter)
        for origin, group in sorted(together.items()):
            consumers = None if self._topic.compacted else {letter.consumer for letter in group}
            last = max(group, key=lambda letter: letter.replays)
            headers = replay_headers(last, consumers)
            batch.add(self._topic.name, origin.partition, last.key, last.value, headers)


_FATES = {Verdict.REPLAY: Fate.REPLAYED, Verdict.SUPERSEDED: Fate.SUPERSEDED}
