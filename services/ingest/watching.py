"""Watching for days without a snapshot of a registrar that sends them: an alarm, for old data mislead.

A day is judged when it is over (domain.md 9, no. 5): no snapshot of that day or a later one was accepted, and
none at all was accepted on it. Any number of processes share the work; an event says it once for each day.
"""

from datetime import date, datetime, timedelta

import structlog
from mode import Service
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import AMSTERDAM, Clock
from services.common.database import transaction
from services.common.errors import TransientError
from services.common.publish import Publisher
from services.ingest import snapshot_storage as storage
from services.ingest.counting import SnapshotAnswers, SnapshotOutcome
from services.ingest.directories import Directories
from services.ingest.domain.directory import Directory
from services.ingest.freshness import Source, missing
from services.ingest.registrations import NotARegistrarError, check_registrar, municipality_of
from services.ingest.snapshot_storage import Standing

INTERVAL_SECONDS = 60.0
"""Real time; what day it is the clock says."""

log = structlog.get_logger()


class Watching(Service):
    """Looks every minute."""

    def __init__(
        self,
        engine: AsyncEngine,
        publisher: Publisher,
        clock: Clock,
        directories: Directories,
        answers: SnapshotAnswers,
    ) -> None:
        super().__init__()
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._directories = directories
        self._answers = answers

    @Service.timer(INTERVAL_SECONDS, exec_first=True)
    async def _work(self) -> None:
        try:
            directory = self._directories.current()
            for source in await watch(self._engine, self._publisher, self._clock.now(), directory):
                self._answers.count(SnapshotOutcome.MISSING)
                log.error("snapshot_missed", registrar=source.registrar, municipality=source.municipality)
        except TransientError as error:
            log.warning("watching_interrupted", text=str(error))


async def watch(
    engine: AsyncEngine, publisher: Publisher, now: datetime, directory: Directory
) -> list[Source]:
    """Tell of every stream in which nothing came yesterday; return which ones."""
    yesterday = now.astimezone(AMSTERDAM).date() - timedelta(days=1)
    async with transaction(engine) as connection:
        found = [
            each
            for each in await storage.silent(connection, yesterday)
            if each.data and _sends(each, directory, yesterday)
        ]
        told = [missing(each.source, each.data, yesterday) for each in found if each.data]
        if told:
            await publisher.publish(told, now)
        for each in found:
            await storage.note_missing(connection, each.source, yesterday)
    return [each.source for each in found]


def _sends(standing: Standing, directory: Directory, on: date) -> bool:
    """Tell whether it still is a registrar of that municipality."""
    source = standing.source
    try:
        check_registrar(source.registrar, directory)
    except NotARegistrarError:
        return False
    return municipality_of(source.municipality, source.registrar, directory, on)[0] is not None
