"""What the parties of the demo do: plain objects that script.py plays and model/ predicts from.

Moments are aware. A `Step` is one moment at which all its actions happen side by side, except that actions of
one lane follow each other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Content = dict[str, Any]
"""A JSON body of the hub's interface."""
SignalRef = tuple[str, str]
"""(creditor, its reference): how the parties name a signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSignal:
    """A creditor (or who acts for it) sends one signal as JSON."""

    sender: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A creditor delivers a file: csv or ndjson. A row that is a text goes onto the wire as it is."""

    sender: str
    form: str
    rows: tuple[Content | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A municipality registers that a resident is in debt help; the same reference again replaces it."""

    registrar: str
    reference: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHelp:
    """Debt help of a registration ended."""

    registrar: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A bailiff asks whether a person is in debt help; `crossing` = while a registration is under way."""

    bailiff: str
    bsn: str
    dossier: str
    reason: str
    crossing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A team sought contact about the case that holds a signal."""

    team: str
    municipality: str
    signal: SignalRef
    reference: str
    kind: str
    reached: bool
    day_part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude:
    """A team sets the result (a DDAS text) of the case that holds a signal; `named`: for these only."""

    team: str
    municipality: str
    signal: SignalRef
    result: str
    named: tuple[SignalRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """A creditor puts other content in the place of its signal's."""

    sender: str
    signal: SignalRef
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """A creditor withdraws its signal."""

    sender: str
    signal: SignalRef


Action = SendSignal | Deliver | Correct | Withdraw | Register | EndHelp | Ask | Attempt | Conclude


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at one moment."""

    at: datetime
    title: str
    actions: tuple[Action, ...] = ()


def lane_of(action: Action) -> str:
    """Return what an action follows: whatever else its party does about the same thing."""
    match action:
        case SendSignal():
            return f"{action.sender} {action.content.get('kenmerk')}"
        case Deliver():
            return action.sender
        case Correct() | Withdraw():
            return f"{action.sender} {action.signal}"
        case Register() | EndHelp():
            return f"{action.registrar} {action.reference}"
        case Ask():
            return f"{action.bailiff} {action.dossier}"
        case _:
            return f"{action.team} {action.signal}"
