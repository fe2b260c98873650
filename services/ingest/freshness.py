"""What is told of a registrar's snapshots: one was accepted, one is held, or a day went by without one."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.events import Snapshot, SnapshotState
from services.common.identifiers import derived_id
from services.common.records import Outgoing

TOPIC = "snapshots.v1"


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends snapshots for whom: each is a stream of its own, in which the newest one holds."""

    registrar: str
    municipality: str

    @property
    def key(self) -> str:
        return f"{self.registrar}/{self.municipality}"


@dataclass(frozen=True, slots=True)
class InForce:
    """The snapshot that holds: its day, its number of registrations, and when it was accepted."""

    day: date
    persons: int
    taken_at: datetime


def accepted(source: Source, data: InForce, mark: int) -> Outgoing:
    """Return that a snapshot holds; `mark` is its number."""
    return _told(source, SnapshotState.ACCEPTED, data.day, data, str(mark))


def held(source: Source, data: InForce | None, on: date, offered: int, mark: int) -> Outgoing:
    """Return that a snapshot waits until somebody confirms it."""
    return _told(source, SnapshotState.HELD, on, data, str(mark), offered)


def missing(source: Source, data: InForce, on: date) -> Outgoing:
    """Return that a day is over without a snapshot of it."""
    return _told(source, SnapshotState.MISSING, on, data, on.isoformat())


def _told(
    source: Source,
    state: SnapshotState,
    on: date,
    data: InForce | None,
    number: str,
    offered: int | None = None,
) -> Outgoing:
    event = Snapshot(
        registrar=source.registrar,
        municipality=source.municipality,
        state=state,
        on=on,
        data_date=data.day if data else None,
        taken_at=data.taken_at if data else None,
        persons=data.persons if data else 0,
        offered=offered,
    )
    id_ = derived_id(TOPIC, source.key, state.value, number)
    return Outgoing(TOPIC, source.key, event, state.value.lower(), id_)
