"""Applying a snapshot, a page at a time: remembered, keys kept or forgotten, published, committed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.terms import end_of
from services.common.vault import DataClass, Entry
from services.ingest import snapshot_storage as storage
from services.ingest.domain.snapshots import Offered
from services.ingest.freshness import InForce, accepted
from services.ingest.making import Sealers
from services.ingest.means import Means
from services.ingest.registrations import TOPIC
from services.ingest.snapshot_reading import Order
from services.ingest.staging import Change, Staging

_YIELD_EVERY = 25


class Applying:
    """The difference of one snapshot, which `stage` has found."""

    def __init__(self, means: Means, order: Order, stage: Staging, now: datetime) -> None:
        self._means = means
        self._municipality = order.municipality
        self._source = order.source
        self._stage = stage
        self._sealers = Sealers()
        self._now = now
        self._until = end_of(now, means.terms.registration)

    async def apply(self, offered: Offered) -> None:
        """Let it be the one in force; what broke off half-way is finished by doing it again."""
        async with self._stage.transaction() as connection:
            await storage.note_coming(connection, self._source, offered)
        done = 0
        while changes := await self._stage.page(done):
            async with self._stage.transaction() as connection:
                await self._stage.apply(self._source, offered.mark, done + 1, changes[-1].number)
                keys = await self._keys(connection, changes)
                records = [record async for record in self._records(changes, keys, offered.mark)]
                await self._means.publisher.publish(records, self._now)
            done = changes[-1].number
        async with self._stage.transaction() as connection:
            await self._stage.remember(offered.mark)
            offered = replace(offered, persons=await storage.count(connection, self._source))
            await storage.accept(connection, self._source, offered, self._now)
            data = InForce(offered.day, offered.persons, self._now)
            await self._means.publisher.publish([accepted(self._source, data, offered.mark)], self._now)

    async def _keys(self, connection: AsyncConnection, changes: list[Change]) -> dict[str, bytes]:
        """Keep the data keys of who is in, and forget those of who is gone."""
        household, municipality = self._means.maker.household, self._source.municipality
        entries = [
            Entry(each.registration_id, household(each.claim.address), municipality)
            for each in changes
            if each.claim and each.claim.address
        ]
        if gone := [each.registration_id for each in changes if each.claim is None]:
            await self._means.vault.forget(connection, gone)
        if not entries:
            return {}
        return await self._means.vault.keep(
            connection, DataClass.REGISTRATION, entries, now=self._now, until=self._until
        )

    async def _records(
        self, changes: list[Change], keys: dict[str, bytes], mark: int
    ) -> AsyncIterator[Outgoing]:
        for number, each in enumerate(changes):
            id_, event_id = each.registration_id, derived_id(TOPIC, each.registration_id, str(mark))
            if each.claim is None:
                yield Outgoing(TOPIC, id_, None, "ended", event_id)
                continue
            event = self._means.maker.registration(
                each.claim,
                registration_id=id_,
                registrar=self._source.registrar,
                municipality=self._municipality,
                data_key=keys[id_],
                sealers=self._sealers,
            )
            yield Outgoing(TOPIC, id_, event, "kept", event_id)
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
