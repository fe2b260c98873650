"""A creditor corrects or withdraws a signal: gate -> memory and vault -> seal -> publish, as with a new one.

The memory knows every household and person where the signal ever was, and each change is published at all of
them again. So after a crash at any point the sender's next attempt, the same or another one, mends it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.common.clock import AMSTERDAM
from services.common.database import transaction
from services.common.errors import PermanentError
from services.common.events import Party, Signal, SignalEnd, SignalPerson, Withdrawal
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.terms import end_of
from services.common.vault import DataClass, Entry
from services.ingest.domain.directory import Directory
from services.ingest.domain.reasons import Problem, Reason
from services.ingest.intake import refused
from services.ingest.judging import Accepted, Delivery, Judged, Row, judge_rows, read_rows
from services.ingest.means import Means
from services.ingest.revision_storage import Known, Spot, change, find
from services.ingest.storage import find_places


class NotThereError(PermanentError):
    """There is no such signal, or it is somebody else's."""


class WithdrawnError(PermanentError):
    """The signal is withdrawn for good: a late repetition of what was sent before must not bring it back."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """One for the whole process."""

    means: Means

    async def withdraw(self, sender: str, signal_id: str) -> None:
        """Withdraw a signal; again = the same records under the same ids."""
        now, directory = self.means.clock.now(), self.means.directories.current()
        async with transaction(self.means.engine) as connection:
            known = _own(await find(connection, signal_id), sender, directory, now)
            if not known.withdrawn:
                known = replace(known, revision=known.revision + 1, withdrawn=True, content_hash="")
                await change(connection, known)
                await self.means.vault.forget(connection, [signal_id])
        await self.means.publisher.publish([*_left(known, sender)], now)

    async def correct(self, sender: str, signal_id: str, row: Row) -> Judged:
        """Put other content in the place of a signal's; the answer says what became of it."""
        now, directory = self.means.clock.now(), self.means.directories.current()
        delivery = Delivery(sender)
        [judged] = await read_rows([(row, delivery)])
        async with transaction(self.means.engine) as connection:
            known = _own(await find(connection, signal_id), sender, directory, now)
            if known.withdrawn:
                raise WithdrawnError("the signal is withdrawn")
            address = judged.claim.address if judged.claim else None
            places = await find_places(connection, [(address.postcode, address.number)] if address else [])
            await judge_rows([judged], directory=directory, places=places, now=now, maker=self.means.maker)
            _compare(judged, known)
            found = judged.accepted
            if found and not judged.problems:
                known = _corrected(known, found)
                await change(connection, known)
                entry = Entry(signal_id, known.spot.household, known.spot.municipality)
                until = end_of(now, self.means.terms.signal)
                keys = await self.means.vault.keep(
                    connection, DataClass.SIGNAL, [entry], now=now, until=until
                )
        if found is None or judged.problems:
            what = self.means.maker.pseudonyms.content(row.source)
            await self.means.publisher.publish([*refused(judged, directory, what, now)], now)
            return judged
        municipality = directory.municipalities[found.draft.municipality_code]
        signal = self._signal(judged, found, known, delivery, municipality, keys[signal_id])
        await self.means.publisher.publish([*_there(signal), *_left(known, sender)], now)
        return judged

    def _signal(
        self,
        judged: Judged,
        found: Accepted,
        known: Known,
        delivery: Delivery,
        municipality: Party,
        key: bytes,
    ) -> Signal:
        signal = self.means.maker.signal(
            found.draft,
            signal_id=known.signal_id,
            household=known.spot.household,
            sender=delivery.sender,
            municipality=municipality,
            place=judged.place,
            sealed=delivery.sealers.of(municipality).seal(found.personal, key),
        )
        return replace(signal, revision=known.revision)


def _own(known: Known | None, sender: str, directory: Directory, now: datetime) -> Known:
    """A signal is its creditor's, and of whom an agreement of today names for it with that municipality."""
    if known is None:
        raise NotThereError("no such signal")
    today = now.astimezone(AMSTERDAM).date()
    pair = directory.signals.get((known.spot.municipality, known.creditor), ())
    if sender != known.creditor and not any(each.sender == sender and each.holds(today) for each in pair):
        raise NotThereError("somebody else's signal")
    return known


def _compare(judged: Judged, known: Known) -> None:
    """Note a reference that is another signal's; what was accepted once is not too old to be corrected."""
    if judged.signal_id not in (None, known.signal_id):
        judged.problems = (*judged.problems, Problem(Reason.REFERENCE_MISMATCH, "kenmerk"))
        return
    found = judged.accepted
    if found is None:
        return
    if _hash(found, known.revision) == known.content_hash:
        judged.problems = ()
    elif found.draft.signal_date == known.spot.signal_date:
        old = Reason.SIGNAL_DATE_TOO_OLD
        judged.problems = tuple(each for each in judged.problems if each.reason is not old)


def _corrected(known: Known, found: Accepted) -> Known:
    """Return how a signal stands after this content; the very same when it stood so already."""
    if _hash(found, known.revision) == known.content_hash:
        return known
    memory, spot, revision = found.memory, known.spot, known.revision + 1
    now = Spot(memory.household, memory.municipality, memory.unit, memory.signal_date, memory.person)
    earlier = (*(each for each in known.earlier if each != spot), replace(spot, last=known.revision))
    return replace(known, content_hash=_hash(found, revision), revision=revision, spot=now, earlier=earlier)


def _hash(found: Accepted, revision: int) -> str:
    """What is corrected matches no POST: under its reference something else was accepted first."""
    content = found.memory.content_hash
    return content if revision == 1 else f"{revision}:{content}"


def _there(signal: Signal) -> Iterator[Outgoing]:
    revision, name = signal.revision, signal.signal_id
    if revision == 1:
        what, event_id = "accepted", name
    else:
        what, event_id = "corrected", derived_id("signal-revision", name, str(revision))
    yield Outgoing("signals.v1", signal.household, signal, what, event_id)
    if signal.person:
        spot = Spot(signal.household, signal.municipality, signal.unit, signal.signal_date, signal.person)
        yield _person(name, signal.creditor, spot, signal.person, revision)


def _left(known: Known, sender: str) -> Iterator[Outgoing]:
    """Yield what takes a signal away wherever it was, and also where it is when it is withdrawn."""
    households = {each.household: each for each in known.earlier}
    persons = {each.person: each for each in known.earlier}
    households.pop(known.spot.household, None)
    persons.pop(known.spot.person, None)
    for spot in households.values():
        yield _withdrawal(known, spot, sender, SignalEnd.MOVED, known.revision)
    for spot in _other_municipalities(known):
        yield _withdrawal(known, spot, sender, SignalEnd.MOVED, spot.last)
    if known.withdrawn:
        yield _withdrawal(known, known.spot, sender, SignalEnd.WITHDRAWN, known.revision)
        persons[known.spot.person] = known.spot
    for person, spot in persons.items():
        if person:
            yield _person(known.signal_id, known.creditor, spot, person, known.revision, withdrawn=True)


def _other_municipalities(known: Known) -> Iterable[Spot]:
    """Return where it was for others at the address where it is: there only those revisions are over."""
    here = known.spot
    found = {
        each.municipality: each for each in known.earlier if each.household == here.household and each.last
    }
    found.pop(here.municipality, None)
    return found.values()


def _withdrawal(known: Known, spot: Spot, sender: str, end: SignalEnd, revision: int) -> Outgoing:
    event = Withdrawal(
        signal_id=known.signal_id,
        household=spot.household,
        municipality=spot.municipality,
        creditor=known.creditor,
        sender=sender,
        unit=spot.unit,
        signal_date=spot.signal_date,
        revision=revision,
        end=end,
    )
    event_id = derived_id("withdrawal", known.signal_id, spot.household, spot.municipality, str(revision))
    return Outgoing("withdrawals.v1", spot.household, event, end.value.lower(), event_id)


def _person(
    signal_id: str, creditor: str, spot: Spot, person: str, revision: int, *, withdrawn: bool = False
) -> Outgoing:
    event = SignalPerson(
        person=person,
        signal_id=signal_id,
        household=spot.household,
        municipality=spot.municipality,
        revision=revision,
        withdrawn=withdrawn,
        creditor=creditor,
    )
    later = (person, str(revision)) if revision > 1 else ()
    event_id = derived_id("signal-person", signal_id, *later)
    return Outgoing("signal-persons.v1", person, event, "withdrawn" if withdrawn else "identified", event_id)
