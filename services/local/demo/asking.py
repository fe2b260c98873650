"""Who asks about debt help: bailiffs, an office behind their network, a local government that collects."""

import random
from collections import defaultdict
from datetime import datetime
from itertools import cycle

from services.local.demo.actions import Action, Ask
from services.local.demo.examples import Examples
from services.local.demo.world import Resident

REASONS = ("dagvaarding", "beslag", "inning")
OWN_REASONS = ("eigen-belasting", "eigen-terugvordering", "eigen-overig")


class Asking:
    """Fills `plan` (moment to actions) with checks, each of a dossier of its own."""

    def __init__(self, examples: Examples, rng: random.Random) -> None:
        self._rng = rng
        networks = {a["opdrachtgever"]: a["gemachtigde"] for a in examples.agreements if "gemachtigde" in a}
        offices = [party["oin"] for party in examples.of_role("deurwaarder")]
        self._by_themselves = cycle([oin for oin in offices if oin not in networks])
        self._behind = next((oin, networks[oin]) for oin in offices if oin in networks)
        self._collector = next(party["oin"] for party in examples.parties if party.get("eigenInning"))
        self._own_reasons = cycle(OWN_REASONS)
        creditors = examples.of_role("schuldeiser")
        self._client = next(party["oin"] for party in creditors if party["signaalpartner"] == "Energie")
        self._dossiers = 0
        self.plan: dict[datetime, list[Action]] = defaultdict(list)

    def bailiff(self, moment: datetime, resident: Resident, *, crossing: bool = False) -> None:
        """The next of the bailiffs asks, before a summons, an attachment or collection."""
        asker, reason = next(self._by_themselves), self._rng.choice(REASONS)
        self._ask(moment, asker=asker, bsn=resident.bsn, reason=reason, crossing=crossing)

    def office(self, moment: datetime, resident: Resident) -> None:
        """The network asks for an office that acts for an energy company, a partner of the covenant."""
        asker, sender = self._behind
        bsn, reason = resident.bsn, self._rng.choice(REASONS)
        self._ask(moment, asker=asker, sender=sender, bsn=bsn, reason=reason, client=self._client)

    def collector(self, moment: datetime, resident: Resident) -> None:
        """The local government asks for a claim of its own."""
        self._ask(moment, asker=self._collector, bsn=resident.bsn, reason=next(self._own_reasons))

    def _ask(
        self,
        moment: datetime,
        *,
        asker: str,
        bsn: str,
        reason: str,
        sender: str | None = None,
        client: str | None = None,
        crossing: bool = False,
    ) -> None:
        self._dossiers += 1
        ask = Ask(
            asker=asker,
            sender=sender,
            bsn=bsn,
            dossier=f"D{self._dossiers:05}",
            reason=reason,
            client=client,
            crossing=crossing,
        )
        self.plan[moment].append(ask)
