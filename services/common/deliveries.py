"""Table common.deliveries: what is to be told to somebody outside, one row per delivery.

Its times are the database's own `now()`: the world outside does not live in a simulated time, and the clocks
of two processes may differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
KEEP_DONE = timedelta(days=35)
"""Longer than any topic keeps records, so that a record that is read again is not delivered again."""


class State(StrEnum):
    """PENDING until it is DONE, or DEAD: given up until somebody restarts it."""

    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"


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
    INSERT INTO common.deliveries (id, sender, target, body, headers)
    VALUES (:id, :sender, :target, :body, :headers) ON CONFLICT (id) DO NOTHING
""").bindparams(bindparam("headers", type_=JSONB))
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
    DELETE FROM common.deliveries WHERE sender = :sender AND state = 'done' AND finished_at < now() - :keep
""")


async def enqueue(
    connection: AsyncConnection,
    *,
    id: str,
    sender: str,
    target: str,
    body: bytes,
    headers: Mapping[str, str],
) -> None:
    """Add a delivery in the transaction of what it follows from; an id that is there changes nothing."""
    values = {"id": id, "sender": sender, "target": target, "body": body, "headers": dict(headers)}
    await connection.execute(_ENQUEUE, values)


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


async def forget_done(connection: AsyncConnection, sender: str) -> int:
    """Delete what was delivered long ago; returns how many."""
    return (await connection.execute(_FORGET, {"sender": sender, "keep": KEEP_DONE})).rowcount
