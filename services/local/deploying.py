"""What `signaalhub topics apply` does, and what it says of it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.common import topics
from services.common.catalogue import Catalogue
from services.common.events import Role
from services.common.rights import PARTIES, apply_acls, known_parties
from services.common.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploying:
    """One run; `parties` are those to prepare for beside those that were put already."""

    kafka: KafkaSettings
    catalogue: Catalogue
    replication: int
    parties: Mapping[str, Sequence[Role]]
    acls: bool = False
    dry_run: bool = False

    async def run(self) -> list[str]:
        """Bring the topics in line, then, if asked, the rights; returns the lines to print."""
        wanted = topics.wanted_topics(self.catalogue, self.parties)
        done = await topics.apply(self.kafka, wanted, replication=self.replication, dry_run=self.dry_run)
        said = [*self._differences(done), f"{len(wanted)} topics: {self._counts(done)}"]
        if self.acls:
            known = () if PARTIES in done.created else await known_parties(self.kafka, self.catalogue)
            said += await self._rights({*self.parties, *known})
        return said

    async def _rights(self, parties: set[str]) -> list[str]:
        change = await asyncio.to_thread(
            apply_acls, self.kafka, self.catalogue, parties, dry_run=self.dry_run
        )
        given, taken = len(change.missing), len(change.superfluous)
        counts = f"{given} {self._will}given, {taken} {self._will}taken away"
        return [*change.lines(), f"rights of the services and {len(parties)} parties: {counts}"]

    def _differences(self, done: topics.Applied) -> Iterator[str]:
        if self.dry_run:
            yield from (f"+ topic {name}" for name in done.created)
            yield from (f"~ topic {name}" for name in done.corrected)

    def _counts(self, done: topics.Applied) -> str:
        return f"{len(done.created)} {self._will}made, {len(done.corrected)} {self._will}corrected"

    @property
    def _will(self) -> str:
        return "to be " if self.dry_run else ""
