"""Lines of the log of processings (Logboek Dataverwerkingen; domain.md 8.6)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from services.common.events import Check, Processing, ProcessingStatus
from services.common.identifiers import derived_id
from services.common.records import Outgoing
from services.common.tracing import TRACEPARENT

LOG_TOPIC = "processing-log.v1"
CHECKED, WITHDRAWN = "toets", "toets-ingetrokken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The office (OIN) that asks, and who sends it for the office, when that is another."""

    office: str
    sent_by: str | None = None


class Logbook:
    """Makes lines; `hub_oin` is whose register of processing activities they refer to."""

    def __init__(self, hub_oin: str) -> None:
        self._activity = f"urn:nld:oin:{hub_oin}:verwerking:toets"

    def answered(self, asker: Asker, check: Check, begin: datetime, end: datetime) -> Outgoing:
        """Return the line of a check that is answered."""
        return self._line(CHECKED, asker, HTTPStatus.OK, (begin, end), (check.person, check.check_id))

    def withdrawn(self, asker: Asker, person: str, check_id: str, at: datetime) -> Outgoing:
        """Return the line of a check that is withdrawn."""
        return self._line(WITHDRAWN, asker, HTTPStatus.NO_CONTENT, (at, at), (person, check_id))

    def refused(self, asker: Asker, status: int, at: datetime) -> Outgoing:
        """Return the line of an asking that got no answer: nobody's data were looked at."""
        return self._line(CHECKED, asker, status, (at, at), (None, None))

    def _line(
        self,
        name: str,
        asker: Asker,
        status: int,
        times: tuple[datetime, datetime],
        about: tuple[str | None, str | None],
    ) -> Outgoing:
        trace_id, request = _trace()
        operation_id = secrets.token_hex(8)
        line = Processing(
            trace_id=trace_id,
            operation_id=operation_id,
            parent_operation_id=request,
            status_code=ProcessingStatus.OK if status < HTTPStatus.BAD_REQUEST else ProcessingStatus.ERROR,
            name=name,
            start_time=times[0],
            end_time=times[1],
            processing_activity_id=self._activity,
            data_subject_id=about[0],
            asker=asker.office,
            sent_by=asker.sent_by,
            check_id=about[1],
            http_status=status,
        )
        line_id = derived_id("processing", trace_id, operation_id)
        return Outgoing(LOG_TOPIC, asker.office, line, "logged", line_id)


def _trace() -> tuple[str, str | None]:
    """Return the trace of the request that is worked for, and its own operation."""
    found = TRACEPARENT.get()
    if found is None:
        return secrets.token_hex(16), None
    _, trace_id, operation, _ = found.split("-")
    return trace_id, operation
