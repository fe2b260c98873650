"""What is told of an erasure: the event wherever it was, and what removes it from where it is kept by key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from services.common.events import ErasedKind, Erasure, ErasureReason
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.vault import DataClass
from services.ingest.revision_storage import Known

_KINDS = {
    DataClass.SIGNAL: ErasedKind.SIGNAL,
    DataClass.REGISTRATION: ErasedKind.REGISTRATION,
    DataClass.DEBT_REPORT: ErasedKind.REGISTRATION,
}


@dataclass(frozen=True, slots=True)
class Due:
    """A key that has to go; `created_at` tells it from that of a later thing under the same id."""

    id: str
    household: str
    municipality: str
    class_: DataClass
    requested: bool
    created_at: datetime


def erased_signal(due: Due, known: Known | None) -> list[Outgoing]:
    """Return the records for every place and person where a signal is or was; `known`: as remembered.

    A place is a household and whose it was: at one address it may have been for another municipality before.
    """
    spots = (known.spot, *known.earlier) if known else ()
    were = [(each.household, each.municipality) for each in spots]
    places = dict.fromkeys([(due.household, due.municipality), *were])
    persons = dict.fromkeys(each.person for each in spots if each.person)
    told = [_erasure(due, household, municipality) for household, municipality in places]
    return [*told, *_unknown(due, persons)]


def erased_registration(due: Due, change: int) -> list[Outgoing]:
    """Return the records for a registration, which ends with it; `change` numbers its changes."""
    ended = derived_id("registrations.v1", due.id, str(change))
    tombstone = Outgoing("registrations.v1", due.id, None, "ended", ended)
    return [_erasure(due, due.household, due.municipality), tombstone]


def erased_debt_report(due: Due) -> list[Outgoing]:
    """Return the record for a debt report: nobody keeps it by key."""
    return [_erasure(due, due.household, due.municipality)]


def _erasure(due: Due, household: str, municipality: str) -> Outgoing:
    event = Erasure(
        erasure_id=derived_id("erasure", due.id, household, municipality, due.created_at.isoformat()),
        household=household,
        municipality=municipality,
        kind=_KINDS[due.class_],
        erased_id=due.id,
        reason=ErasureReason.REQUEST if due.requested else ErasureReason.TERM,
        debt_report=due.class_ is DataClass.DEBT_REPORT,
    )
    return Outgoing("erasures.v1", household, event, "erased", event.erasure_id)


def _unknown(due: Due, persons: Iterable[str]) -> Iterator[Outgoing]:
    for person in persons:
        event_id = derived_id("signal-person-erased", due.id, person, due.created_at.isoformat())
        yield Outgoing("signal-persons.v1", f"{person}/{due.id}", None, "erased", event_id)
