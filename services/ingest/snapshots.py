"""Taking in snapshots: all that a registrar registers at once, of which only the difference is published.

Read (snapshot_reading.py) -> staged and compared (staging.py) -> held (snapshot_taking.py), or applied
(snapshot_applying.py): what is remembered, the vault and the log as for a single registration
(registrations.py). A process that dies half-way has applied some pages; the same file again finds the rest of
the difference under the same mark, so under the same ids of events. What single requests said after a file
first came is not undone by it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date

from services.common.clock import AMSTERDAM
from services.common.database import transaction
from services.ingest import snapshot_storage as storage
from services.ingest.counting import SnapshotAnswers, SnapshotOutcome
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.freshness import Source
from services.ingest.means import Means
from services.ingest.registrations import RefusedError, check_registrar, municipality_of
from services.ingest.room import room
from services.ingest.snapshot_files import Batch
from services.ingest.snapshot_reading import Order
from services.ingest.snapshot_taking import Taken, Taking
from services.ingest.staging import staging

MOST_ROWS = 250_000
AT_ONCE = 4
"""Snapshots that a process takes in side by side: each has a connection with the database."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """One for the whole process."""

    means: Means
    answers: SnapshotAnswers
    most_gone_percent: int
    most_rows: int = MOST_ROWS
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def take(
        self,
        file: AsyncIterator[Batch],
        registrar: str,
        on_behalf_of: str | None,
        day: date,
        *,
        confirmed: bool,
    ) -> Taken:
        """Return what became of a snapshot once it is published; after a `TransientError` send it again.

        It has a place before its file is read: who waits for one keeps nothing in memory.
        """
        order = self._order(registrar, on_behalf_of, day)
        async with room(self._room, "snapshot"):
            async with transaction(self.means.engine) as connection:
                mark = await storage.begin(connection, order.source)
            async with staging(self.means.engine) as stage:
                taking = Taking(self.means, self.answers, order, stage, self.most_rows)
                try:
                    return await taking.take(file, mark, confirmed=confirmed)
                except RefusedError:
                    self.answers.count(SnapshotOutcome.REFUSED)
                    raise

    def _order(self, registrar: str, on_behalf_of: str | None, day: date) -> Order:
        directory = self.means.directories.current()
        check_registrar(registrar, directory)
        today = self.means.clock.now().astimezone(AMSTERDAM).date()
        municipality, problems = municipality_of(on_behalf_of, registrar, directory, today)
        if day > today:
            problems = (*problems, Problem(Reason.DATE_INVALID, "datum"))
        if municipality is None or problems:
            raise RefusedError(problems)
        policy = directory.policies.get(municipality.party_id)
        own = policy.most_gone_percent if policy else None
        return Order(
            source=Source(registrar, municipality.party_id),
            municipality=municipality,
            policy=policy,
            day=day,
            today=today,
            most_gone_percent=self.most_gone_percent if own is None else own,
        )
