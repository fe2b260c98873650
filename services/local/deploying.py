"""What `signaalhub topics apply` does, and what it says of it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.common import topics
from services.common.catalogue import Catalogue, PhysicalTopic
from services.common.errors import ConfigurationError
from services.common.events import CheckCapacity, Role
from services.common.rights import PARTIES, apply_acls, known_parties
from services.common.settings import KafkaSettings

COLLECTOR = CheckCapacity.COLLECTOR.value
_OIN_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Expected:
    """A party that is to be put later: what it is, as far as its topics depend on it."""

    oin: str
    roles: tuple[Role, ...]
    collects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploying:
    """One run; `parties` are those to prepare for beside those that were put already."""

    kafka: KafkaSettings
    catalogue: Catalogue
    replication: int
    parties: Sequence[Expected]
    acls: bool = False
    dry_run: bool = False

    async def run(self) -> list[str]:
        """Bring the topics in line, then, if asked, the rights; returns the lines to print."""
        wanted = [*self.catalogue.hub_topics(), *self._tenant_topics()]
        done = await topics.apply(self.kafka, wanted, replication=self.replication, dry_run=self.dry_run)
        said = [*self._differences(done), f"{len(wanted)} topics: {self._counts(done)}"]
        if self.acls:
            known = () if PARTIES in done.created else await known_parties(self.kafka, self.catalogue)
            said += await self._rights({*(each.oin for each in self.parties), *known})
        return said

    def _tenant_topics(self) -> Iterator[PhysicalTopic]:
        for each in self.parties:
            yield from self.catalogue.topics_for(each.oin, each.roles, collects=each.collects)

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


def expected(text: str) -> Expected:
    """Read `OIN=ROLE,...`; COLLECTOR among the roles is a local government that collects itself."""
    oin, _, listed = text.partition("=")
    words = {word.strip().upper() for word in listed.split(",")}
    try:
        if len(oin) != _OIN_DIGITS or not (oin.isascii() and oin.isdecimal()):
            raise ValueError(oin)
        return Expected(oin, tuple(sorted(map(Role, words - {COLLECTOR}))), COLLECTOR in words)
    except ValueError:
        known = ", ".join((*Role, COLLECTOR))
        raise ConfigurationError(
            f"--party {text} should be OIN=ROLE,... with an OIN of {_OIN_DIGITS} digits and roles of {known}"
        ) from None
