"""feedback-disclosure: the full truth per signal (by household) -> what its creditor may see of it."""

from datetime import datetime

from services.common.errors import PermanentError
from services.common.events import Erasure, Feedback, SignalState
from services.common.identifiers import derived_id
from services.common.records import Effects, Message, Outgoing, WakeUp
from services.feedback.domain import Household, erase, forget, next_forget, tell

DISCLOSURE = "feedback-disclosure"
FEEDBACK_TOPIC = "feedback.v1"


def disclosure(state: Household | None, happened: Message | WakeUp, now: datetime) -> Effects[Household]:
    """Tell the creditor of a signal what changed for it; a change that it may not see makes no event."""
    known = state or Household()
    if isinstance(happened, WakeUp):
        return _effects(forget(known, now))
    if isinstance(happened.event, Erasure):
        return _effects(erase(known, happened.event.erased_id, now))
    if not isinstance(happened.event, SignalState):
        raise PermanentError(f"no SignalState on {happened.topic}")
    known, feedback = tell(happened.event, known, now)
    outputs = (_outgoing(feedback, happened),) if feedback else ()
    return _effects(known, outputs)


def _effects(known: Household, outputs: tuple[Outgoing, ...] = ()) -> Effects[Household]:
    return Effects(known if known.signals or known.erased else None, outputs, next_forget(known))


def _outgoing(feedback: Feedback, cause: Message) -> Outgoing:
    """One cause tells at most one thing about its signal: so its id makes the id."""
    return Outgoing(
        topic=FEEDBACK_TOPIC,
        key=feedback.creditor,
        event=feedback,
        what="changed",
        id=derived_id("feedback", feedback.signal_id, cause.meta.source, cause.meta.id),
    )
