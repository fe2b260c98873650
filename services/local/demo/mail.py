"""Who reports which residents in which delivery, and in what form each creditor delivers."""

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.local.demo import letters
from services.local.demo.actions import Content, Deliver, SendSignal
from services.local.demo.calendar import FEBRUARY_25TH, FEBRUARY_EARLY, MARCH_25TH, MARCH_EARLY
from services.local.demo.examples import Examples
from services.local.demo.world import Household, Resident

INTERMEDIARY = "00000099000002001000"
MONTHS = ((FEBRUARY_EARLY, FEBRUARY_25TH), (MARCH_EARLY, MARCH_25TH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One good signal in a delivery, with whom it is about."""

    sender: str
    creditor: Content
    household: Household
    resident: Resident
    content: Content

    @property
    def ref(self) -> tuple[str, str]:
        """How its creditor names it."""
        return (str(self.creditor["oin"]), str(self.content["kenmerk"]))


class PostOffice:
    """Writes the letters of every delivery, household by household."""

    def __init__(self, examples: Examples, rng: random.Random) -> None:
        self._rng = rng
        self._number = 0
        self.boxes: dict[datetime, list[Letter]] = defaultdict(list)
        creditors = {party["oin"]: party for party in examples.of_role("schuldeiser")}
        self._of: dict[str, list[tuple[Content, str]]] = defaultdict(list)
        for agreement in (a for a in examples.agreements if a["soort"] == "signalen"):
            code = examples.code_of(agreement["gemeente"])
            self._of[code].append((creditors[agreement["schuldeiser"]], agreement.get("tot", "9999-12-31")))
        self._through = _intermediary_of(examples)

    def write_all(self, households: list[Household]) -> None:
        """Fill the boxes of all deliveries."""
        for household in households:
            before: list[Content] = []
            for early, late in MONTHS:
                before = self._month(household, early, late, before)

    def _month(
        self, household: Household, early: datetime, late: datetime, before: list[Content]
    ) -> list[Content]:
        chosen = self._creditors(household, before, late.date())
        for creditor in chosen:
            moment = early if self._early(creditor) else late
            self.write(creditor, household, self._resident(household), moment)
        if early == FEBRUARY_EARLY and self._rng.random() < 0.05:
            self._late_january(household, early)
        return chosen

    def _creditors(self, household: Household, before: list[Content], on: date) -> list[Content]:
        active = [creditor for creditor, until in self._of[household.municipality] if on.isoformat() <= until]
        again = [creditor for creditor in before if creditor in active and self._rng.random() < 0.4]
        fresh = self._rng.choices((0, 1, 2, 3), (43, 38, 14, 5))[0]
        others = [creditor for creditor in active if creditor not in before]
        return again + self._rng.sample(others, min(fresh, len(others)))

    def _early(self, creditor: Content) -> bool:
        return creditor["signaalpartner"] == "Water" or (
            creditor["signaalpartner"] == "Energie" and self._rng.random() < 0.4
        )

    def _resident(self, household: Household) -> Resident:
        first, *others = household.residents
        return self._rng.choice(others) if others and self._rng.random() < 0.3 else first

    def _late_january(self, household: Household, early: datetime) -> None:
        """A signal that comes after its month closed."""
        water = [c for c, _ in self._of[household.municipality] if c["signaalpartner"] == "Water"]
        if water:
            self.write(water[0], household, household.residents[0], early, date(2026, 1, 29))

    def write(
        self,
        creditor: Content,
        household: Household,
        resident: Resident,
        moment: datetime,
        on: date | None = None,
    ) -> None:
        """Put one more letter into the box of a delivery."""
        self.boxes[moment].append(self.draft(creditor, household, resident, moment, on))

    def draft(
        self,
        creditor: Content,
        household: Household,
        resident: Resident,
        moment: datetime,
        on: date | None = None,
    ) -> Letter:
        """Return a letter with a reference of its own."""
        self._number += 1
        dated = on or moment.date() - timedelta(days=self._rng.randint(0, 4))
        reference = f"{moment:%y%m%d}-{self._number:05}"
        content = letters.signal(creditor, reference, household, resident, dated, self._rng)
        if creditor["signaalpartner"] == "Energie":
            content["klantnummer"] = f"K{self._number:07}"
            content["crisissignaal"] = self._rng.random() < 0.08
        return Letter(
            sender=self._through.get(creditor["oin"], str(creditor["oin"])),
            creditor=creditor,
            household=household,
            resident=resident,
            content=content,
        )

    def creditors_in(self, code: str) -> list[Content]:
        """Return who has an agreement in a municipality today and in both months."""
        return [creditor for creditor, until in self._of[code] if until > "2026-12-31"]


def pack(good: list[Letter], bad: list[Letter], raw: dict[str, str]) -> list[SendSignal | Deliver]:
    """Return a delivery's letters as their senders bring them; `raw` lines go into a sender's ndjson."""
    boxes: dict[tuple[str, str], list[Content | str]] = defaultdict(list)
    for letter in good + bad:
        boxes[letter.sender, form_of(letter)].append(letter.content)
    for sender, line in raw.items():
        boxes[sender, "ndjson"].append(line)
    packed: list[SendSignal | Deliver] = []
    for (sender, form), rows in sorted(boxes.items(), key=lambda item: item[0]):
        if form == "json":
            packed += [SendSignal(sender=sender, content=row) for row in rows if not isinstance(row, str)]
        else:
            packed.append(Deliver(sender=sender, form=form, rows=tuple(rows)))
    return packed


def form_of(letter: Letter) -> str:
    """Return how this signal travels: crises at once and singly, the rest in the creditor's usual form."""
    if letter.content.get("crisissignaal"):
        return "json"
    if letter.sender == INTERMEDIARY:
        return "ndjson"
    match letter.creditor["signaalpartner"]:
        case "Energie":
            return "ndjson"
        case "Water":
            return "json" if letter.household.municipality == "0518" else "ndjson"
        case _:
            return "csv"


def changed(letter: Letter, **members: object) -> Letter:
    """Return a letter with other content under the same reference."""
    return replace(letter, content=letter.content | members)


def _intermediary_of(examples: Examples) -> dict[str, str]:
    return {a["schuldeiser"]: a["afzender"] for a in examples.agreements if a.get("afzender")}
