"""Where a projection is in its topics: common.projection_offsets, changed in the transaction of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka.structs import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.errors import TransientError

IDLE_SECONDS = 15
"""A process that froze in the middle of a transaction holds its rows no longer than this."""


class OvertakenError(TransientError):
    """Another process has moved this partition on: what we were about to do has been done."""


@dataclass(frozen=True, slots=True)
class Place:
    """The next offset to apply; `outcomes` are those of the last hundred records (poison.Window)."""

    next_offset: int
    outcomes: str = ""


_INSERT = text("""
    INSERT INTO common.projection_offsets (projection, topic, partition, next_offset)
    VALUES (:projection, :topic, :partition, :start) ON CONFLICT DO NOTHING
""")
_SELECT = text("""
    SELECT topic, partition, next_offset, outcomes
    FROM common.projection_offsets WHERE projection = :projection
""")
_ADVANCE = text("""
    UPDATE common.projection_offsets SET next_offset = :new, outcomes = :outcomes
    WHERE projection = :projection AND topic = :topic AND partition = :partition AND next_offset = :expected
""")
_LIMIT_IDLE = text(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")


async def load(
    connection: AsyncConnection, projection: str, starts: Mapping[TopicPartition, int]
) -> dict[TopicPartition, Place]:
    """Return the places of these partitions; one that is new to the database begins at its start."""
    rows = [
        {"projection": projection, "topic": tp.topic, "partition": tp.partition, "start": start}
        for tp, start in sorted(starts.items())
    ]
    await connection.execute(_INSERT, rows)
    found = await connection.execute(_SELECT, {"projection": projection})
    every = {TopicPartition(row[0], row[1]): Place(row[2], row[3]) for row in found}
    return {tp: every[tp] for tp in starts}


async def advance(
    connection: AsyncConnection,
    projection: str,
    moves: Mapping[TopicPartition, tuple[Place, Place]],
) -> None:
    """Move partitions from one place to the next, or raise `OvertakenError`.

    Called first in a transaction: from here on another process waits for its end, to be overtaken itself.
    """
    await connection.execute(_LIMIT_IDLE)
    for tp, (old, new) in sorted(moves.items()):
        where = {"projection": projection, "topic": tp.topic, "partition": tp.partition}
        change = {"expected": old.next_offset, "new": new.next_offset, "outcomes": new.outcomes}
        if (await connection.execute(_ADVANCE, where | change)).rowcount != 1:
            raise OvertakenError(
                f"{projection}: {tp.topic} {tp.partition} is not at {old.next_offset} any more"
            )
