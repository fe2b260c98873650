"""Kafka -> database: rows and the consumed offsets in one SQL transaction, so each record is applied once.

The database's offsets win: at every assignment they are read and sought. A process that lost its partition
without knowing it (frozen, cut off) cannot apply anything any more, see places.py. Only in a DLQ can a record
be twice: it is acknowledged there before the SQL commit, which may fail after that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from aiokafka.structs import ConsumerRecord, TopicPartition
from mode.types import ServiceT
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.catalogue import dlq_of
from services.common.database import transaction
from services.common.dlq.letters import is_for
from services.common.errors import SignaalhubError, TransientError
from services.common.hops import Hops
from services.common.listener import Listener
from services.common.member import LONGEST_BACKOFF, STALLED_SECONDS, Member
from services.common.metrics import Tally
from services.common.pace import Pace
from services.common.places import OvertakenError, Place, advance, load
from services.common.portion import Portion, counted, poisoned, portion_of
from services.common.processor import internals
from services.common.processor.consumers import group_consumer, stop
from services.common.processor.poison import dead_letter, redacted
from services.common.progress import Progress
from services.common.publish import Encoded, Publisher
from services.common.reading import read_message
from services.common.records import Message
from services.common.runtime import Runtime
from services.common.tracing import Span, carried, working

Apply = Callable[[AsyncConnection, Sequence[Message]], Awaitable[None]]
"""Writes rows for messages (in order per partition) on this connection; it commits nothing itself."""
Found = Mapping[TopicPartition, Sequence[ConsumerRecord]]
Moves = Mapping[TopicPartition, tuple[Place, Place]]

_BATCH_RECORDS = 300
_BATCH_SECONDS = 60.0
"""A database that hangs in the middle of a batch is given up after this."""
_ANSWER_SECONDS = 10.0
"""Longer than a broker takes to say where a partition begins, ends, or is read."""
_POLL_MS = 250
_IDLE_SECONDS = 0.1

log = structlog.get_logger()


class Projection(Member):
    """Applies the records of some topics to the database, exactly once, as a member of the group `name`."""

    def __init__(
        self, name: str, topics: Sequence[str], apply: Apply, runtime: Runtime, engine: AsyncEngine
    ) -> None:
        super().__init__(name)
        self._subjects = {topic: runtime.catalogue.topic(topic).subject for topic in topics}
        self._apply = apply
        self._runtime = runtime
        self._engine = engine
        self._dlq = Publisher(runtime, f"{name} dlq")
        self._new: set[TopicPartition] = set()
        """Assigned, but not yet sought to the database's offset."""
        self._places: dict[TopicPartition, Place] = {}
        self._halted: dict[TopicPartition, str] = {}
        self._progress = Progress()
        self._trouble: str | None = "not connected yet"
        self._busy_since: float | None = None
        self._pace, self._company_until = Pace(), 0.0
        self._tally = Tally(runtime.metrics, name, topics)
        runtime.health.add(name, self._check)
        runtime.metrics.watch(name, self._progress.lag, self._states)

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        return (self._dlq,)

    async def _serve(self) -> None:
        """Be a member of the group until we stop or the consumer breaks."""
        consumer = group_consumer(self._runtime.settings, self._group, tuple(self._subjects))
        asking = asyncio.create_task(self._progress.ask(consumer, self._ready))
        try:
            await consumer.start()
            found = await consumer.topics()
            if missing := self._subjects.keys() - found:
                raise TransientError(f"topic {min(missing)} does not exist; run: signaalhub topics apply")
            self._trouble = "joining the group"
            consumer.subscribe(list(self._subjects), listener=Listener(consumer, self._joined))
            await self._work(consumer)
        finally:
            self._assigned(())
            asking.cancel()
            await stop(consumer)

    def _ready(self) -> list[TopicPartition]:
        return [tp for tp in self._places if tp not in self._halted]

    def _joined(self, partitions: Iterable[TopicPartition]) -> None:
        self._assigned(partitions)
        self._trouble = None

    def _assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Take over a new assignment (or none): new objects, by which a running batch sees it too."""
        self._new, self._places, self._halted = set(partitions), {}, {}
        self._busy_since = None
        self._progress.begin({})

    async def _work(self, consumer: AIOKafkaConsumer) -> None:
        wait = 0.25
        while not self.should_stop:
            internals.check(consumer)
            if self._progress.stuck:
                raise TransientError("reading does not move")
            try:
                async with asyncio.timeout(_BATCH_SECONDS):
                    await self._turn(consumer)
                wait = 0.25
            except OvertakenError as error:
                log.warning("projection_overtaken", projection=self._group, reason=str(error))
                self._again()
            except (TransientError, TimeoutError) as error:
                self._complain("waiting", error)
                self._again()
                if not self._new:
                    self._trouble = None  # what failed is another member's by now
                await self.sleep(wait)
                wait = min(2 * wait, LONGEST_BACKOFF)

    def _again(self) -> None:
        """Whether the transaction happened is for the database to say: read the offsets again."""
        self._new |= self._places.keys()
        self._places = {}

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        if self._new:
            await self._seek(consumer)
        places, ready = self._places, self._ready()
        if not ready:
            await self.sleep(_IDLE_SECONDS)
            return
        await self.sleep(max(0.0, self._company_until - monotonic()))
        found = await consumer.getmany(*ready, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
        if places is not self._places:
            return  # assigned anew while we waited
        if found:
            self._busy_since = self._busy_since or monotonic()
            await self._runtime.codec.learn(record.value for records in found.values() for record in records)
            begin = monotonic()
            await self._take(found, places)
            count, end = sum(map(len, found.values())), monotonic()
            self._company_until = end + self._pace.pause(count, end - begin)
        if places is self._places:
            with suppress(
                IllegalStateError, TimeoutError
            ):  # assigned anew: nobody has sought, so nobody knows
                noted = self._progress.note(consumer, ready, idle=not found)
                await asyncio.wait_for(noted, _ANSWER_SECONDS)
        self._busy_since = self._trouble = None

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        """Begin the new partitions where the database says."""
        new = self._new
        async with asyncio.timeout(_ANSWER_SECONDS):
            starts = await consumer.beginning_offsets(new)
            ends = await consumer.end_offsets(new)
        async with transaction(self._engine) as connection:
            places = await load(connection, self._group, starts)
        if new is not self._new:
            return
        for tp, place in places.items():
            if place.next_offset > ends[tp]:
                self._halt(tp, f"the database is at {place.next_offset}, the topic ends at {ends[tp]}")
            elif place.next_offset < starts[tp]:
                lost = starts[tp] - place.next_offset
                about = {"projection": self._group, "topic": tp.topic, "partition": tp.partition}
                log.error("records_lost_to_retention", count=lost, **about)
            if tp not in self._halted:
                consumer.seek(tp, max(place.next_offset, starts[tp]))
                consumer.resume(tp)
        self._places, self._new, self._trouble = self._places | places, set(), None
        self._progress.begin(ends)
        log.info("partitions_started", projection=self._group, count=len(places))

    async def _take(self, found: Found, places: dict[TopicPartition, Place]) -> None:
        portions = [self._portion(places[tp], tp, records) for tp, records in found.items()]
        try:
            await self._commit(portions, places)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 -- apply may raise anything; which record made it?
            log.warning("projection_batch_failed", projection=self._group, error=type(error).__name__)
            for tp, records in found.items():
                await self._one_by_one(tp, records, places)

    async def _one_by_one(
        self, tp: TopicPartition, records: Sequence[ConsumerRecord], places: dict[TopicPartition, Place]
    ) -> None:
        for record in records:
            if tp in self._halted:
                return
            try:
                await self._commit([self._portion(places[tp], tp, [record])], places)
            except TransientError:
                raise
            except Exception as error:  # noqa: BLE001 -- this record made it
                await self._commit([poisoned(tp, places[tp], record, error)], places)

    def _portion(self, place: Place, tp: TopicPartition, records: Sequence[ConsumerRecord]) -> Portion:
        return portion_of(tp, place, records, self._read)

    def _read(self, record: ConsumerRecord) -> Message | None:
        if not is_for(record.headers, self._group):
            return None
        return read_message(record, self._runtime.codec, self._subjects[record.topic])

    async def _commit(self, portions: Sequence[Portion], places: dict[TopicPartition, Place]) -> None:
        """Do all portions in one transaction; any exception means: none of them happened, or nobody knows."""
        moves = {each.tp: (each.old, each.new) for each in portions if each.new != each.old}
        messages = [message for each in portions for message in each.messages]
        dead = [self._dead_letter(*each) for portion in portions for each in portion.dead]
        if moves:
            begin = monotonic()
            with Hops(self._runtime.tracing, self._group) as hops:
                for message in messages if hops.on else ():
                    hops.of(message)
                with hops.commit():
                    await self._transact(moves, messages, dead)
            self._tally.committed(monotonic() - begin, *counted(portions))
        for each in portions:
            places[each.tp] = each.new
            if each.halt:
                self._halt(each.tp, each.halt)

    async def _transact(self, moves: Moves, messages: Sequence[Message], dead: Sequence[Encoded]) -> None:
        async with transaction(self._engine) as connection:
            await advance(connection, self._group, moves)
            if messages:
                await self._apply(connection, messages)
            if dead:
                await self._dlq.write(dead)

    def _states(self) -> Mapping[str, int]:
        ready, new = len(self._ready()), len(self._new)
        running = ready if self._trouble is None else 0
        return {"running": running, "waiting": ready + new - running, "halted": len(self._halted)}

    def _dead_letter(self, record: ConsumerRecord, error: Exception) -> Encoded:
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        name, text = redacted(error)
        with working(Span(carried(record.headers))):
            log.warning("record_sent_to_dlq", projection=self._group, error=name, text=text, **place)
        value, headers = dead_letter(record, error, self._group, self._runtime.clock.now())
        key = b"" if record.key is None and value is None else record.key  # the client wants one of the two
        return Encoded(dlq_of(record.topic), "", key, value, headers)

    def _halt(self, tp: TopicPartition, reason: str) -> None:
        self._halted[tp] = reason
        log.error(
            "partition_halted", projection=self._group, topic=tp.topic, partition=tp.partition, reason=reason
        )

    def _interrupted(self, error: Exception) -> None:
        self._complain("not connected", error)

    def _complain(self, what: str, error: Exception) -> None:
        name = type(error).__name__
        text = str(error) if isinstance(error, SignaalhubError) else ""
        self._trouble = f"{what}: {name} {text}".strip()
        log.warning("projection_interrupted", projection=self._group, error=name, text=text)
        self._tally.recovered()

    def _check(self) -> str | None:
        if self._halted:
            tp, reason = min(self._halted.items())
            return f"{len(self._halted)} partitions halted: {tp.topic} {tp.partition}: {reason}"
        if self._trouble:
            return self._trouble
        if self._busy_since is not None and monotonic() - self._busy_since > STALLED_SECONDS:
            return f"stalled: records wait, no commit for {STALLED_SECONDS:.0f} s"
        return self._progress.trouble
