"""What a webhook tells: to whom, of which thing, and whether it may be told later still. Pure rules.

That somebody is in debt help, and whom to call, may be told only while help runs (domain.md 1.9). A webhook
may wait for hours: so what tells of help gives way to whatever is told of the same thing after it.
"""

from dataclasses import dataclass

from services.common.events import (
    BailiffMatch,
    Erasure,
    Event,
    Feedback,
    FeedbackStatus,
    Pause,
    PauseGround,
)

_HELP = frozenset({PauseGround.KNOWN_IN_DEBT_HELP, PauseGround.CHECK})
"""Grounds that say so; that help was accepted is fed back anyway (domain.md 4.4)."""
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class News:
    """`about`: the thing that is told of, of which a lower `rank` is older; `party` None: told to nobody."""

    party: str | None
    about: str
    rank: int = 0
    fleeting: bool = False
    """It tells of help that runs: only the latest may go out."""


def news_of(event: Event | None) -> News | None:
    """Return what an event is to webhooks; None = nothing."""
    match event:
        case Pause():
            about = f"pause {event.pause_id}"
            return News(event.creditor, about, event.sequence, fleeting=event.ground in _HELP)
        case Feedback():
            known = event.status is FeedbackStatus.KNOWN_IN_DEBT_HELP or bool(event.contacts)
            return News(event.creditor, _feedback(event.signal_id), event.revision, fleeting=known)
        case BailiffMatch():
            return News(event.asker, f"bailiff-match {event.match_id}", fleeting=bool(event.contacts))
        case Erasure():
            return News(None, _feedback(event.erased_id), _LAST)
        case _:
            return None


def _feedback(signal_id: str) -> str:
    return f"feedback {signal_id}"
