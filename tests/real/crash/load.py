"""What streams in: streets of residents whose creditors, registrars, teams and bailiffs act in turn.

Many streets at once; within one street a step begins when all of the step before was accepted. So the order
of what is about one household is known, and the reference model needs no topic to tell it.
"""

import asyncio
import itertools
import random
import string
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.real.crash.model import Person, Signal, waiting
from tests.real.crash.parties import KINDS, RESULTS, Parties, Resident
from tests.real.hub.town import LANDLORD, OTHER_TOWN, TOWN

HOUSEHOLDS = 16
_SURNAMES = ("Bakker", "Visser", "Mulder", "Dekker", "Brouwer", "Peters")


def bsns() -> Iterator[str]:
    """Yield the BSNs of the test range that pass the 11-proef."""
    for number in range(999900000, 1000000000):
        digits = [int(digit) for digit in str(number)]
        weighted = sum(d * w for d, w in zip(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
        if weighted % 11 == 0:
            yield str(number)


class Load:
    """Plays streets until it is told to stop."""

    def __init__(self, parties: Parties, seed: int = 4) -> None:
        self._parties = parties
        self._random = random.Random(seed)
        self._bsns = bsns()
        self._numbers = itertools.count()
        self._stopping = False
        self._workers: list[asyncio.Task[None]] = []

    def start(self, width: int) -> None:
        """Begin with so many streets at once."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(width)]

    def check(self) -> None:
        """Raise what a street met that must not happen."""
        for worker in self._workers:
            if worker.done():
                worker.result()

    async def stop(self, seconds: float) -> None:
        """Let every street come to its end."""
        self._stopping = True
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._workers)

    async def cancel(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def new_bsn(self) -> str:
        return next(self._bsns)

    async def _work(self) -> None:
        while not self._stopping:
            chance = random.Random(self._random.random())
            await Street(self._parties, chance, next(self._numbers), self.new_bsn).play()


class Street:
    """Sixteen households with a story each."""

    def __init__(
        self, parties: Parties, chance: random.Random, number: int, new_bsn: Callable[[], str]
    ) -> None:
        self._parties = parties
        self._chance = chance
        self._number = number
        pc4 = 1234 if number % 2 else 5000 + number % 4000
        self._postcode = f"{pc4}{_letters(number)}"
        self._new_bsn = new_bsn
        self._residents = [resident for house in range(1, HOUSEHOLDS + 1) for resident in self._house(house)]
        self._sent: dict[str, Signal] = {}
        self._concluded: list[str] = []
        self._registered: list[tuple[Resident, str]] = []

    async def play(self) -> None:
        await together(self._first_signals(), self._first_help(), self._checks("voor"))
        await self._teams_act()
        await together(self._later_signals(), self._later_help())
        await together(self._second_results(), self._help_ends(), self._checks("na"))

    def _house(self, number: int) -> Iterator[Resident]:
        town = OTHER_TOWN if number % 4 == 0 else TOWN
        unit = "A" if number % 5 == 0 else ""
        surname = self._chance.choice(_SURNAMES)
        for initial in ("J", "M")[: self._chance.randint(1, 2)]:
            born = f"19{self._chance.randint(50, 89)}-0{self._chance.randint(1, 9)}-11"
            bsn = self._new_bsn() if self._chance.random() < 0.4 else None
            yield Resident(Person(surname, initial, born, bsn), town, (self._postcode, number), unit)

    async def _first_signals(self) -> None:
        await self._send("a", [(r, creditor) for r in self._residents for creditor in self._some(0.5)])

    async def _later_signals(self) -> None:
        """More signals, some sent again as they were, some with other content, some impossible."""
        old = list(self._sent.items())
        more = [(r, creditor) for r in self._residents for creditor in self._some(0.25)]
        known = self._chance.sample(old, min(6, len(old)))
        bad = self._parties.signal(self._residents[0], LANDLORD, f"S{self._number}-slecht", "2026-03-01")
        await together(
            self._send("b", more),
            *(self._parties.post(signal, reference) for reference, signal in known[:4]),
            *(self._parties.contradicted(signal, reference) for reference, signal in known[4:]),
            self._parties.refused(bad, f"S{self._number}-slecht"),
        )

    def _some(self, share: float) -> list[str]:
        return [creditor for creditor in KINDS if self._chance.random() < share]

    async def _send(self, wave: str, wanted: list[tuple[Resident, str]]) -> None:
        """Two thirds as one delivery per creditor, the others one by one."""
        whole: dict[str, dict[str, Signal]] = {creditor: {} for creditor in KINDS}
        single: dict[str, Signal] = {}
        for number, (resident, creditor) in enumerate(wanted):
            reference = f"S{self._number}-{wave}{number}"
            on = self._chance.choice(("2026-02-12", "2026-02-25", "2026-03-02", "2026-03-09"))
            signal = self._parties.signal(
                resident,
                creditor,
                reference,
                on,
                amount=self._chance.randint(10_000, 90_000),
                crisis=self._chance.random() < 0.05,
            )
            (whole[creditor] if self._chance.random() < 0.67 else single)[reference] = signal
        await together(
            *(self._parties.deliver(creditor, rows) for creditor, rows in whole.items() if rows),
            *(self._parties.post(signal, reference) for reference, signal in single.items()),
        )
        for rows in (*whole.values(), single):
            self._sent |= rows

    async def _first_help(self) -> None:
        known = [resident for resident in self._residents if resident.person.bsn]
        chosen = [each for each in known if self._chance.random() < 0.4]
        self._registered = [(each, f"R{self._number}-{i}") for i, each in enumerate(chosen)]
        await together(*(self._parties.register(each, reference) for each, reference in self._registered))

    async def _later_help(self) -> None:
        """Some move to the house of nobody, some ask for help now."""
        moved = [(replace(r, home=(self._postcode, 90)), ref) for r, ref in self._registered[::3]]
        helped = {resident for resident, _ in self._registered}
        others = [each for each in self._residents if each.person.bsn and each not in helped]
        new = [(each, f"R{self._number}-n{i}") for i, each in enumerate(others[::2])]
        await together(*(self._parties.register(each, reference) for each, reference in (*moved, *new)))

    async def _help_ends(self) -> None:
        await together(*(self._parties.unregister(r.town, ref) for r, ref in self._registered[1::3]))

    async def _checks(self, when: str) -> None:
        asked = [each.person.bsn for each in self._residents if each.person.bsn]
        await together(
            *(self._parties.ask(bsn, f"D{self._number}-{when}-{i}") for i, bsn in enumerate(asked[:6]))
        )

    async def _teams_act(self) -> None:
        """Teams visit half of the cases that they have, and conclude most of these."""
        known = self._parties.history
        waits = {c: s for c, s in self._cases().items() if waiting(self._sent.values(), s, known)}
        await together(*(self._team(case, signals) for case, signals in waits.items()))

    async def _team(self, case: str, signals: list[Signal]) -> None:
        number = self._chance.random()
        if number < 0.5:
            return
        if number < 0.8:
            await self._parties.attempt(case, signals[0], "bezoek")
        if number > 0.6:
            named = tuple(s.id for s in signals[:1]) if number > 0.9 else ()
            self._concluded.append(case)
            await self._parties.conclude(case, signals[0], self._chance.choice(list(RESULTS)), named)

    async def _second_results(self) -> None:
        """Some minds change: a pause ends early, runs on, or begins after all."""
        again = {case: self._cases()[case] for case in self._concluded[::2]}
        await together(
            *(
                self._parties.conclude(case, s[0], self._chance.choice(list(RESULTS)))
                for case, s in again.items()
            )
        )

    def _cases(self) -> dict[str, list[Signal]]:
        return self._parties.cases(self._sent.values())


async def together(*actions: Awaitable[Any]) -> None:
    """Do all at once; the first error ends the others."""
    async with asyncio.TaskGroup() as group:
        for action in actions:
            group.create_task(_done(action))


async def _done(action: Awaitable[Any]) -> None:
    await action


def _letters(number: int) -> str:
    one, other = divmod(number // 2 % 400, 20)
    letters = [each for each in string.ascii_uppercase if each not in "FIOQUY"]
    return letters[one] + letters[other]
