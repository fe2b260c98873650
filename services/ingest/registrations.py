"""Keeping registrations of debt help one by one: put, changed, ended.

One transaction holds a lock on the registration while its record is published: two requests about one
registration are in the same order on the log and in the database. It commits after the broker's answer; when
it cannot, the sender's next attempt does the same again. While a snapshot of the same registrar is applied,
they wait (snapshots.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.clock import AMSTERDAM
from services.common.errors import PermanentError
from services.common.events import Party, Role
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.terms import end_of
from services.common.vault import DataClass, Entry
from services.ingest.domain.directory import Directory, represents
from services.ingest.domain.drafts import RegistrationClaim
from services.ingest.domain.reading import Problems, read_registration
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.domain.sharing import as_shared, is_shared
from services.ingest.freshness import Source
from services.ingest.means import Means
from services.ingest.registration_storage import locked, note_end, register, unregister

TOPIC = "registrations.v1"
REGISTRARS = frozenset({Role.MUNICIPALITY, Role.HELPER})


class NotARegistrarError(PermanentError):
    """The party is neither a municipality nor a helper."""


class RefusedError(PermanentError):
    """The registration is not accepted; `problems` says why."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("the registration is refused")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a registration; one that its municipality does not share is ended."""

    id: str
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Registrations:
    """One for the whole process."""

    means: Means

    async def put(self, registrar: str, reference: str, raw: object) -> Kept:
        """Keep a registration, as its municipality shares it."""
        now, directory = self.means.clock.now(), self.means.directories.current()
        check_registrar(registrar, directory)
        today = now.astimezone(AMSTERDAM).date()
        claim, municipality = _accepted(raw, registrar, directory, today)
        policy = directory.policies.get(municipality.party_id)
        if not is_shared(claim, policy, today):
            return Kept(await self._end(registrar, reference, now), shared=False)
        return Kept(await self._put(as_shared(claim, policy), registrar, reference, municipality, now))

    async def _put(
        self, claim: RegistrationClaim, registrar: str, reference: str, municipality: Party, now: datetime
    ) -> str:
        id_ = derived_id("registration", registrar, reference)
        content_hash = self.means.maker.registration_hash(claim, municipality.party_id)
        async with locked(self.means.engine, id_, registrar) as connection:
            source = Source(registrar, municipality.party_id)
            change = await register(connection, id_, source, content_hash)
            household = self.means.maker.household(claim.address) if claim.address else ""
            entry = Entry(id_, household, municipality.party_id)
            until = end_of(now, self.means.terms.registration)
            keys = await self.means.vault.keep(
                connection, DataClass.REGISTRATION, [entry], now=now, until=until
            )
            event = self.means.maker.registration(
                claim,
                registration_id=id_,
                registrar=registrar,
                municipality=municipality,
                data_key=keys[id_],
            )
            record = Outgoing(TOPIC, id_, event, "kept", derived_id(TOPIC, id_, str(change)))
            await self.means.publisher.publish([record], now)
        return id_

    async def end(self, registrar: str, reference: str) -> None:
        """End a registration, known or not: its key and traces go, its tombstone is (again) on the log."""
        check_registrar(registrar, self.means.directories.current())
        await self._end(registrar, reference, self.means.clock.now())

    async def _end(self, registrar: str, reference: str, now: datetime) -> str:
        id_ = derived_id("registration", registrar, reference)
        async with locked(self.means.engine, id_, registrar) as connection:
            change = await unregister(connection, id_)
            await note_end(connection, id_, registrar, change, now)
            await self.means.vault.forget(connection, [id_])
            record = Outgoing(TOPIC, id_, None, "ended", derived_id(TOPIC, id_, str(change)))
            await self.means.publisher.publish([record], now)
        return id_


def check_registrar(registrar: str, directory: Directory) -> None:
    """Raise when this party keeps no registrations."""
    party = directory.parties.get(registrar)
    if party is None or not REGISTRARS & set(party.roles):
        raise NotARegistrarError("neither a municipality nor a helper")


def municipality_of(
    on_behalf_of: str | None, registrar: str, directory: Directory, today: date
) -> tuple[Party | None, Problems]:
    """Return for which municipality a registrar registers, and what is wrong with that."""
    meant = on_behalf_of or registrar
    party = directory.parties.get(meant)
    if not represents(meant, registrar, directory, today):
        return None, (Problem(Reason.NOT_REPRESENTED, "namens"),)
    if party is None or Role.MUNICIPALITY not in party.roles:
        missing = Reason.MUNICIPALITY_UNKNOWN if on_behalf_of else Reason.FIELD_MISSING
        return None, (Problem(missing, "namens"),)
    if not party.active:
        return None, (Problem(Reason.MUNICIPALITY_INACTIVE, "namens"),)
    return party, ()


def too_late(claim: RegistrationClaim, today: date) -> Problems:
    """Return which of its dates are in the future."""
    found: Problems = ()
    if claim.started_on and claim.started_on > today:
        found = (*found, Problem(Reason.DATE_INVALID, "begindatum"))
    if (claim.person.birth_date or "") > today.isoformat():
        found = (*found, Problem(Reason.BIRTH_DATE_INVALID, "persoon.geboortedatum"))
    return found


def _accepted(
    raw: object, registrar: str, directory: Directory, today: date
) -> tuple[RegistrationClaim, Party]:
    claim, problems = read_registration(raw)
    if claim is None:
        raise RefusedError(problems)
    municipality, found = municipality_of(claim.on_behalf_of, registrar, directory, today)
    found = (*found, *too_late(claim, today))
    if problems or found or municipality is None:
        raise RefusedError((*problems, *found))
    return claim, municipality
