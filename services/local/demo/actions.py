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
class DailyFile:
    """A municipality sends all of its debt help at once: reference and content; `confirmed`: once more."""

    registrar: str
    rows: tuple[tuple[str, Content], ...]
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestions:
    """A municipality answers what it is asked; yes for these signals and registrations (its references)."""

    municipality: str
    same: frozenset[tuple[SignalRef, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A bailiff or collector asks whether a person is in debt help.

    `sender`: who sends it, when that is another; `client`: the creditor for whom a bailiff acts; `crossing`:
    while a registration is under way.
    """

    asker: str
    bsn: str
    dossier: str
    reason: str
    sender: str | None = None
    client: str | None = None
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


Sending = SendSignal | Deliver | Correct | Withdraw
Helping = Register | EndHelp | DailyFile | AnswerQuestions | Ask
Working = Attempt | Conclude
Action = Sending | Helping | Working


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at one moment."""

    at: datetime
    title: str
    actions: tuple[Action, ...] = ()


def lane_of(action: Action) -> str:
    """Return what an action follows: whatever else its party does about the same thing."""
    what: tuple[object, ...]
    match action:
        case SendSignal():
            what = (action.sender, action.content.get("kenmerk"))
        case Deliver():
            what = (action.sender,)
        case Correct() | Withdraw():
            what = (action.sender, action.signal)
        case Register() | EndHelp():
            what = (action.registrar, action.reference)
        case DailyFile():
            what = (action.registrar, "daily file")
        case AnswerQuestions():
            what = (action.municipality, "questions")
        case Ask():
            what = (action.asker, action.dossier)
        case _:
            what = (action.team, action.signal)
    return " ".join(map(str, what))
