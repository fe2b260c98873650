"""Where a projection is in its topics: common.projection_offsets, changed in the transaction of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
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
# In one order for all, so that nobody waits for who waits for him.
_ADVANCE = text("""
    WITH held AS MATERIALIZED (
        SELECT topic, partition, moves.next_offset, moves.outcomes
        FROM common.projection_offsets AS place
        JOIN json_to_recordset(CAST(:moves AS json)) AS moves
            (topic text, partition integer, expected bigint, next_offset bigint, outcomes text)
        USING (topic, partition)
        WHERE projection = :projection AND place.next_offset = expected
        ORDER BY topic, partition
        FOR UPDATE OF place
    )
    UPDATE common.projection_offsets AS place SET next_offset = held.next_offset, outcomes = held.outcomes
    FROM held
    WHERE projection = :projection AND place.topic = held.topic AND place.partition = held.partition
    RETURNING place.topic, place.partition
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
    wanted = [_move(tp, old, new) for tp, (old, new) in moves.items()]
    about = {"projection": projection, "moves": msgspec.json.encode(wanted).decode()}
    moved = {TopicPartition(*row) for row in await connection.execute(_ADVANCE, about)}
    for tp in sorted(moves.keys() - moved):
        raise OvertakenError(f"{projection}: {tp.topic} {tp.partition} is not at {moves[tp][0].next_offset}")


def _move(tp: TopicPartition, old: Place, new: Place) -> dict[str, str | int]:
    return {
        "topic": tp.topic,
        "partition": tp.partition,
        "expected": old.next_offset,
        "next_offset": new.next_offset,
        "outcomes": new.outcomes,
    }
