"""A made-up country: 342 municipalities with keys and a team, 300 creditors, a bailiff, and who agreed what.

It is written to the topics of master data as ingest would write it: 20,000 agreements one by one over HTTP
would take minutes, and are not what is measured.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from joserfc.jwk import ECKey

from services.common.ddas import PARTNER_TYPE
from services.common.events import Agreement, AgreementKind, Event, PartnerType, Party, Role, Team
from services.common.publish import encode
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.topics import apply
from services.ingest.masterdata import key_check
from services.local.bench.broker import Record, bench_runtime, fill
from services.local.demo.desk import Desk, good
from services.local.demo.hub import Hub
from services.local.demo.masterdata import OPERATOR

MUNICIPALITIES, CREDITORS = 342, 300
_NATIONAL = 0.2
"""Part of the creditors that has residents everywhere (energy, water, health); the others are landlords."""
_NEAR = 4
"""In how many municipalities a landlord lets."""
_NATIONAL_TYPES = (PartnerType.ENERGY, PartnerType.HEALTH, PartnerType.WATER)
_SINCE = datetime(2026, 1, 1, tzinfo=UTC).date()
_TOPICS_AT_ONCE = 150
BAILIFF = "00000099300000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who sends, and to which municipalities (by number)."""

    oin: str
    partner_type: PartnerType
    where: tuple[int, ...]

    @property
    def partner(self) -> str:
        """`signaalpartner` of its signals."""
        return PARTNER_TYPE[self.partner_type]


@dataclass(frozen=True)
class Nation:
    """So many municipalities and creditors."""

    municipalities: int = MUNICIPALITIES
    creditors: int = CREDITORS

    @cached_property
    def senders(self) -> tuple[Creditor, ...]:
        """The creditors; the first ones are national."""
        national = max(1, round(_NATIONAL * self.creditors))
        return tuple(self._creditor(number, national) for number in range(self.creditors))

    def oin(self, municipality: int) -> str:
        """Return the OIN of a municipality."""
        return f"000000991{municipality:011}"

    def code(self, municipality: int) -> str:
        """Return the gemeentecode of a municipality."""
        return f"{municipality + 1:04}"

    def _creditor(self, number: int, national: int) -> Creditor:
        oin = f"000000992{number:011}"
        if number < national:
            kind = _NATIONAL_TYPES[number % len(_NATIONAL_TYPES)]
            return Creditor(oin=oin, partner_type=kind, where=tuple(range(self.municipalities)))
        near = {(number * _NEAR + each) % self.municipalities for each in range(_NEAR)}
        return Creditor(oin=oin, partner_type=PartnerType.RENT, where=tuple(sorted(near)))

    def parties(self) -> Iterator[Party]:
        """Yield everybody; a municipality's private key is thrown away, nobody opens anything here."""
        for number in range(self.municipalities):
            yield _party(
                self.oin(number),
                Role.MUNICIPALITY,
                municipality_code=self.code(number),
                public_key=_public_key(),
            )
        for creditor in self.senders:
            yield _party(creditor.oin, Role.CREDITOR, partner_type=creditor.partner_type)
        yield _party(BAILIFF, Role.BAILIFF)

    def agreements(self) -> Iterator[Agreement]:
        """Yield who may send to whom."""
        for creditor in self.senders:
            for number in creditor.where:
                yield Agreement(
                    agreement_id=f"{number}-{creditor.oin}",
                    kind=AgreementKind.SIGNALS,
                    grantor=self.oin(number),
                    grantee=creditor.oin,
                    valid_from=_SINCE,
                )

    def teams(self) -> Iterator[Team]:
        """Yield a team that takes everything, for each municipality."""
        for number in range(self.municipalities):
            oin = self.oin(number)
            yield Team(
                team_id=f"team-{oin}", municipality=oin, name="Wijkteam", areas=(), lanes=(), fallback=True
            )


async def settle(hub: Hub, nation: Nation) -> None:
    """Make all topics and write all master data; returns when every ingest has seen it."""
    kafka = hub.endpoints["kafka"]
    async with bench_runtime(kafka) as runtime:
        parties = [*nation.parties()]
        wanted = [
            topic for party in parties for topic in runtime.catalogue.topics_for(party.party_id, party.roles)
        ]
        for at in range(0, len(wanted), _TOPICS_AT_ONCE):
            await apply(kafka, wanted[at : at + _TOPICS_AT_ONCE])
        await asyncio.to_thread(fill, kafka, _records(nation, parties, runtime))
    await _until_seen(hub, nation)


def _records(nation: Nation, parties: list[Party], runtime: Runtime) -> Iterator[Record]:
    for party in parties:
        yield _record("parties.v1", party.party_id, party, runtime)
    for team in nation.teams():
        yield _record("teams.v1", team.team_id, team, runtime)
    for agreement in nation.agreements():
        yield _record("agreements.v1", agreement.agreement_id, agreement, runtime)


def _record(topic: str, key: str, event: Event, runtime: Runtime) -> Record:
    made = encode(Outgoing(topic, key, event, "changed", key), runtime, datetime.now(UTC))
    return Record(topic, key.encode(), made.value or b"", made.headers, partition=0)


async def _until_seen(hub: Hub, nation: Nation) -> None:
    """Put one more agreement into each ingest: it answers when it has seen it, and so all before it."""
    content = {
        "soort": "signalen",
        "gemeente": nation.oin(0),
        "schuldeiser": nation.senders[0].oin,
        "vanaf": _SINCE.isoformat(),
    }
    async with Desk(hub) as desk:
        for number, service in enumerate(hub.replicas("ingest")):
            path = f"/v1/overeenkomsten/seen-{number}"
            answer = await desk.ask(
                "PUT", path, service=service, party=OPERATOR, scope="beheer", json=content
            )
            good(answer)


def _public_key() -> str | None:
    key = ECKey.generate_key("P-256", {"use": "enc", "alg": "ECDH-ES+A256KW"}, auto_kid=True)
    return key_check(key.as_dict(private=False))


def _party(
    oin: str,
    role: Role,
    *,
    partner_type: PartnerType | None = None,
    municipality_code: str | None = None,
    public_key: str | None = None,
) -> Party:
    return Party(
        party_id=oin,
        name=f"Partij {oin[-6:]}",
        roles=(role,),
        partner_type=partner_type,
        municipality_code=municipality_code,
        public_key=public_key,
        active=True,
    )
