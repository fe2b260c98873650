"""Creditors acknowledge what they were told of their pauses; who does not in time is counted and said."""

from datetime import datetime, timedelta

import structlog
from mode import Service

from services.common.clock import Clock
from services.common.errors import TransientError
from services.common.events import Pause, PauseAcknowledgement
from services.common.identifiers import derived_id
from services.common.metrics import Metrics
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.feedback.pause_terms import PauseTerms

TOPIC = "pause-acknowledgements.v1"
_LOOK_SECONDS = 600.0
_DAY_SECONDS = 24 * 3600.0

log = structlog.get_logger()


class Acknowledging(Service):
    """Publishes acknowledgements, and looks for those that do not come within `term`."""

    def __init__(
        self, pauses: PauseTerms, publisher: Publisher, clock: Clock, metrics: Metrics, term: timedelta
    ) -> None:
        super().__init__()
        self._pauses = pauses
        self._publisher = publisher
        self._clock = clock
        self._late = metrics.pauses_not_acknowledged
        self._term = term

    def due_before(self) -> datetime:
        """Return before when a change must have been told to be acknowledged by now."""
        return self._clock.now() - self._term

    async def said(self, pause: Pause) -> None:
        """Publish that its creditor acted on a pause as it is; the same again is the same record."""
        event = PauseAcknowledgement(
            pause_id=pause.pause_id, creditor=pause.creditor, sequence=pause.sequence
        )
        said_id = derived_id("pause-acknowledgement", pause.pause_id, str(pause.sequence))
        outgoing = Outgoing(TOPIC, pause.creditor, event, "acknowledged", said_id)
        await self._publisher.publish([outgoing], self._clock.now())

    async def look(self) -> None:
        """Count and say who is late, once per change."""
        for creditor, count in (await self._pauses.late(self.due_before())).items():
            self._late.inc(count)
            log.warning("pauses_not_acknowledged", creditor=creditor, count=count)

    @Service.timer(_LOOK_SECONDS, exec_first=True)
    async def _look(self) -> None:
        try:
            await self.look()
        except TransientError:
            return  # in ten minutes again

    @Service.timer(_DAY_SECONDS, exec_first=True)
    async def _forget(self) -> None:
        try:
            await self._pauses.forget()
        except TransientError:
            return  # tomorrow again
