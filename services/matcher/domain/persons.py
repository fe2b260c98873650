"""One person, known by BSN: registrations of debt help x signals with that BSN x checks of bailiffs.

As with households: a fact is inserted, then what is new for signals and for askers is told. The order in
which inputs come makes no difference while help runs; once it has ended nobody is told that it ran.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.common.events import Check, Contact, KnownPerson, Registration, SignalPerson
from services.common.identifiers import derived_id
from services.matcher.domain.clients import Pauses, settle_pauses
from services.matcher.domain.facts import Change, CheckWithdrawn, RegistrationEnded, SignalErased, Woken
from services.matcher.domain.months import expires_at, month_of
from services.matcher.domain.watches import (
    HelpFact,
    Watch,
    checked,
    contacts_of,
    newly_matched,
    settle,
    withdrawn,
)

Fact = Registration | RegistrationEnded | SignalPerson | SignalErased | Check | CheckWithdrawn | Woken


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """All facts of a person; tuples are sorted by id."""

    registrations: tuple[HelpFact, ...] = ()
    signals: tuple[SignalOf, ...] = ()
    watches: tuple[Watch, ...] = ()
    pauses: Pauses = ()


class Step(NamedTuple):
    """What one fact comes to: the state after it (None = nothing left), what is told, when to wake up."""

    person: Person | None
    changes: tuple[Change, ...] = ()
    wake_at: datetime | None = None


def handle(before: Person | None, key: str, fact: Fact, now: datetime) -> Step:
    """Take in one fact of the person `key`, which happened at `now`."""
    known = before or Person()
    person = insert(known, fact, now)
    if person is known:
        return Step(before, (), wake_at(known))
    changes: list[Change] = []
    contacts = contacts_of(person.registrations)
    since = min((each.at for each in person.registrations), default=None)
    signals = tuple(_settle_signal(key, signal, contacts, since, changes) for signal in person.signals)
    person = replace(person, signals=signals)
    if (person.watches or person.pauses) and not isinstance(fact, SignalPerson | SignalErased):
        person = _settle_checks(key, person, now, changes, woken=isinstance(fact, Woken))
    left = person.registrations or person.signals or person.watches or person.pauses
    return Step(person if left else None, tuple(changes), wake_at(person))


def _settle_checks(key: str, person: Person, now: datetime, changes: list[Change], *, woken: bool) -> Person:
    """Tell askers what is new, and the clients for whom they act."""
    helps = person.registrations
    settled = [settle(key, watch, helps, now, changes, woken=woken) for watch in person.watches]
    watches = [watch for watch in settled if watch]
    matched = [watch for watch in watches if newly_matched(watch, helps)]
    pauses = settle_pauses(person.pauses, matched, helps, now, changes, woken=woken)
    marked = (replace(each, matched=each.told and (each.matched or each in matched)) for each in watches)
    return replace(person, watches=tuple(marked), pauses=pauses)


def insert(person: Person, fact: Fact, now: datetime) -> Person:
    """Return the person with a fact; the same object when it knew it already."""
    match fact:
        case Registration():
            return _with_help(person, fact, now)
        case RegistrationEnded():
            return _without_help(person, fact.registration_id)
        case SignalPerson():
            return _with_signal(person, fact, now)
        case SignalErased():
            return _without_signal(person, fact.signal_id)
        case Check() | CheckWithdrawn():
            return _with_watches(person, fact, now)
        case Woken():
            return _forget(person, now)


def wake_at(person: Person) -> datetime | None:
    """Return when the first watch is looked at again, or the first watch or signal forgotten."""
    moments = [watch.due_at for watch in person.watches if watch.due_at]
    moments.extend(pause.ends_at for pause in person.pauses)
    moments.extend(expires_at(month_of(signal.at)) for signal in person.signals)
    return min(moments, default=None)


def _with_help(person: Person, registration: Registration, now: datetime) -> Person:
    """A registration that is changed while it runs keeps the moment at which it was first known."""
    name = registration.registration_id
    before = next((each for each in person.registrations if each.registration_id == name), None)
    if before and before.contact == registration.contact:
        return person
    fact = HelpFact(
        registration_id=name,
        contact=registration.contact,
        at=before.at if before else now,
        municipality=registration.municipality,
    )
    kept = (*(each for each in person.registrations if each is not before), fact)
    return replace(person, registrations=tuple(sorted(kept, key=lambda each: each.registration_id)))


def _without_help(person: Person, registration_id: str) -> Person:
    kept = tuple(each for each in person.registrations if each.registration_id != registration_id)
    return person if len(kept) == len(person.registrations) else replace(person, registrations=kept)


def _with_signal(person: Person, signal: SignalPerson, now: datetime) -> Person:
    before = next((each for each in person.signals if each.signal_id == signal.signal_id), None)
    if before and before.revision >= signal.revision:
        return person
    place = "" if signal.withdrawn else signal.household
    if before:
        told_to = before.told_to or before.household
        fact = replace(before, household=place, revision=signal.revision, told_to=told_to)
    else:
        fact = SignalOf(signal_id=signal.signal_id, household=place, at=now, revision=signal.revision)
    signals = sorted(
        (*(each for each in person.signals if each is not before), fact), key=lambda each: each.signal_id
    )
    return replace(person, signals=tuple(signals))


def _without_signal(person: Person, signal_id: str) -> Person:
    kept = tuple(each for each in person.signals if each.signal_id != signal_id)
    return person if len(kept) == len(person.signals) else replace(person, signals=kept)


def _with_watches(person: Person, fact: Check | CheckWithdrawn, now: datetime) -> Person:
    if isinstance(fact, Check):
        watches = checked(person.watches, person.registrations, fact, now)
    else:
        watches = withdrawn(person.watches, fact.check_id, now)
    return person if watches is person.watches else replace(person, watches=watches)


def _forget(person: Person, due: datetime) -> Person:
    """Return a new object always: watches are settled after it, which drops those that are over."""
    signals = tuple(signal for signal in person.signals if expires_at(month_of(signal.at)) > due)
    return replace(person, signals=signals)


def _settle_signal(
    person: str,
    signal: SignalOf,
    contacts: tuple[Contact, ...],
    since: datetime | None,
    changes: list[Change],
) -> SignalOf:
    """Tell the household of a signal; first the one that it left, of the revision before."""
    if signal.told and signal.told_to not in ("", signal.household):
        signal = _tell(person, signal, (), None, changes, (signal.told_to, signal.revision - 1))
    corrected = bool(contacts) and signal.told_revision < signal.revision
    if signal.household and (signal.told != contacts or corrected or _is_earlier(since, signal)):
        signal = _tell(person, signal, contacts, since, changes, (signal.household, signal.revision))
    return signal


def _is_earlier(since: datetime | None, signal: SignalOf) -> bool:
    """A registration that comes late may have been the first."""
    return since is not None and signal.told_since is not None and since < signal.told_since


def _tell(
    person: str,
    signal: SignalOf,
    contacts: tuple[Contact, ...],
    since: datetime | None,
    changes: list[Change],
    place: tuple[str, int],
) -> SignalOf:
    household, revision = place
    tellings = signal.tellings + 1
    event = KnownPerson(
        household=household,
        signal_id=signal.signal_id,
        contacts=contacts,
        revision=revision,
        since=since,
    )
    told_id = derived_id("known-person", person, signal.signal_id, str(tellings))
    changes.append(Change(event, "changed", told_id))
    return replace(
        signal,
        told=contacts,
        tellings=tellings,
        told_to=household,
        told_revision=revision,
        told_since=since,
    )
