"""What goes wrong in a delivery beside what goes right: faulty, repeated and contradicting signals."""

import copy
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.local.demo import faults
from services.local.demo.actions import Action, Content, Deliver, SendSignal
from services.local.demo.calendar import FEBRUARY_EARLY, MARCH_EARLY
from services.local.demo.examples import Examples
from services.local.demo.mail import INTERMEDIARY, Letter, PostOffice, changed, form_of, pack
from services.local.demo.world import Address, Household

STRANGER = "00000099000009999000"
"""An OIN that nobody knows."""


class Delivery:
    """One delivery of all creditors at one moment."""

    def __init__(self, examples: Examples, office: PostOffice, moment: datetime, rng: random.Random) -> None:
        self._examples, self._office, self._moment, self._rng = examples, office, moment, rng
        self._creditors = examples.of_role("schuldeiser")

    def actions(self, homes: list[Household]) -> list[Action]:
        """Return everything that is brought, the good and the bad; `homes` are named in the bad ones only."""
        good = self._office.boxes[self._moment]
        packed: list[Action] = list(pack(good, self._bad(homes), self._unreadable(good)))
        return packed + list(self._again(good)) + list(self._whole_file_again(packed))

    def _bad(self, homes: list[Household]) -> list[Letter]:
        letters = [self._spoil(homes, fault) for fault in faults.ANYWHERE]
        letters += [self._spoil(homes, fault, "ndjson") for fault in faults.JSON_ONLY]
        letters += [self._spoil(homes, fault, sector="Zorg") for fault in faults.HEALTH]
        letters += [self._spoil(homes, fault, "ndjson") for fault in faults.NOT_HEALTH]
        letters += [
            self._spoil(homes, faults.mismatch(sector), sector=sector) for sector in faults.OTHER_TYPE
        ]
        return letters + self._about_parties(homes)

    def _about_parties(self, homes: list[Household]) -> list[Letter]:
        rotterdam = next(spot for spot in self._examples.spots if spot.municipality == "0599")
        there = replace(homes[0], address=Address(spot=rotterdam))
        return [
            self._spoil(homes, faults.speaks_for(STRANGER), "ndjson"),
            self._spoil(homes, faults.speaks_for(self._oin("Horizont Zorg")), "ndjson", "Energie"),
            self._spoil(homes, faults.lies_in("0518"), sector="Zorg"),
            self._spoil([there], faults.lies_in("0599"), sector="Zorg"),
            *(self._without_agreement(home) for home in homes[:2]),
        ]

    def _without_agreement(self, home: Household) -> Letter:
        """Utrecht's landlord reports a tenant in Amsterdam."""
        creditor = next(party for party in self._creditors if party["naam"] == "Domstede Wonen")
        return self._office.draft(creditor, home, home.residents[0], self._moment)

    def _spoil(
        self, homes: list[Household], fault: faults.Fault, form: str | None = None, sector: str | None = None
    ) -> Letter:
        """Return a good letter with a mistake, in a form that has a place for it."""
        while True:
            home = self._rng.choice(homes)
            creditors = self._office.creditors_in("0363")
            letter = self._office.draft(self._rng.choice(creditors), home, home.residents[0], self._moment)
            fits = sector in (None, letter.creditor["signaalpartner"]) and form in (None, form_of(letter))
            if fits and letter.sender != INTERMEDIARY:
                content: Content = copy.deepcopy(letter.content)
                fault(content)
                return replace(letter, content=content)

    def _unreadable(self, good: list[Letter]) -> dict[str, str]:
        senders = sorted({letter.sender for letter in good if form_of(letter) == "ndjson"})
        return dict.fromkeys(senders[:2], '{"kenmerk": "afgebroken')

    def _again(self, good: list[Letter]) -> Iterable[SendSignal]:
        """Some send a signal twice because no answer came; one sends another amount for the same."""
        singles = [letter for letter in good if form_of(letter) == "json"]
        for letter in singles[::12]:
            yield SendSignal(sender=letter.sender, content=letter.content)
        if self._moment == FEBRUARY_EARLY:
            other = changed(singles[0], bedragInCenten=singles[0].content["bedragInCenten"] + 100)
            yield SendSignal(sender=other.sender, content=other.content)

    def _whole_file_again(self, packed: list[Action]) -> Iterable[Deliver]:
        """Heuvelwater Midden is not sure that its file of March arrived."""
        if self._moment != MARCH_EARLY:
            return
        sender = self._oin("Heuvelwater Midden")
        yield from (file for file in packed if isinstance(file, Deliver) and file.sender == sender)

    def _oin(self, name: str) -> str:
        return next(str(party["oin"]) for party in self._creditors if party["naam"] == name)
