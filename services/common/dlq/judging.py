"""Which letters may go back. Nothing is sent here."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum

from aiokafka.structs import ConsumerRecord, TopicPartition

from services.common import cloudevents
from services.common.catalogue import Topic
from services.common.codec import Codec
from services.common.dlq.box import Reading
from services.common.dlq.identity import Thing, replaces, thing_of
from services.common.dlq.letters import Letter, Origin, is_for, is_replay
from services.common.errors import ContractError
from services.common.events import SUBJECTS, Event
from services.common.reading import key_of

MOST_REPLAYS = 3
"""A record that failed so often again does not get better by itself."""


class Verdict(Enum):
    """What is to be done with a letter; all but the first two leave it open. The texts are for people."""

    REPLAY = "goes back to its topic"
    SUPERSEDED = "a later record about the same thing has taken its place; done without sending"
    TOO_OFTEN = f"was sent back {MOST_REPLAYS} times or more; --force sends it again"
    UNREADABLE = "this release cannot read it either; --force sends it all the same"
    HISTORY_GONE = "too old to tell whether a later record has taken its place; --force sends it"
    VALUE_LEFT = "its value was too large to be set aside; it is where it came from, as long as that is kept"
    STRAY = "not written by the hub: nobody knows where it came from"


FORCED = frozenset({Verdict.TOO_OFTEN, Verdict.UNREADABLE, Verdict.HISTORY_GONE})
DONE = frozenset({Verdict.REPLAY, Verdict.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter that is looked at; `thing` None = a fact, or unreadable: nothing takes its place."""

    letter: Letter
    origin: Origin
    thing: Thing | None


Watched = dict[bytes | None, list[Candidate]]
"""Candidates by the key of their record."""


class Judge:
    """Judges letters of one topic, and remembers how far it looked."""

    def __init__(self, topic: Topic, codec: Codec, reading: Reading, *, force: bool) -> None:
        self._topic = topic
        self._codec = codec
        self._reading = reading
        self._force = force
        self._record = SUBJECTS[topic.subject]
        self._seen_to: dict[int, int] = {}
        self._watched: list[Candidate] = []

    async def judge(self, letters: Sequence[Letter]) -> list[Verdict]:
        """Return the verdict on each letter."""
        await self._codec.learn(letter.value for letter in letters)
        looked_at = [self._alone(letter) for letter in letters]
        self._watched = [each for _, each in looked_at if each and each.thing]
        late = await self._compare(self._watched)
        return [self._final(verdict, late.get(id(each))) for verdict, each in looked_at]

    async def slipped_in(self) -> bool:
        """Tell whether something came meanwhile that may replace what was judged; asked before the commit.

        Our own records are there already, not committed: they keep committed reading from going further.
        """
        for number, start in self._seen_to.items():
            tp = TopicPartition(self._topic.name, number)
            watched = _by_key(each for each in self._watched if each.origin.partition == number)
            end = await self._reading.end(tp)
            async with aclosing(self._reading.records(tp, start, end, committed=False)) as records:
                async for record in records:
                    if not is_replay(record.headers) and await self._any(record, watched):
                        return True
        return False

    def _alone(self, letter: Letter) -> tuple[Verdict, Candidate | None]:
        """Judge a letter by itself; what can be told of its thing is for comparing it with others."""
        if letter.origin is None:
            return Verdict.STRAY, None
        if letter.value_left:
            return Verdict.VALUE_LEFT, None
        verdict = Verdict.TOO_OFTEN if letter.replays >= MOST_REPLAYS else Verdict.REPLAY
        thing: Thing | None = (letter.key, "") if self._topic.compacted else None
        try:
            event = self._read(letter)
            if replaces(self._topic, self._record):
                thing = thing_of(self._topic, letter.key, event)
        except ContractError:
            verdict = Verdict.UNREADABLE
        return verdict, Candidate(letter, letter.origin, thing)

    def _final(self, alone: Verdict, late: Verdict | None) -> Verdict:
        """Return the verdict by itself, or (superseded always, the rest without --force) what came later."""
        if late is Verdict.SUPERSEDED:
            return late
        found = late if late and alone is Verdict.REPLAY else alone
        return Verdict.REPLAY if self._force and found in FORCED else found

    def _read(self, letter: Letter) -> Event | None:
        """Read a letter as its consumers will read the record, up to the handler."""
        key_of(letter.key)
        cloudevents.read(letter.headers)
        return self._event(letter.value)

    def _event(self, value: bytes | None) -> Event | None:
        return None if value is None else self._codec.decode(value, self._topic.subject)

    async def _compare(self, candidates: Sequence[Candidate]) -> dict[int, Verdict]:
        """Return what the source topic says against candidates, by `id`."""
        found: dict[int, Verdict] = {}
        self._seen_to = {}
        partitions = defaultdict(list)
        for each in candidates:
            partitions[each.origin.partition].append(each)
        for number, group in partitions.items():
            found |= await self._look(TopicPartition(self._topic.name, number), group)
        return found

    async def _look(self, tp: TopicPartition, group: Sequence[Candidate]) -> dict[int, Verdict]:
        first = min(each.origin.offset for each in group)
        start, end = await self._reading.start(tp), await self._reading.end(tp)
        watched, there, late = _by_key(group), set[int](), dict[int, Verdict]()
        async for record in self._reading.records(tp, first, end):
            there.add(record.offset)
            for each in watched.get(record.key, ()):
                if await self._replaces(record, each):
                    late[id(each)] = Verdict.SUPERSEDED
        self._seen_to[tp.partition] = end
        for each in group:
            if id(each) not in late and (verdict := self._without_history(each, start, there)):
                late[id(each)] = verdict
        return late

    def _without_history(self, each: Candidate, start: int, there: set[int]) -> Verdict | None:
        """Judge a letter that nothing seems to replace, when not all that followed it is kept.

        Compaction only takes a record with a value when there was a later one of its key, if only a tombstone
        that is gone by now too. With retention nobody knows.
        """
        if not self._topic.compacted:
            return Verdict.HISTORY_GONE if start > each.origin.offset + 1 else None
        gone = each.letter.value is not None and each.origin.offset not in there
        return Verdict.SUPERSEDED if gone else None

    async def _any(self, record: ConsumerRecord, watched: Watched) -> bool:
        for each in watched.get(record.key, ()):
            if await self._replaces(record, each):
                return True
        return False

    async def _replaces(self, record: ConsumerRecord, each: Candidate) -> bool:
        if record.offset <= each.origin.offset or not is_for(record.headers, each.letter.consumer):
            return False
        if self._topic.compacted:
            return True
        await self._codec.learn([record.value])
        try:
            return thing_of(self._topic, record.key, self._event(record.value)) == each.thing
        except ContractError:
            return False  # it replaces nothing for a reader who cannot read it


def _by_key(candidates: Iterable[Candidate]) -> Watched:
    found: Watched = defaultdict(list)
    for each in candidates:
        found[each.letter.key].append(each)
    return found
