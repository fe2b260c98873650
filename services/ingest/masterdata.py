"""Keeping master data: published, and answered only when this process itself sees it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from services.common import topics
from services.common.catalogue import PhysicalTopic
from services.common.errors import PermanentError
from services.common.events import Agreement, Event, Party, Policy, Team
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.sealing import public_key
from services.common.view import View
from services.ingest.turns import Turns

E = TypeVar("E", bound=Event)
SEEN_SECONDS = 10.0


class CodeTakenError(PermanentError):
    """A gemeentecode has another holder: two would get each other's residents."""

    def __init__(self, code: str) -> None:
        super().__init__(f"municipality code {code} is another party's")


@dataclass(frozen=True, slots=True)
class Views:
    """The compacted topics of master data."""

    parties: View[Party]
    agreements: View[Agreement]
    policies: View[Policy]
    teams: View[Team]


@dataclass(frozen=True, slots=True)
class MasterData:
    """Each `put` is idempotent and replaces the whole."""

    runtime: Runtime
    publisher: Publisher
    views: Views
    claims: Turns
    """Of a gemeentecode: two that claim one at the same time, at two replicas, do not both get it."""

    async def put_party(self, party: Party) -> None:
        """Keep a party; its own topics are there first, because whoever sees the party writes to them."""
        self._check_code(party)
        await self._make(
            self.runtime.catalogue.topics_for(party.party_id, party.roles, collects=party.collects)
        )
        if party.municipality_code is None:
            await self._put("parties.v1", party.party_id, party, self.views.parties)
            return
        async with self.claims.take() as turn:
            self._check_code(party)
            await turn.check()
            await self._put("parties.v1", party.party_id, party, self.views.parties)

    async def put_policy(self, policy: Policy) -> None:
        await self._put("policies.v1", policy.municipality, policy, self.views.policies)

    async def put_team(self, team: Team) -> None:
        await self._put("teams.v1", team.team_id, team, self.views.teams)

    def _check_code(self, party: Party) -> None:
        code = party.municipality_code
        if code and any(
            other.municipality_code == code and other.party_id != party.party_id
            for other in self.views.parties.values()
        ):
            raise CodeTakenError(code)

    async def _make(self, wanted: Sequence[PhysicalTopic]) -> None:
        settings = self.runtime.settings
        if wanted:
            await topics.apply(settings, wanted, replication=settings.kafka_replication)

    async def _put(self, topic: str, key: str, event: E, view: View[E]) -> None:
        now = self.runtime.clock.now()
        record = Outgoing(topic, key, event, "changed", str(uuid4()))  # a value may come back: no derived id
        await self.publisher.publish([record], now)
        await view.wait_for(lambda: view.get(key) == event, SEEN_SECONDS)


def key_check(value: object) -> str | None:
    """Return a public JWK as JSON, in the form in which the events hold it; None when it is none."""
    try:
        public_key(value)
    except ValueError:
        return None
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
