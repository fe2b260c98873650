"""Debt help: who is registered when and where, which signals it concerns, and what who asks is told."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.local.demo.actions import Ask, EndHelp, Register, SignalRef, Step
from services.local.demo.model.intake import Signal
from services.local.demo.model.people import Person, person_of, surely_same

VALID = timedelta(days=28)
"""How long the answer to a check holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A registration at one address, from `since` up to `until` (None = it runs); OIN of the municipality."""

    reference: str
    person: Person
    home: tuple[str, int]
    municipality: str
    since: datetime
    until: datetime | None = None
    only: SignalRef | None = None
    """It concerns this signal alone: so a municipality answered."""


def stays_of(steps: list[Step]) -> list[Stay]:
    """Return every registration, cut where somebody moved."""
    running: dict[str, Stay] = {}
    over: list[Stay] = []
    for step in steps:
        for action in step.actions:
            if not isinstance(action, Register | EndHelp):
                continue
            before = running.pop(action.reference, None)
            if before:
                over.append(replace(before, until=step.at))
            if isinstance(action, Register):
                running[action.reference] = _stay(action, step.at)
    return over + list(running.values())


def _stay(action: Register, since: datetime) -> Stay:
    content = action.content
    return Stay(
        reference=action.reference,
        person=person_of(content["persoon"], content["burgerservicenummer"]),
        home=(content["adres"]["postcode"], content["adres"]["huisnummer"]),
        municipality=content.get("namens", action.registrar),
        since=since,
    )


def concerns(stay: Stay, signal: Signal) -> bool:
    """Tell whether a signal is about the person: by BSN wherever, by name and birth date at one address."""
    if stay.only:
        return signal.ref == stay.only
    if signal.person.bsn:
        return signal.person.bsn == stay.person.bsn
    return signal.home == stay.home and surely_same(signal.person, stay.person)


def ever_known(signal: Signal, stays: list[Stay]) -> bool:
    """Tell whether help ran at some moment after the signal came."""
    return any(concerns(stay, signal) and (stay.until is None or stay.until > signal.at) for stay in stays)


def known_at_end(signal: Signal, stays: list[Stay]) -> bool:
    """Tell whether help runs when all is over."""
    return any(concerns(stay, signal) and stay.until is None for stay in stays)


def known_at(signal: Signal, stays: list[Stay], at: datetime) -> bool:
    """Tell whether help runs at a moment."""
    return any(
        concerns(stay, signal) and stay.since <= at and (stay.until is None or at < stay.until)
        for stay in stays
    )


def checks_of(steps: list[Step], stays: list[Stay]) -> Counter[str]:
    """Count what each asker hears: at once, later, or (when both happen at one moment) either way."""
    told: Counter[str] = Counter()
    for step in steps:
        for ask in (action for action in step.actions if isinstance(action, Ask)):
            answer = _answer(ask, step.at, stays)
            told[f"{ask.asker} | {answer}"] += 1
            told += Counter({f"{ask.asker} | {what}": 1 for what in _later(ask, answer, step.at, stays)})
    return told


def _answer(ask: Ask, at: datetime, stays: list[Stay]) -> str:
    if ask.crossing:
        return "told while crossing"
    own = [stay for stay in stays if stay.person.bsn == ask.bsn]
    known = any(stay.since <= at and (stay.until is None or at < stay.until) for stay in own)
    return "known" if known else "not known"


def _later(ask: Ask, answer: str, at: datetime, stays: list[Stay]) -> Iterator[str]:
    """Say what is pushed after the answer: help that starts while it holds, and its end, once heard of."""
    heard = answer != "not known"
    for since, until in spans([stay for stay in stays if stay.person.bsn == ask.bsn]):
        if not heard and at < since <= at + VALID:
            heard = True
            yield "told later"
        if heard and until and until > at:
            heard = False
            yield "told of the end"


def spans(stays: list[Stay]) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield from when until when there was help: who moves, or has help of two, has it all the time."""
    since: datetime | None = None
    last: datetime | None = None
    for stay in sorted(stays, key=lambda each: each.since):
        if since is not None and last is not None and stay.since > last:
            yield since, last
            since = None
        if since is None:
            since, last = stay.since, stay.until
        elif last is not None:
            last = None if stay.until is None else max(last, stay.until)
    if since is not None:
        yield since, last
