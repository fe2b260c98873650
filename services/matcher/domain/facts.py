"""What the matcher remembers of a household: facts, and what it told the world about them.

Small on purpose (one record of a changelog each): ids, dates and digests, nothing personal. Tuples are
sorted, so that the same facts make the same state whatever order they came in.

Named tuples, because the changelog then holds values without names: 400 bytes for a first signal, 707 with
them. So a field is only ever added at the end, with a default: older state is read without it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from services.common.events import (
    Area,
    CasePriority,
    CaseResult,
    Contact,
    Event,
    Evidence,
    PartnerType,
    PauseEnd,
    PauseGround,
    QuestionState,
    SignalStatus,
)


class SignalTold(NamedTuple):
    """What was last told about a signal."""

    status: SignalStatus
    result: CaseResult | None = None
    contacts: tuple[Contact, ...] = ()
    revision: int = 1


class SignalFact(NamedTuple):
    """A signal; `at` is the moment it passed the gate, `tellings` how often its status was told.

    `revision`: 1, and one more with each correction by its creditor. `recent`: for how many days what its
    creditor said before makes it a repeat (0: it never is one). `due`: the day by which it must be picked up.
    """

    signal_id: str
    creditor: str
    partner_type: PartnerType
    amount_cents: int
    signal_date: date
    crisis: bool
    young: bool
    evidence: tuple[Evidence, ...]
    at: datetime
    told: SignalTold | None = None
    tellings: int = 0
    revision: int = 1
    recent: int = 0
    due: date | None = None
    priority: CasePriority = CasePriority.NORMAL
    address_doubt: bool = False


class GoneFact(NamedTuple):
    """A signal that was in a case and is withdrawn, or corrected to another case.

    Nothing follows from it but who a result of that time is about: without it the result would pass to
    somebody else at the address.
    """

    signal_id: str
    signal_date: date
    evidence: tuple[Evidence, ...]
    at: datetime
    revision: int


class ResultFact(NamedTuple):
    """A result a team recorded at `at`, with the pause days of its municipality at that moment.

    Results of a case are in the order of their `version`: two may have the same time.
    """

    result_id: str
    at: datetime
    result: CaseResult
    signal_ids: tuple[str, ...]
    pause_days: int
    version: int = 0


class PauseTold(NamedTuple):
    """What a creditor was last told about its pause (`reason` None = it runs), and the signals it is for."""

    pause_id: str
    creditor: str
    starts_at: datetime
    ends_at: datetime
    reason: PauseEnd | None
    tellings: int
    signal_ids: tuple[str, ...] = ()
    ground: PauseGround | None = None
    municipality: str = ""
    final: bool = False
    """What it rested on may be forgotten: nothing of the past is told again."""


class Handed(NamedTuple):
    """What a creditor was last told of a pause by a check alone, which is to go on with its signals."""

    pause_id: str
    tellings: int
    ends_at: datetime


class LeaseFact(NamedTuple):
    """Help runs for the person of a signal `since` a moment until it ended; `days`: its term as a pause.

    Of a bailiff's check (id and dossier) for the creditor of the signal: `until` when, instead.
    """

    signal_id: str
    since: datetime
    days: int
    ended_at: datetime | None = None
    until: datetime | None = None
    check: tuple[str, str] | None = None
    handed: Handed | None = None


class OrderFact(NamedTuple):
    """At `at` a team prolonged a pause `until` a moment, or ended it (None); of some signals, or of all."""

    order_id: str
    at: datetime
    until: datetime | None
    signal_ids: tuple[str, ...] = ()
    version: int = 0


class CaseTold(NamedTuple):
    """What was last told about a case, as far as it can change without another signal."""

    consecutive: bool
    result: CaseResult | None
    picked_up_at: datetime | None
    closed_at: datetime | None
    statuses: tuple[SignalStatus, ...]
    corrected: tuple[int, datetime, Area] | None = None
    """Of a case with a corrected signal: the sum of the revisions, since when it is open, and where it is."""
    overdue: bool = False
    known: bool = False
    """Nobody has to look at it while help runs."""


class CaseFacts(NamedTuple):
    """One (municipality, unit, month); without signals it is an outcome that overtook them.

    `matched` holds what was told: match kinds, and ids of signals of known persons; with "/" and a number
    when it was told more than once (matches.py): an even number is one that was taken back.
    """

    case_id: str
    municipality: str
    unit: str
    month: int
    area: Area | None = None
    signals: tuple[SignalFact, ...] = ()
    attempted_at: datetime | None = None
    results: tuple[ResultFact, ...] = ()
    told: CaseTold | None = None
    tellings: int = 0
    matched: tuple[str, ...] = ()
    pauses: tuple[PauseTold, ...] = ()
    gone: tuple[GoneFact, ...] = ()
    orders: tuple[OrderFact, ...] = ()


class RegistrationFact(NamedTuple):
    """A running registration of somebody at this address; `at` is when it was first known here."""

    registration_id: str
    evidence: tuple[Evidence, ...]
    contact: Contact
    municipality: str = ""
    at: datetime | None = None


class KnownFact(NamedTuple):
    """The BSN of a signal belongs to somebody in debt help, at whatever address."""

    signal_id: str
    contacts: tuple[Contact, ...]
    at: datetime
    revision: int = 1
    since: datetime | None = None
    """Since when help is known to run."""


class QuestionFact(NamedTuple):
    """A question that was told: as what, how often, and what was answered (`version`: 0 = nothing yet)."""

    question_id: str
    case_id: str
    municipality: str
    signal_id: str
    registration_id: str
    reasons: tuple[str, ...]
    state: QuestionState
    tellings: int = 1
    same: bool | None = None
    version: int = 0


class WithdrawnFact(NamedTuple):
    """All revisions of a signal up to this one are over here; `month` is that of the signal's date."""

    signal_id: str
    revision: int
    month: int


class ErasedFact(NamedTuple):
    """A signal that was erased at `at`: one that is under way yet does not bring it back."""

    signal_id: str
    at: datetime


class Household(NamedTuple):
    """All facts of an address; `woken` is the latest due time of a timer that went off."""

    household: str
    cases: tuple[CaseFacts, ...] = ()
    registrations: tuple[RegistrationFact, ...] = ()
    known: tuple[KnownFact, ...] = ()
    woken: datetime | None = None
    withdrawn: tuple[WithdrawnFact, ...] = ()
    erased: tuple[ErasedFact, ...] = ()
    questions: tuple[QuestionFact, ...] = ()
    pauses: tuple[PauseTold, ...] = ()
    leases: tuple[LeaseFact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalErased:
    """What a person is known by from this signal is erased."""

    signal_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationEnded:
    """A registration is no longer at this household (or no longer of this person)."""

    registration_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckWithdrawn:
    """Its asker wants to hear nothing more of a check."""

    check_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """The timer of the key went off."""


class Change(NamedTuple):
    """Something to be told: the event, the last part of its ce_type, and its deterministic ce_id."""

    event: Event
    what: str
    id: str
