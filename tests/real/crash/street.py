"""A street: what happens in it, one step after the other.

A step begins when all of the step before was accepted. So the order of what is about one household is known,
and the reference model needs no topic to tell it.
"""

import asyncio
import random
import string
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from tests.real.crash.forms import HELPERS, KINDS, RESULTS, Resident
from tests.real.crash.history import Home, Key, Person, Signal
from tests.real.crash.model import ACCEPTED, Cases, cases_of, waiting
from tests.real.crash.parties import Parties
from tests.real.hub.town import INSURER, LANDLORD, OTHER_LANDLORD, OTHER_TOWN, TOWN

HOUSEHOLDS = 50
DATES = ("2026-02-12", "2026-02-25", "2026-03-02", "2026-03-09")
SOONER_DAYS = tuple(date(2026, 4, day) for day in range(3, 13))
LATER_DAYS = tuple(date(2026, 4, day) for day in range(13, 21))
"""To which a team prolongs pauses, and does so once more: the same order again would be the same order."""
SHARES = {LANDLORD: 1.3, INSURER: 1.3, OTHER_LANDLORD: 0.3}
"""The one with a webhook signals less: a request for each thing that it is told is most of what it costs."""
EMPTY_HOUSE = 90
"""Where nobody lived."""
_SURNAMES = ("Bakker", "Visser", "Mulder", "Dekker", "Brouwer", "Peters")


class Street:
    """Fifty households with a story each."""

    def __init__(
        self,
        parties: Parties,
        chance: random.Random,
        number: int,
        new_bsn: Callable[[], str],
        visited: float = 0.05,
    ) -> None:
        """`visited`: the share of the open cases that teams do something about (several requests each)."""
        self._parties = parties
        self._visited_share = visited
        self._history = parties.history
        self._chance = chance
        self._number = number
        pc4 = 1234 if number % 4 == 1 else 5000 + number % 4000
        self._postcode = f"{pc4}{_letters(number)}"
        self._new_bsn = new_bsn
        self._residents = [resident for house in range(1, HOUSEHOLDS + 1) for resident in self._house(house)]
        self._sent: dict[str, Signal] = {}
        self._concluded: list[Key] = []
        self._registered: list[tuple[Resident, str]] = []

    async def play(self) -> None:
        await together(self._first_signals(), self._first_help(), self._checks("voor"))
        await self._teams_act()
        await together(self._later_signals(), self._later_help(), self._checks("tussen"))
        await self._creditors_correct()
        await together(self._second_results(), self._help_ends(), self._checks("na"))

    def _house(self, number: int) -> Iterator[Resident]:
        town = OTHER_TOWN if number % 4 == 0 else TOWN
        unit = "A" if number % 5 == 0 else ""
        surname = self._chance.choice(_SURNAMES)
        for initial in ("J", "M")[: self._chance.randint(1, 2)]:
            born = self._birth_date()
            bsn = self._new_bsn() if self._chance.random() < 0.4 else None
            yield Resident(Person(surname, initial, born, bsn), town, (self._postcode, number), unit)

    def _birth_date(self) -> str:
        """Two of them differ in no digit or in two: with one that differs it may be a slip."""
        decade, year = divmod(self._chance.randint(50, 89), 10)
        month = self._chance.randint(1, 9)
        return f"19{decade}{year}-0{month}-1{(decade + year + month) % 10}"

    async def _first_signals(self) -> None:
        await self._send("a", [(r, creditor) for r in self._residents for creditor in self._some(0.5)])

    async def _later_signals(self) -> None:
        """More signals, some sent again as they were, some with other content, some impossible."""
        old = list(self._sent.items())
        more = [(r, creditor) for r in self._residents for creditor in self._some(0.25)]
        known = self._chance.sample(old, min(4, len(old)))
        bad = self._parties.signal(self._residents[0], LANDLORD, f"S{self._number}-slecht", "2026-03-01")
        await together(
            self._send("b", more),
            *(self._parties.post(signal, reference) for reference, signal in known[:3]),
            *(self._parties.contradicted(signal, reference) for reference, signal in known[3:]),
            self._parties.refused(bad, f"S{self._number}-slecht"),
        )

    def _some(self, share: float) -> list[str]:
        return [creditor for creditor in KINDS if self._chance.random() < share * SHARES[creditor]]

    async def _send(self, wave: str, wanted: list[tuple[Resident, str]]) -> None:
        """Most of them in a delivery of their creditor, a few one by one."""
        whole: dict[str, dict[str, Signal]] = {creditor: {} for creditor in KINDS}
        single: dict[str, Signal] = {}
        for number, (resident, creditor) in enumerate(wanted):
            reference = f"S{self._number}-{wave}{number}"
            on = self._chance.choice(DATES)
            signal = self._parties.signal(
                resident,
                creditor,
                reference,
                on,
                amount=self._chance.randint(10_000, 90_000),
                crisis=self._chance.random() < 0.05,
            )
            (whole[creditor] if self._chance.random() < 0.98 else single)[reference] = signal
        await together(
            *(self._parties.deliver(creditor, rows) for creditor, rows in whole.items()),
            *(self._parties.post(signal, reference) for reference, signal in single.items()),
        )
        for rows in (*whole.values(), single):
            self._sent |= rows

    async def _creditors_correct(self) -> None:
        """Some signals say something else from now on, at their address or another one; some are over."""
        plain = [each for each in self._sent.items() if not each[1].crisis]
        chosen = self._chance.sample(plain, min(4, len(plain)))
        await together(*(self._corrected(*each) for each in chosen[:3]))
        await together(*(self._withdrawn(*each) for each in chosen[2:]))

    async def _corrected(self, reference: str, signal: Signal) -> None:
        """A crisis is left alone: the team that took it keeps it, whichever came first."""
        number = self._chance.randint(1, HOUSEHOLDS - 1)
        neighbour = (self._postcode, number + (number % 4 == 0) if signal.town == TOWN else number * 4)
        other = self._chance.choice(
            (
                replace(signal, amount=self._chance.randint(10_000, 90_000)),
                replace(signal, on=self._chance.choice(DATES)),
                replace(signal, home=neighbour),
                replace(signal, home=(self._postcode, EMPTY_HOUSE)),
                replace(signal, person=replace(signal.person, initial="K")),
            )
        )
        await self._parties.correct(other, reference)
        if other != signal:
            await self._parties.contradicted(other, reference)

    async def _withdrawn(self, reference: str, signal: Signal) -> None:
        await self._parties.withdraw(signal)
        await self._parties.contradicted(signal, reference)

    async def _first_help(self) -> None:
        known = [resident for resident in self._residents if resident.person.bsn]
        chosen = [each for each in known if self._chance.random() < 0.4]
        self._registered = [(each, f"R{self._number}-{i}") for i, each in enumerate(chosen)]
        await self._register(self._registered)

    async def _later_help(self) -> None:
        """Some move to the house of nobody, some ask for help now."""
        moved = [(replace(r, home=(self._postcode, EMPTY_HOUSE)), ref) for r, ref in self._registered[::3]]
        helped = {resident for resident, _ in self._registered}
        others = [each for each in self._residents if each.person.bsn and each not in helped]
        new = [(each, f"R{self._number}-n{i}") for i, each in enumerate(others[::2])]
        await self._register([*moved, *new])

    async def _register(self, some: list[tuple[Resident, str]]) -> None:
        """Most of them are on the list of a helper, the others are registered one by one."""
        lists: dict[str, list[tuple[str, Resident]]] = {town: [] for town in HELPERS}
        for resident, reference in some:
            if _is_listed(reference):
                lists[resident.town].append((reference, resident))
        await together(
            *(self._parties.enlist(town, changes) for town, changes in lists.items()),
            *(self._register_twice(each, ref) for each, ref in some if not _is_listed(ref)),
        )

    async def _register_twice(self, resident: Resident, reference: str) -> None:
        for _ in range(2):
            await self._parties.register(resident, reference)

    async def _help_ends(self) -> None:
        over = self._registered[1::3]
        lists = {
            town: [(ref, None) for r, ref in over if r.town == town and _is_listed(ref)] for town in HELPERS
        }
        await together(
            *(self._parties.enlist(town, changes) for town, changes in lists.items()),
            *(self._parties.unregister(r.town, ref) for r, ref in over if not _is_listed(ref)),
        )

    async def _checks(self, when: str) -> None:
        asked = [each.person.bsn for each in self._residents if each.person.bsn]
        await self._parties.ask((f"D{self._number}-{when}-{i}", bsn) for i, bsn in enumerate(asked))

    async def _teams_act(self) -> None:
        """Teams visit some of the cases that they have, and conclude most of these."""
        here, _ = self._cases()
        waits = [each for each in waiting(here, self._history) if self._chance.random() < self._visited_share]
        await self._visit(waits, self._visited)

    async def _visited(self, key: Key) -> None:
        number = self._chance.random()
        if number < 0.7:
            await self._parties.attempt(key, "bezoek")
        if number > 0.4:
            here, _ = self._cases()
            named = (here[key][0].id,) if number > 0.9 else ()
            self._concluded.append(key)
            await self._conclude(key, named)

    async def _second_results(self) -> None:
        """Some minds change: a pause ends early, runs on, or begins after all."""
        here, _ = self._cases()
        await self._visit(
            [key for key in self._concluded[::2] if key in here], lambda key: self._conclude(key, again=True)
        )

    async def _conclude(self, key: Key, named: tuple[str, ...] = (), *, again: bool = False) -> None:
        """Where help is accepted a pause runs, which the team may prolong, or end after all.

        Unless who accepted is somebody whose signal was withdrawn.
        """
        result = self._chance.choice(list(RESULTS))
        await self._parties.conclude(key, result, named)
        here, ever = self._cases()
        runs = (named or (ever[key][0].id,))[0] in {signal.id for signal in here[key]}
        if result in ACCEPTED and runs and self._chance.random() < 0.8:
            await self._parties.prolong(key, self._chance.choice(LATER_DAYS if again else SOONER_DAYS))
            if self._chance.random() < 0.5:
                await self._parties.end_pauses(key)

    async def _visit(self, keys: Iterable[Key], act: Callable[[Key], Awaitable[None]]) -> None:
        """One household after the other is visited case by case: what a team orders is about all of them."""
        homes: dict[Home, list[Key]] = {}
        for key in keys:
            homes.setdefault(key[0][1], []).append(key)

        async def visit(cases: list[Key]) -> None:
            for key in cases:
                await act(key)

        await together(*(visit(cases) for cases in homes.values()))

    def _cases(self) -> tuple[Cases, Cases]:
        return cases_of(self._history.sent[signal.id] for signal in self._sent.values())


def _is_listed(reference: str) -> bool:
    return not reference.endswith("4")


async def together(*actions: Awaitable[Any]) -> None:
    """Do all at once; the first error ends the others."""
    async with asyncio.TaskGroup() as group:
        for action in actions:
            group.create_task(_done(action))


async def _done(action: Awaitable[Any]) -> None:
    await action


def _letters(number: int) -> str:
    one, other = divmod(number // 4 % 400, 20)
    letters = [each for each in string.ascii_uppercase if each not in "FIOQUY"]
    return letters[one] + letters[other]
