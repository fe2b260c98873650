"""Signals with a person's BSN: what their households are told of the help of that person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.common.events import CheckPause, Contact, KnownPerson, SignalPerson
from services.common.identifiers import derived_id
from services.matcher.domain.clients import Pauses, checks_of, handed_over
from services.matcher.domain.facts import Change
from services.matcher.domain.watches import HelpFact, contacts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOf:
    """A signal with this person's BSN, and what its household was told last; a corrected one may have moved.

    `household`: empty when the signal does not carry this BSN any more.
    """

    signal_id: str
    household: str
    at: datetime
    told: tuple[Contact, ...] = ()
    tellings: int = 0
    revision: int = 1
    told_to: str = ""
    told_revision: int = 1
    told_since: datetime | None = None
    creditor: str = ""
    checks: tuple[CheckPause, ...] = ()
    """For which its creditor waits, as they were told."""


Signals = tuple[SignalOf, ...]


class Help(NamedTuple):
    """What a signal's household is told: whom to call, since when, and the checks of its creditor."""

    contacts: tuple[Contact, ...] = ()
    since: datetime | None = None
    checks: tuple[CheckPause, ...] = ()


def settle_signals(
    person: str, signals: Signals, pauses: Pauses, helps: Sequence[HelpFact], changes: list[Change]
) -> tuple[Signals, Pauses]:
    """Tell the households of signals; the first of a creditor takes over what it was told of its checks."""
    running = Help(contacts_of(helps), min((each.at for each in helps), default=None))
    settled = []
    for signal in signals:
        waits = bool(pauses and signal.household and helps)
        checks = checks_of(pauses, signal.creditor) if waits else ()
        settled.append(_settle_signal(person, signal, running._replace(checks=checks), changes))
        pauses = handed_over(pauses, signal.creditor) if checks else pauses
    return tuple(settled), pauses


def signalling(signals: Signals) -> set[str]:
    """Return the creditors that have a signal with the BSN."""
    return {signal.creditor for signal in signals if signal.household}


def with_signal(signals: Signals, signal: SignalPerson, now: datetime) -> Signals:
    """Return the signals with one, or with what became of it; the very same when it is no news."""
    before = next((each for each in signals if each.signal_id == signal.signal_id), None)
    if before and before.revision >= signal.revision:
        return signals
    place = "" if signal.withdrawn else signal.household
    if before:
        told_to = before.told_to or before.household
        fact = replace(before, household=place, revision=signal.revision, told_to=told_to)
    else:
        fact = SignalOf(
            signal_id=signal.signal_id,
            household=place,
            at=now,
            revision=signal.revision,
            creditor=signal.creditor,
        )
    found = sorted((*(each for each in signals if each is not before), fact), key=lambda each: each.signal_id)
    return tuple(found)


def _settle_signal(person: str, signal: SignalOf, help_: Help, changes: list[Change]) -> SignalOf:
    """Tell the household of a signal; first the one that it left, of the revision before."""
    if signal.told and signal.told_to not in ("", signal.household):
        signal = _tell(person, signal, Help(), changes, (signal.told_to, signal.revision - 1))
    corrected = bool(help_.contacts) and signal.told_revision < signal.revision
    news = (signal.told, signal.checks) != (help_.contacts, help_.checks)
    if signal.household and (news or corrected or _is_earlier(help_.since, signal)):
        signal = _tell(person, signal, help_, changes, (signal.household, signal.revision))
    return signal


def _is_earlier(since: datetime | None, signal: SignalOf) -> bool:
    """A registration that comes late may have been the first."""
    return since is not None and signal.told_since is not None and since < signal.told_since


def _tell(
    person: str, signal: SignalOf, help_: Help, changes: list[Change], place: tuple[str, int]
) -> SignalOf:
    household, revision = place
    tellings = signal.tellings + 1
    event = KnownPerson(
        household=household,
        signal_id=signal.signal_id,
        contacts=help_.contacts,
        revision=revision,
        since=help_.since,
        checks=help_.checks,
    )
    told_id = derived_id("known-person", person, signal.signal_id, str(tellings))
    changes.append(Change(event, "changed", told_id))
    return replace(
        signal,
        told=help_.contacts,
        tellings=tellings,
        told_to=household,
        told_revision=revision,
        told_since=help_.since,
        checks=tuple(replace(each, pause_id=None, sequence=0) for each in help_.checks),
    )
