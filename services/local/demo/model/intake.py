"""What becomes of everything that is delivered: accepted, accepted again, refused, or in conflict."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from services.local.demo.actions import Content, Correct, Deliver, SendSignal, SignalRef, Step, Withdraw
from services.local.demo.examples import Examples, Spot
from services.local.demo.model.gate import Gate
from services.local.demo.model.people import Person, person_of

NAMESPACE = UUID("6f0c9f2e-6d0c-5d7a-9d5b-0b7f1f5f6a31")
"""Part of the contract (schemas/README.md): a party can compute the id of its own signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An accepted signal; `home` is postcode and number, `unit` the letter and addition in one form."""

    ref: SignalRef
    id: str
    town: str
    home: tuple[str, int]
    unit: str
    on: str
    sector: str
    cents: int
    crisis: bool
    young: bool
    person: Person
    spot: Spot
    at: datetime

    @property
    def creditor(self) -> str:
        """Whose it is."""
        return self.ref[0]

    @property
    def month(self) -> str:
        """YYYY-MM."""
        return self.on[:7]

    @property
    def place(self) -> tuple[str, tuple[str, int], str]:
        """Municipality, home and unit: where cases are told apart by month."""
        return self.town, self.home, self.unit


@dataclass(slots=True)
class Intake:
    """All signals, by how the hub must answer."""

    signals: list[Signal] = field(default_factory=list)
    delivered: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def take_in(steps: list[Step], examples: Examples) -> Intake:
    """Judge everything that is delivered, in its order."""
    gate, intake = Gate(examples), Intake()
    spots = {(spot.postcode, spot.number): spot for spot in examples.spots}
    known: dict[SignalRef, str] = {}
    for step in steps:
        _look_twice(step, intake, spots)
        for sender, row in _rows(step):
            reasons = {"UNREADABLE"} if isinstance(row, str) else gate.reasons(sender, row, step.at.date())
            if isinstance(row, str) or reasons:
                intake.delivered["refused"] += 1
                intake.reasons.update(reasons)
                continue
            ref, content = (row.get("schuldeiser", sender), row["kenmerk"]), json.dumps(row, sort_keys=True)
            if ref not in known:
                known[ref] = content
                intake.signals.append(_signal(ref, row, spots, step.at))
                intake.delivered["accepted"] += 1
            else:
                intake.delivered["repeated" if known[ref] == content else "in conflict"] += 1
    return intake


def _look_twice(step: Step, intake: Intake, spots: dict[tuple[str, int], Spot]) -> None:
    """A corrected signal is as it is now, one that is withdrawn was never sent."""
    for action in step.actions:
        match action:
            case Correct(signal=ref, content=content):
                intake.signals = [
                    _signal(ref, content, spots, step.at if _moved(each, content) else each.at)
                    if each.ref == ref
                    else each
                    for each in intake.signals
                ]
            case Withdraw(signal=ref):
                intake.signals = [each for each in intake.signals if each.ref != ref]


def _moved(signal: Signal, row: Content) -> bool:
    return signal.home != (row["adres"]["postcode"], row["adres"]["huisnummer"])


def _rows(step: Step) -> Iterator[tuple[str, Content | str]]:
    for action in step.actions:
        if isinstance(action, SendSignal):
            yield action.sender, action.content
        elif isinstance(action, Deliver):
            for row in action.rows:
                yield action.sender, row


def _signal(ref: SignalRef, row: Content, spots: dict[tuple[str, int], Spot], at: datetime) -> Signal:
    home = (row["adres"]["postcode"], row["adres"]["huisnummer"])
    extra = row["adres"].get("huisletter", "") + row["adres"].get("huisnummertoevoeging", "")
    return Signal(
        ref=ref,
        id=str(uuid5(NAMESPACE, "\n".join(("signal", *ref)))),
        town=row["gemeentecode"],
        home=home,
        unit="".join(char for char in extra.upper() if char.isalnum()),
        on=row["signaaldatum"],
        sector=row["signaalpartner"],
        cents=row["bedragInCenten"],
        crisis=row.get("crisissignaal", False),
        young=_young(row.get("persoon", {}), row["signaaldatum"]),
        person=person_of(row.get("persoon", {})),
        spot=spots[home],
        at=at,
    )


def _young(person: dict[str, Any], on: str) -> bool:
    """Tell whether somebody is under 27; the demo writes the birth date of the young whole."""
    born = person_of(person).born
    if not born:
        return False
    born_on, day = date.fromisoformat(born), date.fromisoformat(on)
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day)) < 27
