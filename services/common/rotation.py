"""Rotation of the master key: every data key in the vault is wrapped anew by the first one. No event changes.

In portions, each a transaction of its own: killed at any moment, what is done stays done, and the next run
goes on. Services go on reading and writing meanwhile, as long as they know both keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.common.database import transaction
from services.common.errors import TransientError
from services.common.masterkeys import MasterKeys

PORTION = 1_000

_NEXT = text("""
    SELECT id, wrapped_key FROM common.vault
    WHERE id > :after AND master <> :master
    ORDER BY id LIMIT :portion FOR UPDATE SKIP LOCKED
""")
_WRAP = text("""
    UPDATE common.vault AS kept SET wrapped_key = decode(anew.wrapped_key, 'base64'), master = :master
    FROM json_to_recordset(CAST(:rows AS json)) AS anew (id text, wrapped_key text) WHERE kept.id = anew.id
""")
_LEFT = text("SELECT count(*) FROM common.vault WHERE master <> :master")


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many keys were wrapped anew, and how many are not: none of the master keys opens them."""

    done: int
    left: int


async def rotate(engine: AsyncEngine, keys: MasterKeys) -> Rotated:
    """Wrap anew until a pass finds nothing to do: meanwhile others may have added under an older key."""
    done = 0
    while count := await _pass(engine, keys):
        done += count
    async with transaction(engine) as connection:
        left: int = (await connection.execute(_LEFT, {"master": keys.name})).scalar_one()
    return Rotated(done, left)


async def _pass(engine: AsyncEngine, keys: MasterKeys) -> int:
    done, after = 0, ""
    while True:
        async with transaction(engine) as connection:
            values = {"after": after, "master": keys.name, "portion": PORTION}
            rows = (await connection.execute(_NEXT, values)).all()
            done += await _wrap(connection, rows, keys)
        if not rows:
            return done
        after = rows[-1].id


async def _wrap(connection: AsyncConnection, rows: Sequence[Row[Any]], keys: MasterKeys) -> int:
    anew = []
    for row in rows:
        try:
            anew.append({"id": row.id, "wrapped_key": keys.wrap(keys.unwrap(bytes(row.wrapped_key)))})
        except TransientError:
            continue  # counted as left: the others are not kept waiting for it
    if anew:
        values = {"rows": msgspec.json.encode(anew).decode(), "master": keys.name}
        await connection.execute(_WRAP, values)
    return len(anew)
