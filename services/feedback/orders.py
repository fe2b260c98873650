"""What a team orders about pauses, from the HTTP interface to pause-orders.v1."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.common.clock import Clock
from services.common.events import PauseOrder
from services.common.identifiers import derived_id
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.feedback.storage import CaseRow, Versions

TOPIC = "pause-orders.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Pauses that run are to run `until` a moment, or end now (None); without signals all of the case."""

    until: datetime | None
    signal_ids: Sequence[str]

    @property
    def content(self) -> str:
        """A digest by which the same order is recognised."""
        return _digest(self.until.isoformat() if self.until else "", *sorted(set(self.signal_ids)))


class Orders:
    """Publishes orders; the one given last again, about the same pauses, is the same order."""

    def __init__(self, publisher: Publisher, versions: Versions, clock: Clock) -> None:
        self._publisher = publisher
        self._versions = versions
        self._clock = clock

    async def give(
        self, municipality: str, team: str | None, case: CaseRow, found: Order, running: Sequence[str]
    ) -> str | None:
        """Publish an order about the pauses of a case that are `running`; return its id.

        When none is: of the same order, if that is the last one given (its answer may have been lost after it
        ended them), else None.
        """
        if not running:
            return await self._given(case, found)
        version = await self._versions.version(case.case_id, f"{found.content} {_digest(*running)}")
        order = PauseOrder(
            order_id=_id(case, version),
            household=case.household,
            case_id=case.case_id,
            municipality=municipality,
            team=team,
            version=version,
            until=found.until,
            signal_ids=tuple(sorted(set(found.signal_ids))),
        )
        what = "prolonged" if order.until else "ended"
        outgoing = Outgoing(TOPIC, order.household, order, what, order.order_id)

        async def write() -> None:
            await self._publisher.publish([outgoing], self._clock.now())

        await self._versions.publish(case.case_id, version, write)
        return order.order_id

    async def _given(self, case: CaseRow, found: Order) -> str | None:
        version, content = await self._versions.out(case.case_id) or (0, "")
        return _id(case, version) if content.partition(" ")[0] == found.content else None


def _id(case: CaseRow, version: int) -> str:
    return derived_id("pause-order", case.case_id, str(version))


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()
