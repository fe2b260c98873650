"""Table common.deliveries: what is to be told to somebody outside, one row per delivery.

Its times are the database's own `now()`: the world outside does not live in a simulated time, and the clocks
of two processes may differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.errors import PermanentError, SignaalhubError

FIRST_WAIT = timedelta(seconds=5)
"""A partner that restarts its server is back by then."""
WAIT_FACTOR = 4
MAX_ATTEMPTS = 7
"""5 s, 20 s, 80 s, 5 min, 21 min, 85 min: the last attempt comes after an outage of almost two hours."""
DELIVER_SECONDS = 30.0
"""How long a partner may take to answer."""
LEASE = timedelta(seconds=60)
"""A row is somebody's for this long: longer than an answer may take, so nobody else delivers it meanwhile."""
KEEP_FINISHED = timedelta(days=35)
"""Longer than any topic keeps records, so that a record that is read again is not delivered again. One that
was given up can be restarted meanwhile; it is not kept longer, because its body is about somebody."""


class State(StrEnum):
    """PENDING until it is DONE, or DEAD: given up until somebody restarts it, within `KEEP_FINISHED`.

    REPLACED: something later was told of the same thing before this one went out, and it may not go out now.
    """

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery to be made; `id` is the idempotency key on the wire.

    `about`: the thing that it tells of; of the same thing a lower `rank` is older. `fleeting`: it may not go
    out any more once something newer is told of that thing.
    """

    id: str
    target: str
    body: bytes
    headers: Mapping[str, str]
    about: str | None = None
    rank: int = 0
    fleeting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """Something was told of a thing, whether or not it is delivered; `id`: that of its delivery."""

    id: str
    about: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery in hand; `id` is the idempotency key on the wire, `attempts` counts this one too."""

    id: str
    target: str
    body: bytes
    headers: Mapping[str, str]
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadDelivery:
    """A delivery that was given up, without its content."""

    id: str
    target: str
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to; `wait` until the next one, `error` without anything of the content."""

    state: State
    wait: timedelta = timedelta(0)
    error: str | None = None


def outcome_of(attempts: int, error: Exception | None) -> Outcome:
    """Return what comes after the attempt of this number: 1 was the first."""
    if error is None:
        return Outcome(State.DONE)
    text = type(error).__name__
    if isinstance(error, SignaalhubError):
        text = f"{text}: {error}"
    if isinstance(error, PermanentError) or attempts >= MAX_ATTEMPTS:
        return Outcome(State.DEAD, error=text)
    return Outcome(State.PENDING, FIRST_WAIT * WAIT_FACTOR ** (attempts - 1), text)


_ENQUEUE = text("""
    INSERT INTO common.deliveries
        (id, sender, target, body, headers, about, rank, fleeting, state, finished_at)
    SELECT :id, :sender, :target, CASE WHEN late THEN '' ELSE :body END, :headers, :about, :rank, :fleeting,
        CASE WHEN late THEN 'replaced' ELSE 'pending' END, CASE WHEN late THEN now() END
    FROM (
        SELECT :fleeting AND EXISTS (
            SELECT FROM common.deliveries WHERE sender = :sender AND about = :about AND rank > :rank
        ) AS late
    ) AS found
    ON CONFLICT (id) DO NOTHING
""").bindparams(bindparam("headers", type_=JSONB))
_REPLACE = text("""
    UPDATE common.deliveries AS old SET state = 'replaced', body = '', finished_at = now()
    FROM unnest(CAST(:ids AS text[]), CAST(:abouts AS text[]), CAST(:ranks AS integer[]))
        AS new (id, about, rank)
    WHERE old.about = new.about AND old.sender = :sender AND old.fleeting AND old.state IN ('pending', 'dead')
      AND old.rank <= new.rank AND old.id <> new.id
      AND NOT EXISTS (SELECT FROM common.deliveries e WHERE e.id = new.id AND e.place < old.place)
""")
_CLAIM = text("""
    UPDATE common.deliveries SET attempts = attempts + 1, next_at = now() + :lease
    WHERE id = (
        SELECT id FROM common.deliveries
        WHERE sender = :sender AND state = 'pending' AND next_at <= now() AND target <> ALL(:busy)
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, target, body, headers, attempts
""")
_FINISH = text("""
    UPDATE common.deliveries
    SET state = :state, next_at = now() + :wait, last_error = :error,
        body = CASE WHEN :state = 'done' THEN '' ELSE body END,
        finished_at = CASE WHEN :state = 'pending' THEN NULL ELSE now() END
    WHERE id = :id AND attempts = :attempts AND state = 'pending'
""")
_RESTART = text("""
    UPDATE common.deliveries SET state = 'pending', attempts = 0, next_at = now(), finished_at = NULL
    WHERE id = :id AND sender = :sender AND state = 'dead'
""")
_DEAD = text("""
    SELECT id, target, attempts, last_error FROM common.deliveries
    WHERE sender = :sender AND state = 'dead' ORDER BY finished_at
""")
_COUNT = text("""
    SELECT (SELECT count(*) FROM common.deliveries WHERE sender = :sender AND state = 'pending'),
           (SELECT count(*) FROM common.deliveries WHERE sender = :sender AND state = 'dead')
""")
_FORGET = text("""
    WITH gone AS (
        DELETE FROM common.deliveries
        WHERE sender = :sender AND state <> 'pending' AND finished_at < now() - :keep RETURNING state
    ) SELECT count(*), count(*) FILTER (WHERE state = 'dead') FROM gone
""")


async def enqueue(connection: AsyncConnection, sender: str, found: Sequence[NewDelivery]) -> None:
    """Add deliveries in the transaction of what they follow from; an id that is there changes nothing.

    One that is fleeting and comes after something newer of the same thing (two partitions have no order among
    themselves) is there as replaced: each event has its row.
    """
    if found:
        await connection.execute(_ENQUEUE, [asdict(each) | {"sender": sender} for each in found])


async def replace(connection: AsyncConnection, sender: str, news: Sequence[Newer]) -> None:
    """Let what waits, or was given up, and is fleeting give way to what was told of the same thing later.

    Call it after `enqueue`, in the same transaction. What is on the wire at this moment is not called back.
    """
    values = {"ids": [each.id for each in news], "abouts": [each.about for each in news]}
    if news:
        await connection.execute(_REPLACE, values | {"ranks": [each.rank for each in news], "sender": sender})


async def claim(connection: AsyncConnection, sender: str, busy: Sequence[str]) -> Delivery | None:
    """Take the delivery that waits longest, not to a target in `busy`; it is nobody else's during `LEASE`."""
    values = {"sender": sender, "busy": list(busy), "lease": LEASE}
    row: RowMapping | None = (await connection.execute(_CLAIM, values)).mappings().one_or_none()
    return None if row is None else Delivery(**row)


async def finish(connection: AsyncConnection, delivery: Delivery, outcome: Outcome) -> bool:
    """Write down what came of an attempt; False when somebody else has taken the delivery since."""
    values = {"id": delivery.id, "attempts": delivery.attempts, "state": outcome.state.value}
    change = {"wait": outcome.wait, "error": outcome.error}
    return (await connection.execute(_FINISH, values | change)).rowcount == 1


async def restart(connection: AsyncConnection, sender: str, delivery_id: str) -> bool:
    """Give a dead delivery all its attempts again; False when it is not dead."""
    return (await connection.execute(_RESTART, {"id": delivery_id, "sender": sender})).rowcount == 1


async def dead(connection: AsyncConnection, sender: str) -> list[DeadDelivery]:
    """Return what was given up, oldest first."""
    rows = (await connection.execute(_DEAD, {"sender": sender})).mappings()
    return [DeadDelivery(**row) for row in rows]


async def counts(connection: AsyncConnection, sender: str) -> dict[State, int]:
    """Return how many are to be delivered, and how many were given up (each by an index of its own)."""
    pending, dead = (await connection.execute(_COUNT, {"sender": sender})).one()
    return {State.PENDING: pending, State.DEAD: dead}


async def forget(connection: AsyncConnection, sender: str) -> tuple[int, int]:
    """Delete what was delivered, replaced or given up long ago; returns how many, and how many given up."""
    values = {"sender": sender, "keep": KEEP_FINISHED}
    count, dead = (await connection.execute(_FORGET, values)).one()
    return count, dead
