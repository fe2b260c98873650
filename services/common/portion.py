"""What one batch does with one partition of a projection: pure, so that counting poison has table tests."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiokafka.structs import ConsumerRecord, TopicPartition

from services.common.errors import ContractError
from services.common.places import Place
from services.common.processor.poison import HaltError, Window
from services.common.records import Message

Dead = tuple[ConsumerRecord, Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """From `old` to `new`: `messages` are applied, `dead` go to the DLQ, `halt` says why it ends there."""

    tp: TopicPartition
    old: Place
    new: Place
    messages: Sequence[Message] = ()
    dead: Sequence[Dead] = ()
    halt: str | None = None


def counted(portions: Sequence[Portion]) -> tuple[Counter[str], Counter[str]]:
    """Return per topic how many records they hold, and how many of these are dead."""
    records, dead = Counter[str](), Counter[str]()
    for each in portions:
        records[each.tp.topic] += len(each.messages) + len(each.dead)
        dead[each.tp.topic] += len(each.dead)
    return records, dead


def portion_of(
    tp: TopicPartition,
    place: Place,
    records: Sequence[ConsumerRecord],
    read: Callable[[ConsumerRecord], Message | None],
) -> Portion:
    """Read records up to the poison that is too much.

    `read` raises `ContractError` for poison, and returns None for a record that is for others.
    """
    window, messages, dead = Window(), [], []
    window.restore(place.outcomes)
    next_offset, halt = place.next_offset, None
    for record in records:
        try:
            if (message := read(record)) is not None:
                messages.append(message)
                window.good()
        except ContractError as error:
            try:
                window.poison()
            except HaltError as reason:
                halt = str(reason)
                break
            dead.append((record, error))
        next_offset = record.offset + 1
    new = Place(next_offset, window.text)
    return Portion(tp=tp, old=place, new=new, messages=messages, dead=dead, halt=halt)


def poisoned(tp: TopicPartition, place: Place, record: ConsumerRecord, error: Exception) -> Portion:
    """Return what to do about one record that could be read but not applied."""
    window = Window()
    window.restore(place.outcomes)
    try:
        window.poison()
    except HaltError as reason:
        return Portion(tp=tp, old=place, new=place, halt=str(reason))
    return Portion(tp=tp, old=place, new=Place(record.offset + 1, window.text), dead=[(record, error)])
