"""Made-up residents of the demo: from one seed, so every run meets the same people. Nobody here exists."""

import random
from dataclasses import dataclass, replace
from datetime import date

from services.local.demo.examples import Spot

SURNAMES = (
    "Bakker Jansen Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Kuipers Willems Kaya "
    "Yılmaz Çelik Demir Öztürk Şahin Bouzid Haddad Amrani Tahiri Kowalski Wiśniewska Novák García Müller "
    "Groß Strauß Björnsson André Coëlho Pérès Ramdin Sewnarain Pinas Lont Koning Postma Dijkstra Hoekstra"
).split()
PREFIXED = (
    ("van den", "Berg"),
    ("van der", "Meer"),
    ("de", "Vries"),
    ("van", "Dijk"),
    ("de", "Groot"),
    ("ten", "Brink"),
    ("van der", "Linden"),
    ("den", "Hartog"),
)
INITIALS = "ABCDEFGHIJKLMNPRSTVWYZ"
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a household lives; letter and addition may be empty."""

    spot: Spot
    letter: str = ""
    addition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person as the population register would know it."""

    bsn: str
    initials: str
    prefix: str
    surname: str
    born: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """People at one address."""

    address: Address
    residents: tuple[Resident, ...]

    @property
    def municipality(self) -> str:
        """The gemeentecode."""
        return self.address.spot.municipality


def is_bsn(text: str) -> bool:
    """Tell whether nine digits pass the 11-proef."""
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=True)) % 11 == 0


class Population:
    """Hands out residents, each with a BSN of the test range 999xxxxxx that nobody else has."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        numbers = rng.sample(range(999_000_000, 1_000_000_000), 60_000)  # one in eleven passes the proof
        self._bsns = iter([str(number) for number in numbers if is_bsn(str(number))])

    def household(self, address: Address) -> Household:
        """Return people for an address: alone, a couple, twins, father and son, or a young person."""
        kind = self._rng.choices(("alone", "couple", "twins", "father and son", "young"), (45, 28, 5, 8, 14))[
            0
        ]
        first = self.resident(age=self._rng.randint(20, 24) if kind == "young" else self._rng.randint(34, 79))
        return Household(address=address, residents=(first, *self._others(kind, first)))

    def resident(self, age: int) -> Resident:
        """Return somebody of about this age in the demo's year."""
        prefix, surname = self._rng.choice(PREFIXED) if self._rng.random() < 0.3 else ("", "")
        return Resident(
            bsn=next(self._bsns),
            initials="".join(f"{letter}." for letter in self._rng.sample(INITIALS, self._rng.randint(1, 3))),
            prefix=prefix,
            surname=surname or self._rng.choice(SURNAMES),
            born=date(2026 - age, self._rng.randint(1, 12), self._rng.randint(1, 28)),
        )

    def _others(self, kind: str, first: Resident) -> tuple[Resident, ...]:
        match kind:
            case "couple":
                return (self.resident(age=self._rng.randint(34, 79)),)
            case "twins":
                return (replace(first, bsn=next(self._bsns), initials=_other_initial(first.initials)),)
            case "father and son":
                born = first.born.replace(
                    year=max(first.born.year - 30, 1930) if first.born.year > 1970 else 1996
                )
                return (replace(first, bsn=next(self._bsns), born=born),)
            case _:
                return ()


def _other_initial(initials: str) -> str:
    position = INITIALS.index(initials[0])
    return INITIALS[(position + 7) % len(INITIALS)] + initials[1:]


def make_world(seed: int, spots: tuple[Spot, ...]) -> list[Household]:
    """Return a household for each address; some numbers hold two units (A and B)."""
    rng = random.Random(seed)
    population = Population(rng)
    households: list[Household] = []
    for spot in spots:
        if rng.random() < 0.04:
            households += [population.household(Address(spot=spot, letter=letter)) for letter in ("A", "B")]
        else:
            addition = rng.choice(("", "", "", "", "", "2", "III", "hs"))
            households.append(population.household(Address(spot=spot, addition=addition)))
    rng.shuffle(households)
    return households
