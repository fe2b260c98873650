"""When a later record makes an earlier one pointless: what the records of a topic are about.

Replaying the older of two would put what was over in the place of what is. A fact is for ever and may come
late; a state is replaced by the next one about the same thing.
"""

from services.common.catalogue import Topic
from services.common.errors import ContractError
from services.common.events import (
    Answer,
    BailiffMatch,
    Case,
    Check,
    DebtReport,
    Erasure,
    Event,
    Feedback,
    KnownPerson,
    Match,
    Outcome,
    Pause,
    PauseAcknowledgement,
    PauseOrder,
    Question,
    Refusal,
    Routing,
    Signal,
    SignalPerson,
    SignalState,
    Withdrawal,
)

STATES: dict[type[Event], str] = {
    BailiffMatch: "match_id",
    Case: "case_id",
    Feedback: "signal_id",
    KnownPerson: "signal_id",
    Match: "match_id",
    Pause: "pause_id",
    Question: "question_id",
    Routing: "case_id",
    SignalState: "signal_id",
}
"""Whole at every change; the member that says what of. On a compacted topic the key says it."""
FACTS: frozenset[type[Event]] = frozenset(
    {
        Answer,
        Check,
        DebtReport,
        Erasure,
        Outcome,
        PauseAcknowledgement,
        PauseOrder,
        Refusal,
        Signal,
        SignalPerson,
        Withdrawal,
    },
)

Thing = tuple[bytes | None, str]


def replaces(topic: Topic, record: type[Event]) -> bool:
    """Tell whether a later record of this topic replaces an earlier one about the same thing."""
    return topic.compacted or record in STATES


def thing_of(topic: Topic, key: bytes | None, event: Event | None) -> Thing:
    """Return what a record is about; without an event only a compacted topic tells."""
    if topic.compacted:
        return key, ""
    if event is None:
        raise ContractError(f"a record without a value is nothing that {topic.name} is for")
    return key, str(getattr(event, STATES[type(event)]))
