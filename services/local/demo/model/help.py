"""Debt help: who is registered when and where, which signals it concerns, and what bailiffs are told."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.local.demo.actions import Ask, EndHelp, Register, Step
from services.local.demo.model.intake import Signal
from services.local.demo.model.people import Person, person_of, surely_same

VALID = timedelta(days=28)
"""How long the answer to a check holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A registration at one address, from `since` up to `until` (None = it runs)."""

    reference: str
    person: Person
    home: tuple[str, int]
    since: datetime
    until: datetime | None = None
    first: bool = True
    """Whether help started with it; a move continues it."""


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
                running[action.reference] = _stay(action, step.at, first=before is None)
    return over + list(running.values())


def _stay(action: Register, since: datetime, *, first: bool) -> Stay:
    content = action.content
    return Stay(
        reference=action.reference,
        person=person_of(content["persoon"], content["burgerservicenummer"]),
        home=(content["adres"]["postcode"], content["adres"]["huisnummer"]),
        since=since,
        first=first,
    )


def concerns(stay: Stay, signal: Signal) -> bool:
    """Tell whether a signal is about the person: by BSN wherever, by name and birth date at one address."""
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
    """Count what each bailiff hears: at once, later, or (when both happen at one moment) either way."""
    told: Counter[str] = Counter()
    for step in steps:
        for ask in (action for action in step.actions if isinstance(action, Ask)):
            told[f"{ask.bailiff} | {_answer(ask, step.at, stays)}"] += 1
            if not ask.crossing and _pushed(ask, step.at, stays):
                told[f"{ask.bailiff} | told later"] += 1
    return told


def _answer(ask: Ask, at: datetime, stays: list[Stay]) -> str:
    if ask.crossing:
        return "told while crossing"
    own = [stay for stay in stays if stay.person.bsn == ask.bsn]
    known = any(stay.since <= at and (stay.until is None or at < stay.until) for stay in own)
    return "known" if known else "not known"


def _pushed(ask: Ask, at: datetime, stays: list[Stay]) -> bool:
    own = [stay for stay in stays if stay.person.bsn == ask.bsn and stay.first]
    return _answer(ask, at, stays) == "not known" and any(at < stay.since <= at + VALID for stay in own)
