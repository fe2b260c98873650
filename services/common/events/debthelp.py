"""Debt help: registrations, whom they make known, what bailiffs ask and what they tell."""

from dataclasses import dataclass
from datetime import date, datetime

from services.common.events.signals import (
    Contact,
    Evidence,
)
from services.common.events.vocabulary import (
    CheckCapacity,
    CheckPurpose,
    HelpChange,
    OwnClaim,
    QuestionState,
    SnapshotState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A resident in debt help, as a registrar keeps it; a tombstone ends it."""

    registration_id: str
    registrar: str
    municipality: str
    person: str
    household: str
    unit: str
    evidence: tuple[Evidence, ...]
    started_on: date
    contact: Contact
    personal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How fresh the registrations are that a registrar sends as a daily snapshot for a municipality."""

    registrar: str
    municipality: str
    state: SnapshotState
    on: date
    """Day that the state is about: of the snapshot that was accepted or is held, or the day without one."""
    data_date: date | None = None
    """Day of the snapshot that is in force: how old the registrations are; None: none was accepted yet."""
    taken_at: datetime | None = None
    """When the snapshot in force was accepted."""
    persons: int = 0
    """Registrations in the snapshot in force."""
    offered: int | None = None
    """Of HELD: registrations in the snapshot that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPause:
    """A bailiff's check found the help, and its client, the creditor of a signal, waits for it."""

    check_id: str
    dossier: str
    starts_at: datetime
    ends_at: datetime
    pause_id: str | None = None
    """As which its client was told of it before, up to `sequence`: it goes on as a pause of its signals."""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """The person of this signal is in debt help (contacts), or no longer (none)."""

    household: str
    signal_id: str
    contacts: tuple[Contact, ...]
    revision: int = 1
    """Of the signal: what a lower one says of its person is over."""
    since: datetime | None = None
    """Since when the hub knows that help runs."""
    checks: tuple[CheckPause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Is the person of a signal the one of a registration at the same address? Possible, not sure."""

    question_id: str
    """Of one signal, one registration and what both say of the person: other evidence is another question."""
    household: str
    municipality: str
    case_id: str
    signal_id: str
    registration_id: str
    reasons: tuple[str, ...]
    """How far both agree, in words."""
    state: QuestionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a municipality answered to a question; ce_time says when."""

    answer_id: str
    question_id: str
    household: str
    municipality: str
    team: str | None = None
    signal_id: str
    registration_id: str
    same: bool
    """Yes: it is the same person."""
    version: int
    """Of the answers to a question: 1, 2, ...; the highest one counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question whether a person is in debt help, with the answer; a tombstone (person/check) withdraws it.

    `asker`: the office that gets the answer and what is told later. `on_behalf_of`: the client for whom it
    acts (opdrachtgever). `sent_by`: who sent the question for the asker, such as the bailiffs' network.
    """

    check_id: str
    person: str
    asker: str
    on_behalf_of: str | None = None
    purpose: CheckPurpose
    dossier: str
    known: bool
    contacts: tuple[Contact, ...]
    data_date: date
    valid_until: datetime
    sent_by: str | None = None
    capacity: CheckCapacity = CheckCapacity.BAILIFF
    claim: OwnClaim | None = None
    """What a COLLECTOR collects."""
    client_is_partner: bool = False
    """Whether the client was a partner of the covenant when it was asked: a match starts a pause for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BailiffMatch:
    """Debt help started for a person whom this office checked, while the check was valid; or it ended.

    `match_id` is one per check. `contacts`: whom to call now, empty once help has ended.
    """

    match_id: str
    person: str
    asker: str
    check_id: str
    dossier: str
    contacts: tuple[Contact, ...]
    change: HelpChange = HelpChange.STARTED


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtReport:
    """A bailiff tells of debts of a person: to one registration of debt help; without one, to nobody."""

    report_id: str
    person: str
    reporter: str
    purpose: CheckPurpose
    registration_id: str | None = None
    registrar: str | None = None
    municipality: str | None = None
    personal: bytes = b""
    """Who it is and which debts: a compact JWE for the municipality's key; empty when there was no help."""
