"""The log of processings, after the standard Logboek Dataverwerkingen (Logius; domain.md 8.6)."""

from dataclasses import dataclass
from datetime import datetime

from services.common.events.vocabulary import ProcessingStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """One line: one person and one purpose, or (without a person) an asking that was refused.

    `trace_id` is 16 bytes in hex, operations are 8. `data_subject_id` is a pseudonym.
    """

    trace_id: str
    operation_id: str
    parent_operation_id: str | None = None
    status_code: ProcessingStatus
    name: str
    start_time: datetime
    end_time: datetime
    processing_activity_id: str
    data_subject_id: str | None = None
    asker: str
    sent_by: str | None = None
    check_id: str | None = None
    http_status: int
