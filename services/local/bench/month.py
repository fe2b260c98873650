"""The signals of one month as the creditors of a nation send them, and what must come of them."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from services.common.clock import AMSTERDAM
from services.common.events import PartnerType
from services.common.identifiers import is_bsn
from services.local.bench.nation import Creditor, Nation

_NATIONAL_SHARE = 0.8
"""Part of the signals that national creditors send."""
_HOMES_PER_SIGNAL = 0.6
_SURNAMES = ("Bakker", "Jansen", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Dekker")
_LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
BSNS = tuple(str(number) for number in range(999_900_000, 1_000_000_000) if is_bsn(str(number)))
"""The test range; its first half stands in signals, its second half in registrations and checks."""
_SIGNAL_BSNS = BSNS[: len(BSNS) // 2]


@dataclass(frozen=True, slots=True)
class Sent:
    """A signal: who sends it and its JSON."""

    creditor: Creditor
    content: dict[str, Any]

    @property
    def home(self) -> tuple[str, int]:
        """What makes its household."""
        return self.content["adres"]["postcode"], self.content["adres"]["huisnummer"]


@dataclass(frozen=True, slots=True)
class Month:
    """`name` tells the months of a run apart: other references, other homes."""

    nation: Nation
    name: str
    count: int

    def signals(self) -> Iterator[Sent]:
        """Yield the signals, the same ones each time (of this day); no creditor tells of a home twice.

        The second would be a repeat, whose creditor hears of it once or twice, as it comes.
        """
        rng, today = random.Random(self.name), datetime.now(AMSTERDAM).date()
        senders = self.nation.senders
        national = [each for each in senders if each.partner_type is not PartnerType.RENT]
        landlords = [each for each in senders if each.partner_type is PartnerType.RENT]
        homes = max(
            1, round(self.count * max(_HOMES_PER_SIGNAL, 2 / len(national)) / self.nation.municipalities)
        )
        told = set[tuple[str, int, int]]()
        for number in range(self.count):
            pick = national if rng.random() < _NATIONAL_SHARE or not landlords else landlords
            while True:
                creditor = pick[rng.randrange(len(pick))]
                where = creditor.where[rng.randrange(len(creditor.where))]
                home = rng.randrange(homes)
                if (creditor.oin, where, home) not in told:
                    break
            told.add((creditor.oin, where, home))
            yield Sent(creditor, self._content(rng, number, creditor, where, home, today))

    def _content(
        self, rng: random.Random, number: int, creditor: Creditor, where: int, home: int, today: date
    ) -> dict[str, Any]:
        person: dict[str, Any] = {
            "voorletters": f"{_LETTERS[home % 22]}.",
            "geslachtsnaam": _SURNAMES[home % len(_SURNAMES)],
            "geboortedatum": f"{1950 + home % 45}-{1 + home % 12:02}-{1 + home % 28:02}",
        }
        if creditor.partner_type is PartnerType.HEALTH:
            person["burgerservicenummer"] = _SIGNAL_BSNS[rng.randrange(len(_SIGNAL_BSNS))]
        return {
            "kenmerk": f"{self.name}-{number}",
            "gemeentecode": self.nation.code(where),
            "signaalpartner": creditor.partner,
            "bedragInCenten": rng.randrange(10_000, 200_000),
            "ontstaansdatum": (today - timedelta(days=45)).isoformat(),
            "signaaldatum": today.isoformat(),
            "inspanningen": ["a", "b", "c", "d"],
            "klantnummer": f"K{number:08}",
            "persoon": person,
            "adres": self._address(where, home),
            "contact": {"telefoon": "0612345678", "email": f"bewoner{home}@example.org"},
        }

    def _address(self, where: int, home: int) -> dict[str, Any]:
        """A postcode belongs to one municipality; months differ in the second letter."""
        street = f"{_LETTERS[home // 20 % 22]}{_LETTERS[sum(self.name.encode()) % 22]}"
        return {"postcode": f"{1000 + where}{street}", "huisnummer": 1 + home % 20 + 20 * (home // 440)}

    def deliveries(self) -> Mapping[str, bytes]:
        """Return the files: OIN of the creditor to JSON lines."""
        files: dict[str, list[bytes]] = {}
        for each in self.signals():
            files.setdefault(each.creditor.oin, []).append(msgspec.json.encode(each.content))
        return {oin: b"\n".join(lines) + b"\n" for oin, lines in files.items()}

    def multiple(self) -> int:
        """Return how many homes have signals of two or more creditors: each makes one match."""
        found: dict[tuple[str, int], set[str]] = {}
        for each in self.signals():
            found.setdefault(each.home, set()).add(each.creditor.oin)
        return sum(len(creditors) > 1 for creditors in found.values())
