"""Made-up Dutch residents, and records of them with the errors of domain.md (D9, 7.2): written by its list.

Not by what the matcher can do: an error is drawn evenly from the kinds that a record can have at all. The 25
most frequent surnames have the counts of the Nederlandse Familienamenbank (2007); the others share the rest
evenly, and are far fewer than there are, so that names meet more often than they do. Nobody here exists.
"""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

COUNTED: dict[str, int] = {
    "de Jong": 83937,
    "Jansen": 73538,
    "de Vries": 71099,
    "van den Berg": 58562,
    "van Dijk": 56499,
    "Bakker": 55273,
    "Janssen": 54040,
    "Visser": 49525,
    "Smit": 42280,
    "Meijer": 40047,
    "de Boer": 38343,
    "Mulder": 36207,
    "de Groot": 36147,
    "Bos": 35407,
    "Vos": 30279,
    "Peters": 30111,
    "Hendriks": 29492,
    "van Leeuwen": 28837,
    "Dekker": 27946,
    "Brouwer": 25419,
    "de Wit": 24904,
    "Dijkstra": 24175,
    "Smits": 23816,
    "de Graaf": 21681,
    "van der Meer": 21354,
}
OTHERS = tuple(
    name.replace("_", " ")
    for name in (
        "Kok Jacobs de_Haan Vermeulen van_den_Heuvel van_der_Veen van_den_Broek de_Bruijn de_Bruin "
        "van_der_Heijden Schouten van_Beek Willems van_Vliet van_de_Ven Hoekstra Maas Verhoeven Koster "
        "van_Dam van_der_Wal Prins Blom Huisman Peeters de_Jonge Kuipers van_Veen Kuiper Post Postma "
        "Scholten Martens Groen Bosch Bosman Hermans Kramer Gerritsen Zwart Bouwman Timmermans Hofman "
        "Claassen Claasen Goossens Hessels Rossum Gijsbers Wijnen Wolff Schmitz Schmidt Dijkhuis Terpstra "
        "'t_Hart van_'t_Hof ter_Braak op_den_Kamp Kaya Yılmaz Demir Şahin Çelik Öztürk El_Idrissi Ben_Ali "
        "Bouzid El_Amrani Haddad Tahiri Nguyen Tran Kowalski Wiśniewska Nowak Novák García Rodríguez "
        "Fernández Müller Groß Strauß Weiß Björnsson André Coëlho Pérès Ramdin Sewnarain Baldewsingh "
        "Soekhoe Pinas Martina Croes Koolman Tromp Silva dos_Santos Pereira Süßmilch Hâncu Popescu "
        "Ionescu Singh Ahmed Mohamud Abdi Tesfay Habte "
    ).split()
)
SHARE_COUNTED = 0.06
"""The 25 of 16.4 million inhabitants."""
INITIALS = "JMAHCERPWLGDTSFBNIKVYZO"
"""First letters of given names, from frequent to rare: each weighs a tenth less than the one before."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person, and what each may be called; `partner` is a surname that they may use as well."""

    number: int
    surname: str
    partner: str = ""
    initials: str
    born: date
    addition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one creditor wrote down of somebody; `letter` and `addition` as they stand in two columns."""

    number: int
    initials: str
    prefix: str
    surname: str
    born: str
    letter: str
    addition: str


class Town:
    """Makes households and records, the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._count = 0
        self._weights = [0.9**place for place in range(len(INITIALS))]

    def household(self) -> list[Resident]:
        """Return who lives at one postcode and number: mostly one dwelling, else a block or student flat."""
        kind = self._rng.choices(("home", "block", "flat"), (95, 4.8, 0.2))[0]
        if kind == "flat":
            return [self._person(18, 26) for _ in range(100)]
        return [each for _ in range(1 if kind == "home" else 8) for each in self._home()]

    def record(self, resident: Resident, errors: float) -> Record:
        """Return what a creditor has of somebody, with one error in this share of them."""
        record = self._written(resident, resident.surname)
        if self._rng.random() >= errors:
            return record
        kinds: list[Callable[[Resident, Record], Record]] = [
            self._double_s, self._prefix, self._accents, self._other_name, self._initials, self._swapped,
            self._typing, self._addition,
        ]  # fmt: skip
        self._rng.shuffle(kinds)
        for kind in kinds:
            if (wrong := kind(resident, record)) != record:
                return wrong
        return record

    def _home(self) -> list[Resident]:
        """The wrong person is often close: a partner with the same surname, a namesake, a twin."""
        first = self._person(20, 80)
        kind = self._rng.choices(
            ("alone", "couple", "family", "father and son", "twins"), (38, 29, 25, 5, 3)
        )[0]
        if kind == "alone":
            return [first]
        if kind == "twins":
            return [first, replace(self._person(20, 80), surname=first.surname, born=first.born)]
        if kind == "father and son":
            age = timedelta(days=self._rng.randint(20 * 365, 40 * 365))
            return [first, replace(first, number=self._next(), born=first.born + age, partner="")]
        second = replace(self._person(20, 80), partner=first.surname)
        if kind == "couple":
            return [first, second]
        child = replace(self._person(18, 30), surname=first.surname)
        sibling = replace(self._person(18, 30), surname=first.surname)
        return [first, second, child, sibling]

    def _person(self, youngest: int, oldest: int) -> Resident:
        counted = self._rng.random() < SHARE_COUNTED
        names = (
            self._rng.choices(list(COUNTED), list(COUNTED.values()))
            if counted
            else [self._rng.choice(OTHERS)]
        )
        count = self._rng.choices((1, 2, 3), (45, 40, 15))[0]
        return Resident(
            number=self._next(),
            surname=names[0],
            initials="".join(self._initial() for _ in range(count)),
            born=date(2026, 1, 1) - timedelta(days=self._rng.randint(youngest * 365, oldest * 365)),
            addition=self._rng.choice(("", "", "", "A", "B", "2", "3", "A1", "B2", "hs")),
        )

    def _initial(self) -> str:
        return self._rng.choices(INITIALS, self._weights)[0]

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _written(self, resident: Resident, surname: str) -> Record:
        words = surname.split()
        return Record(
            number=resident.number,
            initials="".join(f"{letter}." for letter in resident.initials),
            prefix=" ".join(words[:-1]),
            surname=words[-1],
            born=resident.born.isoformat(),
            letter="",
            addition=resident.addition,
        )

    def _double_s(self, resident: Resident, record: Record) -> Record:
        name = record.surname
        for old, new in (("ß", self._rng.choice(("ss", "s"))), ("ss", "s"), ("s", "ss")):
            if old in name[1:-1]:
                return replace(record, surname=name[0] + name[1:].replace(old, new, 1))
        return record

    def _prefix(self, resident: Resident, record: Record) -> Record:
        if not record.prefix:
            return record
        short = ".".join(word[0] for word in record.prefix.split() if word[0].isalpha())
        written = self._rng.choice(
            ("", f"{record.prefix} ", f"{record.prefix.upper()} ", f"{short}. ", f"{short} ")
        )
        return replace(record, prefix="", surname=written + record.surname)

    def _accents(self, resident: Resident, record: Record) -> Record:
        apart = unicodedata.normalize("NFD", record.surname.replace("ı", "i").replace("ß", "ss"))
        return replace(record, surname="".join(c for c in apart if not unicodedata.combining(c)))

    def _other_name(self, resident: Resident, record: Record) -> Record:
        if not resident.partner:
            return record
        own, partner = resident.surname, resident.partner
        used = self._rng.choice((partner, f"{partner}-{own}", f"{own}-{partner}", f"{own} {partner}"))
        if " " not in used and "-" not in used:
            return self._written(resident, used)
        return replace(record, prefix="", surname=used)

    def _initials(self, resident: Resident, record: Record) -> Record:
        """None, the first alone, other points and spaces, or that of the name by which one is called."""
        kind = self._rng.choice(("none", "first", "points", "called"))
        if kind == "none":
            return replace(record, initials="")
        if kind == "first":
            return replace(record, initials=record.initials[:2])
        if kind == "points":
            return replace(record, initials=self._rng.choice(("", " ")).join(resident.initials))
        return replace(record, initials=f"{self._initial()}.")

    def _swapped(self, resident: Resident, record: Record) -> Record:
        if resident.born.day > 12:
            return record
        return replace(record, born=f"{resident.born.year}-{resident.born.day:02}-{resident.born.month:02}")

    def _typing(self, resident: Resident, record: Record) -> Record:
        """One key too many, too few, wrong or in the wrong order; in the surname or in the date of birth."""
        if self._rng.random() < 0.5:
            return replace(record, surname=self._mistyped(record.surname))
        place = self._rng.choice((2, 3, 5, 6, 8, 9))
        born = record.born[:place] + self._rng.choice("0123456789") + record.born[place + 1 :]
        try:
            date.fromisoformat(born)
        except ValueError:
            return record
        return replace(record, born=born)

    def _mistyped(self, name: str) -> str:
        place, letter = self._rng.randrange(len(name)), self._rng.choice(_LETTERS)
        before, here, after = name[:place], name[place], name[place + 1 :]
        return self._rng.choice(
            (
                before + letter + here + after,
                before + after,
                before + letter + after,
                before + after[:1] + here + after[1:],
            )
        )

    def _addition(self, resident: Resident, record: Record) -> Record:
        """Moved from one column to the other, in whole or in part, or with a sign in between."""
        text = record.addition
        if not text or not text[0].isalpha():
            return replace(record, addition=f"-{text}") if text else record
        return replace(record, letter=text[0], addition=text[1:])
