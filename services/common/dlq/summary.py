"""What lies on the dead-letter topics, for people."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from services.common.catalogue import Catalogue, Topic
from services.common.dlq.box import reading
from services.common.dlq.letters import Fate, Letter
from services.common.settings import KafkaSettings

Reason = tuple[str, str, str]
"""Error, its message, and the consumer that failed."""


@dataclass(slots=True)
class Summary:
    """The letters of one topic; `since` and `reasons` are those of the open ones."""

    topic: str
    total: int = 0
    opened: int = 0
    since: str | None = None
    reasons: Counter[Reason] = field(default_factory=Counter)

    def add(self, letter: Letter, fate: Fate | None) -> None:
        self.total += 1
        if fate is None:
            self.opened += 1
            self.since = min(self.since or letter.failed_at, letter.failed_at)
            self.reasons[letter.error, letter.message, letter.consumer] += 1


async def summaries(kafka: KafkaSettings, catalogue: Catalogue) -> list[Summary]:
    """Return a summary of every dead-letter topic, in the order of the catalogue."""
    found = []
    for topic in catalogue.topics:
        if topic.dlq:
            summary = Summary(topic.name)
            async for _, letter, fate in letters(kafka, topic):
                summary.add(letter, fate)
            found.append(summary)
    return found


async def letters(
    kafka: KafkaSettings, topic: Topic, partition: int | None = None, offset: int = 0
) -> AsyncGenerator[tuple[int, Letter, Fate | None], None]:
    """Give the letters of a topic with their partition and what became of them; None = open."""
    async with reading(kafka) as reader:
        for box in await reader.boxes(topic.name):
            if partition in (None, box.partition):
                end = await reader.end(box)
                fates = await reader.fates(box, end)
                async with aclosing(reader.letters(box, offset, end)) as found:
                    async for letter in found:
                        yield box.partition, letter, fates.get(letter.offset)
