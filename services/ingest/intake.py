"""Taking in signals, one or hundreds at once: gate -> memory -> vault -> seal -> publish, in this order.

A crash after any step is mended by the sender's next attempt: the memory has the id and the hash, the vault
has the data key, the log has the same record twice under one id. Nobody is told "accepted" before the broker
has acknowledged every record.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.clock import AMSTERDAM, Clock
from services.common.database import reading, transaction
from services.common.events import Party, Refusal, Role
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.terms import Terms, began_before, end_of
from services.common.vault import DataClass, Entry, Vault
from services.ingest.counting import Answers
from services.ingest.directories import Directories
from services.ingest.domain.directory import Directory, may_act_for
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.judging import YIELD_EVERY, Accepted, Delivery, Judged, Row, judge_rows, read_rows
from services.ingest.making import Maker, signal_person
from services.ingest.storage import find_places, remember, remembered, tried

_REFUSAL_ROLES = frozenset({Role.CREDITOR, Role.INTERMEDIARY})
"""Parties with these roles have a topic for refusals."""


class Publishing(Protocol):
    """What puts records on the log: `Publisher`, or a transaction that holds more than these records."""

    async def publish(self, outgoings: Sequence[Outgoing], now: datetime) -> None:
        """Return when all of them are there; any trouble is a `TransientError`."""


@dataclass(frozen=True, slots=True)
class Intake:
    """One for the whole process."""

    engine: AsyncEngine
    publisher: Publishing
    clock: Clock
    directories: Directories
    maker: Maker
    vault: Vault
    answers: Answers
    terms: Terms

    async def take(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
        """Return what became of each row, once all is on the log; after a `TransientError` send all again."""
        if delivery.trial:
            return await self._try(rows, delivery)
        return await self.take_together([(row, delivery) for row in rows])

    async def take_together(self, incoming: Sequence[tuple[Row, Delivery]]) -> list[Judged]:
        """Do the same for rows of several deliveries, none of them a trial: they come through together."""
        now, directory = self.clock.now(), self.directories.current()
        judged = await read_rows(incoming)
        await self._gate(judged, directory, now)
        keys = await self._remember(judged, directory, now)
        outgoings: dict[str, Outgoing] = {}  # by id: a signal that is here twice goes out once
        for number, each in enumerate(judged):
            outgoings |= {out.id: out for out in self._records(each, directory, keys, now)}
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        await self.publisher.publish(list(outgoings.values()), now)
        self.answers.count(judged)
        return judged

    async def _try(self, rows: Sequence[Row], delivery: Delivery) -> list[Judged]:
        now, directory = self.clock.now(), self.directories.current()
        judged = await read_rows((row, delivery) for row in rows)
        await self._gate(judged, directory, now)
        await self._compare(judged, delivery)
        return judged

    async def _gate(self, judged: Sequence[Judged], directory: Directory, now: datetime) -> None:
        addresses = [each.claim.address for each in judged if each.claim and each.claim.address]
        async with reading(self.engine) as connection:
            places = await find_places(connection, [(each.postcode, each.number) for each in addresses])
            await judge_rows(judged, directory=directory, places=places, now=now, maker=self.maker)
            late = {id(each): each.accepted.memory for each in judged if each.late and each.accepted}
            known = await remembered(connection, list(late.values()), began_before(now, self.terms.signal))
        for each in judged:
            memory = late.get(id(each))
            if memory and known.get(memory.signal_id) == memory.content_hash:
                each.problems = ()

    async def _compare(self, judged: Sequence[Judged], delivery: Delivery) -> None:
        """Mark the conflicts with what is remembered, and with what this trial had before."""
        passed = [(each, each.accepted.memory) for each in judged if each.accepted and not each.problems]
        first = {memory.signal_id: memory.content_hash for _, memory in reversed(passed)}
        async with reading(self.engine) as connection:
            hashes = first | await tried(connection, delivery.id, list(first))
            hashes |= await remembered(connection, [memory for _, memory in passed])
        for each, memory in passed:
            each.conflict = hashes[memory.signal_id] != memory.content_hash

    async def _remember(
        self, judged: Sequence[Judged], directory: Directory, now: datetime
    ) -> Mapping[str, bytes]:
        """Mark the conflicts, and return the data key of every signal that is accepted."""
        passed = [(each, each.accepted) for each in judged if each.accepted and not each.problems]
        if not passed:
            return {}
        async with transaction(self.engine) as connection:
            first = {found.memory.signal_id: found.memory for _, found in reversed(passed)}
            hashes = await remember(connection, list(first.values()), now)
            for each, found in passed:
                each.conflict = hashes[found.memory.signal_id] != found.memory.content_hash
            entries = [_entry(found, directory) for each, found in passed if not each.conflict]
            until = end_of(now, self.terms.signal)
            return await self.vault.keep(connection, DataClass.SIGNAL, entries, now=now, until=until)

    def _records(
        self,
        each: Judged,
        directory: Directory,
        keys: Mapping[str, bytes],
        now: datetime,
    ) -> Iterator[Outgoing]:
        if each.problems:
            yield from refused(each, directory, self._source_hash(each), now)
        elif each.conflict and not each.delivery.answered:
            told = replace(each, problems=(Problem(Reason.REFERENCE_CONFLICT, "kenmerk"),))
            yield from refused(told, directory, self._source_hash(each), now)
        elif each.accepted and not each.conflict:
            yield from self._signal(each, each.accepted, directory, keys)

    def _signal(
        self,
        each: Judged,
        found: Accepted,
        directory: Directory,
        keys: Mapping[str, bytes],
    ) -> Iterator[Outgoing]:
        delivery, id_, municipality = each.delivery, found.memory.signal_id, _municipality(found, directory)
        signal = self.maker.signal(
            found.draft,
            signal_id=id_,
            household=found.memory.household,
            sender=delivery.sender,
            municipality=municipality,
            place=each.place,
            sealed=delivery.sealers.of(municipality).seal(found.personal, keys[id_]),
        )
        trace = delivery.traceparent
        yield Outgoing("signals.v1", signal.household, signal, "accepted", signal.signal_id, trace)
        person = signal_person(signal)
        if person is not None:
            own_id = derived_id("signal-person", id_)
            yield Outgoing("signal-persons.v1", person.person, person, "identified", own_id, trace)

    def _source_hash(self, each: Judged) -> str:
        return each.signal_id or self.maker.pseudonyms.content(each.row.source)


def refused(each: Judged, directory: Directory, what: str, now: datetime) -> Iterator[Outgoing]:
    """Yield the refusal for the creditor meant, if the sender may act for it, else for the sender itself.

    `what`: the id of the signal, or the hash of what cannot be read. Each row of a delivery has its own.
    """
    delivery, sender, claim = each.delivery, each.delivery.sender, each.claim
    named = claim.creditor if claim and claim.creditor else sender
    today = now.astimezone(AMSTERDAM).date()
    creditor = named if may_act_for(named, sender, directory, today) else sender
    party = directory.parties.get(creditor)
    if party is None or not _REFUSAL_ROLES & set(party.roles):
        return  # it has no topic for refusals: the answer to its request is all that it gets
    municipality = directory.municipalities.get((claim and claim.municipality_code) or "")
    reasons = tuple(sorted({problem.reason.value for problem in each.problems}))
    place = (delivery.id, str(each.row.number)) if delivery.id else ()
    refusal = Refusal(
        refusal_id=derived_id("refusal", sender, what, *place, *reasons),
        creditor=creditor,
        sender=sender,
        signal_id=each.signal_id,
        municipality=municipality.party_id if municipality else None,
        delivery_id=delivery.id,
        row=each.row.number if delivery.id else None,
        reasons=reasons,
    )
    yield Outgoing(
        "refusals.v1", creditor, refusal, "refused", refusal.refusal_id, traceparent=delivery.traceparent
    )


def _municipality(found: Accepted, directory: Directory) -> Party:
    return directory.municipalities[found.draft.municipality_code]


def _entry(found: Accepted, directory: Directory) -> Entry:
    memory = found.memory
    return Entry(memory.signal_id, memory.household, _municipality(found, directory).party_id)
