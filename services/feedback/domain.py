"""What a creditor may see of its signal (domain.md 4.4), and what was told before. Pure rules.

An allow-list: a status that is not in the table has no way out, and of a result only "accepted or not".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.common.events import (
    Agreement,
    AgreementKind,
    CaseResult,
    Contact,
    Feedback,
    FeedbackStatus,
    SignalEnd,
    SignalState,
    SignalStatus,
)

UNDER_WAY = timedelta(days=60)
"""Of a signal that was erased something may still be under way: topics keep 14 days, and what was put aside
comes back within 28."""
REMEMBERED = timedelta(days=365)
"""After this long without a change what was told about a signal is forgotten (domain.md 1.10: 12 months)."""

VISIBLE: dict[SignalStatus, FeedbackStatus] = {
    SignalStatus.NOT_YET_PICKED_UP: FeedbackStatus.NOT_YET_PICKED_UP,
    SignalStatus.PICKED_UP: FeedbackStatus.PICKED_UP,
    SignalStatus.REPEATED: FeedbackStatus.REPEATED,
    SignalStatus.UNJUSTIFIED: FeedbackStatus.UNJUSTIFIED,
    SignalStatus.NOT_RESIDENT: FeedbackStatus.NOT_RESIDENT,
    SignalStatus.DECEASED: FeedbackStatus.DECEASED,
    SignalStatus.OTHER_REASON: FeedbackStatus.NOT_PICKED_UP,
    SignalStatus.KNOWN_IN_DEBT_HELP: FeedbackStatus.KNOWN_IN_DEBT_HELP,
}

ACCEPTS_HELP = frozenset(
    {
        CaseResult.ADVICE_OR_QUICK_FIX,
        CaseResult.FOLLOW_UP_HELP,
        CaseResult.FOLLOW_UP_FINANCIAL,
        CaseResult.FOLLOW_UP_NOT_FINANCIAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a creditor last heard of a signal; `help_seen`: the hub knew of running help at some moment.

    `revision`: after a correction the creditor hears of its signal, also when it stands where it stood.
    """

    status: FeedbackStatus
    help_accepted: bool | None
    contacts: tuple[Contact, ...]
    help_seen: bool
    at: datetime
    revision: int = 1
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What was told about the signals of a household (by signal_id), and which were erased when."""

    signals: dict[str, Told] = field(default_factory=dict)
    erased: dict[str, datetime] = field(default_factory=dict)


def disclose(state: SignalState, *, help_ended: bool = False) -> Feedback:
    """Return what the creditor may see of this state.

    `help_ended`: "known in debt help" may be told only while help runs (domain.md 1.9); when the hub saw it
    end, a team's result that still says so is hidden like any other reason.
    """
    status = VISIBLE[state.status]
    if status is FeedbackStatus.KNOWN_IN_DEBT_HELP and help_ended:
        status = FeedbackStatus.NOT_PICKED_UP
    return allowed(
        Feedback(
            signal_id=state.signal_id,
            creditor=state.creditor,
            municipality=state.municipality,
            status=status,
            help_accepted=None if state.result is None else state.result in ACCEPTS_HELP,
            contacts=state.contacts,
            revision=state.revision,
            withdrawn=state.end is SignalEnd.WITHDRAWN,
        )
    )


def allowed(feedback: Feedback) -> Feedback:
    """Return only what goes with the status: contacts with running help, accepted or not with picked up."""
    return replace(
        feedback,
        contacts=feedback.contacts if feedback.status is FeedbackStatus.KNOWN_IN_DEBT_HELP else (),
        help_accepted=feedback.help_accepted if feedback.status is FeedbackStatus.PICKED_UP else None,
    )


def tell(state: SignalState, known: Household, now: datetime) -> tuple[Household, Feedback | None]:
    """Return what the creditor knows after this state, and the feedback if it is news to the creditor.

    That its signal left a household is none: it hears of it from the household where it is now.
    """
    if state.end is SignalEnd.MOVED or state.signal_id in known.erased:
        return known, None
    before = known.signals.get(state.signal_id)
    help_seen = bool(state.contacts) or (before is not None and before.help_seen)
    feedback = disclose(state, help_ended=help_seen and not state.contacts)
    told = Told(
        status=feedback.status,
        help_accepted=feedback.help_accepted,
        contacts=feedback.contacts,
        help_seen=help_seen,
        at=now,
        revision=feedback.revision,
        withdrawn=feedback.withdrawn,
    )
    news = before is None or replace(before, help_seen=help_seen, at=now) != told
    return replace(known, signals={**known.signals, state.signal_id: told}), feedback if news else None


def erase(known: Household, signal_id: str, now: datetime) -> Household:
    """Return what is known without a signal; what was under way about it is told to nobody any more."""
    signals = {k: told for k, told in known.signals.items() if k != signal_id}
    return Household(signals=signals, erased={**known.erased, signal_id: now})


@dataclass(frozen=True, slots=True)
class Owner:
    """A creditor of whom something is read, and for which municipalities: all, or those of a sender."""

    creditor: str
    municipalities: Sequence[str] | None = None

    @property
    def values(self) -> dict[str, object]:
        """As SQL takes it; a list, because psycopg makes an array of a list and a composite of a tuple."""
        of = self.municipalities
        return {"creditor": self.creditor, "of": None if of is None else list(of)}


def readable(agreements: Iterable[Agreement], sender: str, creditor: str, today: date) -> tuple[str, ...]:
    """Return the municipalities for which an agreement of today names this sender for this creditor."""
    return tuple(
        agreement.grantor
        for agreement in agreements
        if agreement.kind is AgreementKind.SIGNALS
        and (agreement.sender, agreement.grantee) == (sender, creditor)
        and agreement.holds(today)
    )


def forget(known: Household, now: datetime) -> Household:
    """Drop the signals of which nothing was heard for `REMEMBERED`, and what was erased `UNDER_WAY` ago."""
    return Household(
        signals={k: told for k, told in known.signals.items() if now < told.at + REMEMBERED},
        erased={k: at for k, at in known.erased.items() if now < at + UNDER_WAY},
    )


def next_forget(known: Household) -> datetime | None:
    """Return when there is something to forget."""
    moments = [told.at + REMEMBERED for told in known.signals.values()]
    moments += [at + UNDER_WAY for at in known.erased.values()]
    return min(moments, default=None)
