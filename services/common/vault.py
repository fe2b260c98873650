"""The vault: data keys of personal data, wrapped by the hub's master key (common.vault).

While its key is here the hub itself can open what it sealed for a municipality (letters, worklist).
Forgetting the key makes every copy of the personal data unreadable to the hub.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.masterkeys import MasterKeys
from services.common.sealing import new_data_key


class DataClass(StrEnum):
    """What a key is for; each class has its own term."""

    SIGNAL = "signal"
    REGISTRATION = "registration"
    DEBT_REPORT = "debt report"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a key is asked for: the id of a signal, registration or debt report, and of whom it is."""

    id: str
    household: str
    municipality: str


_KEEP = text("""
    INSERT INTO common.vault AS kept
        (id, household, municipality, class, wrapped_key, master, expires_at, created_at)
    SELECT id, household, municipality, :class, decode(wrapped_key, 'base64'), :master,
        :expires_at, :created_at
    FROM json_to_recordset(CAST(:entries AS json))
         AS new (id text, household text, municipality text, wrapped_key text)
    ON CONFLICT (id) DO UPDATE SET household = excluded.household, municipality = excluded.municipality
    WHERE (kept.household, kept.municipality) IS DISTINCT FROM (excluded.household, excluded.municipality)
    RETURNING id, xmax = 0 AS is_new
""")
_FIND = text("SELECT id, wrapped_key FROM common.vault WHERE id = ANY(CAST(:ids AS text[]))")
_FORGET = text("DELETE FROM common.vault WHERE id = ANY(CAST(:ids AS text[]))")


class Vault:
    """Works in the transaction that it is given."""

    def __init__(self, master_keys: MasterKeys) -> None:
        self._master = master_keys
        self._master_name = master_keys.name

    async def keep(
        self,
        connection: AsyncConnection,
        class_: DataClass,
        entries: Sequence[Entry],
        *,
        now: datetime,
        until: datetime,
    ) -> dict[str, bytes]:
        """Return the data key of each entry: its own from before, else a new one that is kept `until`.

        The key stays when what it is of moves to another household; the vault says where it is now.
        """
        wanted = sorted({entry.id: entry for entry in entries}.values(), key=lambda entry: entry.id)
        fresh = {entry.id: new_data_key() for entry in wanted}
        answer = await connection.execute(
            _KEEP,
            {
                "class": class_.value,
                "master": self._master_name,
                "entries": msgspec.json.encode(
                    [self._row(entry, fresh[entry.id]) for entry in wanted]
                ).decode(),
                "expires_at": until,
                "created_at": now,
            },
        )
        known = fresh.keys() - {row.id for row in answer if row.is_new}
        return fresh | await self.find(connection, sorted(known))

    def _row(self, entry: Entry, data_key: bytes) -> dict[str, Any]:
        wrapped = self._master.wrap(data_key)
        return {
            "id": entry.id,
            "household": entry.household,
            "municipality": entry.municipality,
            "wrapped_key": wrapped,  # msgspec writes bytes in base64
        }

    async def find(self, connection: AsyncConnection, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the data keys that there are."""
        if not ids:
            return {}
        rows = await connection.execute(_FIND, {"ids": list(ids)})
        return {row.id: self._master.unwrap(bytes(row.wrapped_key)) for row in rows}

    async def forget(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        """Remove these keys for good."""
        await connection.execute(_FORGET, {"ids": list(ids)})
