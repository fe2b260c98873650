"""The three processors: records to facts, changes to records. The rules are in domain/."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.common.errors import PermanentError
from services.common.events import (
    Answer,
    BailiffMatch,
    Case,
    Check,
    Erasure,
    Event,
    KnownPerson,
    Match,
    Outcome,
    Pause,
    PauseOrder,
    Question,
    Registration,
    Signal,
    SignalPerson,
    SignalState,
    Withdrawal,
)
from services.common.identifiers import derived_id
from services.common.records import Effects, Handler, Message, Outgoing, WakeUp
from services.matcher.domain import households, persons
from services.matcher.domain.facts import (
    Change,
    CheckWithdrawn,
    Household,
    RegistrationEnded,
    SignalErased,
    Woken,
)
from services.matcher.domain.persons import Person
from services.matcher.domain.registrations import By, Entry, Place, move

REGISTRATIONS = "matcher-registrations"
PERSONS = "matcher-persons"
HOUSEHOLDS = "matcher-households"
CHECKS_TOPIC = "checks.v1"
BY_PERSON_TOPIC = "registrations.by-person.v1"
BY_HOUSEHOLD_TOPIC = "registrations.by-household.v1"
SIGNAL_PERSONS_TOPIC = "signal-persons.v1"

_TOPIC_OF: dict[type[Event], str] = {
    KnownPerson: "known-persons.v1",
    BailiffMatch: "bailiff-matches.v1",
    Case: "cases.v1",
    Match: "matches.v1",
    Question: "questions.v1",
    Pause: "pauses.v1",
    SignalState: "signal-statuses.v1",
}
_PLACES = {By.PERSON: BY_PERSON_TOPIC, By.HOUSEHOLD: BY_HOUSEHOLD_TOPIC}


def registrations(state: Place | None, happened: Message | WakeUp, now: datetime) -> Effects[Place]:
    """Put a registration under its person and its household, and remove it where it was.

    The id of its event tells the versions of a registration apart: the same again has the same.
    """
    if not isinstance(happened, Message):
        raise _unexpected(happened)
    registration = happened.event
    if not isinstance(registration, Registration | None):
        raise _unexpected(happened)
    place, entries = move(state, registration, happened.meta.id)
    return Effects(place, tuple(_entry(entry, happened) for entry in entries))


def persons_handler(state: Person | None, happened: Message | WakeUp, now: datetime) -> Effects[Person]:
    """Join registrations, signals with a BSN and checks of one person."""
    key = _first(happened.key)
    step = persons.handle(state, key, _person_fact(happened), now)
    return Effects(step.person, tuple(_outgoing(step.changes)), step.wake_at)


def households_handler(policies: households.Policies) -> Handler[Household]:
    """Return the handler of everything about a household; `policies` read a view in memory."""

    def handle(state: Household | None, happened: Message | WakeUp, now: datetime) -> Effects[Household]:
        key = _first(happened.key)
        step = households.handle(state, key, _household_fact(happened), now, policies)
        return Effects(step.household, tuple(_outgoing(step.changes)), step.wake_at)

    return handle


def _person_fact(happened: Message | WakeUp) -> persons.Fact:
    if isinstance(happened, WakeUp):
        return Woken()
    match happened.event:
        case Registration() | SignalPerson() | Check() as fact:
            return fact
        case None if happened.topic == BY_PERSON_TOPIC:
            return RegistrationEnded(registration_id=_rest(happened.key))
        case None if happened.topic == SIGNAL_PERSONS_TOPIC:
            return SignalErased(signal_id=_rest(happened.key))
        case None if happened.topic == CHECKS_TOPIC and _rest(happened.key):
            return CheckWithdrawn(check_id=_rest(happened.key))
        case _:
            raise _unexpected(happened)


def _household_fact(happened: Message | WakeUp) -> households.Fact:
    if isinstance(happened, WakeUp):
        return Woken()
    match happened.event:
        case Signal() | Withdrawal() | Registration() | KnownPerson() as fact:
            return fact
        case Outcome() | PauseOrder() | Answer() | Erasure() as fact:
            return fact
        case None if happened.topic == BY_HOUSEHOLD_TOPIC:
            return RegistrationEnded(registration_id=_rest(happened.key))
        case _:
            raise _unexpected(happened)


def _outgoing(changes: Iterable[Change]) -> Iterator[Outgoing]:
    for change in changes:
        event = change.event
        yield Outgoing(_TOPIC_OF[type(event)], _key_of(event), event, change.what, change.id)


def _key_of(event: Event) -> str:
    """A pause goes to its creditor, a bailiff's match stays with the person, all else is a household's."""
    match event:
        case Pause():
            return event.creditor
        case BailiffMatch():
            return event.person
        case Case() | Match() | Question() | SignalState() | KnownPerson():
            return event.household
        case _:
            raise PermanentError(f"{type(event).__name__} is none of ours to write")


def _entry(entry: Entry, cause: Message) -> Outgoing:
    """The cause makes the id: a registration may come back to a place where it was before."""
    topic, key = _PLACES[entry.by], f"{entry.place}/{cause.key}"
    what = "placed" if entry.registration else "removed"
    entry_id = derived_id("registration-entry", topic, key, cause.meta.id)
    return Outgoing(topic, key, entry.registration, what, entry_id)


def _first(key: str) -> str:
    return key.partition("/")[0]


def _rest(key: str) -> str:
    return key.partition("/")[2]


def _unexpected(happened: Message | WakeUp) -> PermanentError:
    if isinstance(happened, WakeUp):
        return PermanentError("a registration has no timer")
    found = type(happened.event).__name__ if happened.event else "a tombstone"
    return PermanentError(f"{found} on {happened.topic} is none of ours")
