"""One person, known by BSN: registrations of debt help x signals with that BSN x checks of bailiffs.

As with households: a fact is inserted, then what is new for signals and for askers is told. The order in
which inputs come makes no difference while help runs; once it has ended nobody is told that it ran.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.common.events import Check, Registration, SignalPerson
from services.matcher.domain.clients import Pauses, settle_pauses
from services.matcher.domain.facts import Change, CheckWithdrawn, RegistrationEnded, SignalErased, Woken
from services.matcher.domain.known import SignalOf, settle_signals, signalling, with_signal
from services.matcher.domain.months import expires_at, month_of
from services.matcher.domain.watches import (
    HelpFact,
    Watch,
    checked,
    newly_matched,
    settle,
    withdrawn,
)

Fact = Registration | RegistrationEnded | SignalPerson | SignalErased | Check | CheckWithdrawn | Woken


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
    if not isinstance(fact, SignalPerson | SignalErased):
        person = _settle_checks(key, person, now, changes, woken=isinstance(fact, Woken))
    elif person.pauses:
        person = _settle_pauses(person, (), now, changes)
    signals, pauses = settle_signals(key, person.signals, person.pauses, person.registrations, changes)
    person = replace(person, signals=signals, pauses=pauses)
    left = person.registrations or person.signals or person.watches or person.pauses
    return Step(person if left else None, tuple(changes), wake_at(person))


def _settle_checks(key: str, person: Person, now: datetime, changes: list[Change], *, woken: bool) -> Person:
    """Tell askers what is new, and the clients for whom they act."""
    if not (person.watches or person.pauses):
        return person
    helps = person.registrations
    settled = [settle(key, watch, helps, now, changes, woken=woken) for watch in person.watches]
    watches = [watch for watch in settled if watch]
    matched = [watch for watch in watches if newly_matched(watch, helps)]
    person = _settle_pauses(person, matched, now, changes, woken=woken)
    marked = (replace(each, matched=each.told and (each.matched or each in matched)) for each in watches)
    return replace(person, watches=tuple(marked))


def _settle_pauses(
    person: Person, matched: Sequence[Watch], now: datetime, changes: list[Change], *, woken: bool = False
) -> Person:
    here = signalling(person.signals)
    pauses = settle_pauses(person.pauses, matched, person.registrations, here, now, changes, woken=woken)
    return replace(person, pauses=pauses)


def insert(person: Person, fact: Fact, now: datetime) -> Person:
    """Return the person with a fact; the same object when it knew it already."""
    match fact:
        case Registration():
            return _with_help(person, fact, now)
        case RegistrationEnded():
            return _without_help(person, fact.registration_id)
        case SignalPerson():
            signals = with_signal(person.signals, fact, now)
            return person if signals is person.signals else replace(person, signals=signals)
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


def _without_signal(person: Person, signal_id: str) -> Person:
    gone = {each for each in person.signals if each.signal_id == signal_id}
    return _without(person, gone) if gone else person


def _without(person: Person, gone: Collection[SignalOf]) -> Person:
    """Return the person without these; of the pauses that are their households' nothing is told any more."""
    kept = tuple(each for each in person.signals if each not in gone)
    over = {signal.creditor for signal in gone} - signalling(kept)
    pauses = tuple(each for each in person.pauses if each.told or each.client not in over)
    return replace(person, signals=kept, pauses=pauses)


def _with_watches(person: Person, fact: Check | CheckWithdrawn, now: datetime) -> Person:
    if isinstance(fact, Check):
        watches = checked(person.watches, person.registrations, fact, now)
    else:
        watches = withdrawn(person.watches, fact.check_id, now)
    return person if watches is person.watches else replace(person, watches=watches)


def _forget(person: Person, due: datetime) -> Person:
    """Return a new object always: watches are settled after it, which drops those that are over."""
    return _without(person, {each for each in person.signals if expires_at(month_of(each.at)) <= due})
