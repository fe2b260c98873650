"""Who is in debt help in Amsterdam, and what three bailiffs ask: before, during, after, at once."""

import random
from collections import defaultdict
from datetime import datetime

from services.local.demo import calendar as when
from services.local.demo.actions import Action, Ask, Content, EndHelp, Register
from services.local.demo.examples import Examples
from services.local.demo.letters import registration
from services.local.demo.mail import PostOffice
from services.local.demo.world import Address, Household, Resident

REASONS = ("dagvaarding", "beslag", "inning")
Someone = tuple[Household, Resident]


class DebtHelp:
    """Fills `plan` (moment to actions) for Amsterdam's registrations and the bailiffs' checks."""

    def __init__(self, examples: Examples, office: PostOffice, rng: random.Random) -> None:
        self._rng = rng
        self._office = office
        self._amsterdam = next(p for p in examples.parties if p.get("gemeentecode") == "0363")
        self._helper = examples.of_role("hulpverlener")[0]
        self._bailiffs = [party["oin"] for party in examples.of_role("deurwaarder")]
        self._dossiers = 0
        self._reference: dict[str, str] = {}
        self.plan: dict[datetime, list[Action]] = defaultdict(list)

    def plan_all(self, bystanders: list[Someone]) -> None:
        """Plan it for some whom creditors report, and for bystanders whom none reports."""
        reported = self._reported()
        by_address = iter([who for who, sector in reported if sector != "Zorg"])
        by_bsn = iter([who for who, sector in reported if sector == "Zorg"])
        first = [next(by_address) for _ in range(8)] + bystanders[:6]
        moved = [next(by_bsn) for _ in range(6)]
        second = [next(by_address) for _ in range(8)] + bystanders[6:10]
        third = [next(by_address) for _ in range(6)] + bystanders[10:13]
        self._help(first, moved, second, third, bystanders)
        self._checks(first, second, third, bystanders[20:])

    def _reported(self) -> list[tuple[Someone, str]]:
        letters = [
            letter
            for box in self._office.boxes.values()
            for letter in box
            if letter.household.municipality == "0363"
        ]
        found = {x.resident.bsn: ((x.household, x.resident), x.creditor["signaalpartner"]) for x in letters}
        people = list(found.values())
        self._rng.shuffle(people)
        return people

    def _help(
        self,
        first: list[Someone],
        moved: list[Someone],
        second: list[Someone],
        third: list[Someone],
        bystanders: list[Someone],
    ) -> None:
        elsewhere = [home.address for home, _ in bystanders[13:20]]
        for household, resident in first:
            self._register(when.FIRST_HELP, resident, household.address)
        for (_, resident), address in zip(moved, elsewhere, strict=False):
            self._register(when.FIRST_HELP, resident, address)
        for household, resident in second:
            self._register(when.SECOND_HELP, resident, household.address)
        for _, resident in first[:5]:
            self._end(when.HELP_ENDS, resident)
        for household, resident in third:
            self._register(when.MARCH_EARLY, resident, household.address)
        self._register(when.MARCH_CALLS, first[5][1], elsewhere[-1])  # helped on after a move
        for _, resident in [*second[:3], *moved[:2]]:
            self._end(when.MARCH_LAST, resident)

    def _checks(
        self, first: list[Someone], second: list[Someone], third: list[Someone], strangers: list[Someone]
    ) -> None:
        for _, resident in [*first[:6], *second[:5], *third[:3], *strangers[:8]]:
            self._ask(when.FIRST_CHECKS, resident)
        self._ask(when.FIRST_CHECKS, second[0][1])  # a second dossier: it is told twice
        for _, resident in second[6:10]:
            self._ask(when.SECOND_HELP, resident, crossing=True)
        for _, resident in [*third[2:6], *first[4:8], *strangers[8:11]]:
            self._ask(when.FEBRUARY_LAST, resident)
        for _, resident in [*third[:2], *first[:3]]:
            self._ask(when.MARCH_CALLS, resident)
        for _, resident in [*second[:5], *strangers[:3]]:
            self._ask(when.EPILOGUE, resident)

    def _register(self, moment: datetime, resident: Resident, address: Address) -> None:
        reference = self._reference.setdefault(resident.bsn, f"traject-{len(self._reference) + 1:03}")
        registrar = self._registrar_of(reference)
        content = registration(address, resident, moment.date(), registrar)
        if registrar is self._helper:
            content["namens"] = self._amsterdam["oin"]
        action = Register(registrar=registrar["oin"], reference=reference, content=content)
        self.plan[moment].append(action)

    def _registrar_of(self, reference: str) -> Content:
        """Every fifth registration is kept by the organisation that helps on behalf of Amsterdam."""
        return self._helper if reference.endswith(("0", "5")) else self._amsterdam

    def _end(self, moment: datetime, resident: Resident) -> None:
        reference = self._reference[resident.bsn]
        registrar = self._registrar_of(reference)
        self.plan[moment].append(EndHelp(registrar=registrar["oin"], reference=reference))

    def _ask(self, moment: datetime, resident: Resident, *, crossing: bool = False) -> None:
        self._dossiers += 1
        self.plan[moment].append(
            Ask(
                bailiff=self._bailiffs[self._dossiers % len(self._bailiffs)],
                bsn=resident.bsn,
                dossier=f"D{self._dossiers:05}",
                reason=self._rng.choice(REASONS),
                crossing=crossing,
            )
        )
