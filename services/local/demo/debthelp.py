"""Who is in debt help in Amsterdam and Den Haag, and who asks: before, during, after, at once."""

import random
from collections import defaultdict
from datetime import datetime

from services.local.demo import calendar as when
from services.local.demo.actions import Action, AnswerQuestions, Content, EndHelp, Register
from services.local.demo.asking import Asking
from services.local.demo.dailyfiles import DailyFiles, Someone
from services.local.demo.examples import Examples
from services.local.demo.letters import registration
from services.local.demo.mail import PostOffice
from services.local.demo.world import Address, Resident


class DebtHelp:
    """Fills `plan` (moment to actions) with registrations, checks and answers to questions."""

    def __init__(self, examples: Examples, office: PostOffice, rng: random.Random) -> None:
        self._rng = rng
        self._office = office
        self._amsterdam, den_haag = (
            next(party for party in examples.parties if party.get("gemeentecode") == code)
            for code in ("0363", "0518")
        )
        self._helper = examples.of_role("hulpverlener")[0]
        self._asking = Asking(examples, rng)
        self._files = DailyFiles(den_haag, [who for who, _ in self._reported("0518")])
        self._reference: dict[str, str] = {}
        self.plan: dict[datetime, list[Action]] = defaultdict(list)

    def plan_all(self, bystanders: list[Someone]) -> None:
        """Plan it for some whom creditors report, and for bystanders whom none reports."""
        reported = self._reported("0363")
        self._rng.shuffle(reported)
        by_address = iter([who for who, sector in reported if sector != "Zorg"])
        by_bsn = iter([who for who, sector in reported if sector == "Zorg"])
        first = [next(by_address) for _ in range(8)] + bystanders[:6]
        moved = [next(by_bsn) for _ in range(6)]
        second = [next(by_address) for _ in range(8)] + bystanders[6:10]
        third = [next(by_address) for _ in range(6)] + bystanders[10:13]
        self._help(first, moved, second, third, bystanders)
        self._checks(first, second, third, bystanders[20:])
        self._checks_of_others(first, moved, second, third, bystanders[31:])
        for plan in (self._asking.plan, self._files.plan()):
            for moment, actions in plan.items():
                self.plan[moment] += actions
        self.plan[when.PAUSES_END[0]].append(self._answers())

    def _reported(self, code: str) -> list[tuple[Someone, str]]:
        """Return the residents of a municipality that creditors report, and in which sector."""
        letters = [
            letter
            for box in self._office.boxes.values()
            for letter in box
            if letter.household.municipality == code
        ]
        found = {x.resident.bsn: ((x.household, x.resident), x.creditor["signaalpartner"]) for x in letters}
        return list(found.values())

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
        ask = self._asking.bailiff
        for _, resident in [*first[:6], *second[:5], *third[:3], *strangers[:8]]:
            ask(when.FIRST_CHECKS, resident)
        ask(when.FIRST_CHECKS, second[0][1])  # a second dossier: it is told twice
        for resident in (self._files.gone, self._files.new, self._files.missing):
            ask(when.FIRST_CHECKS, resident)
        for _, resident in second[6:10]:
            ask(when.SECOND_HELP, resident, crossing=True)
        for _, resident in [*third[2:6], *first[4:8], *strangers[8:11]]:
            ask(when.FEBRUARY_LAST, resident)
        for _, resident in [*third[:2], *first[:3]]:
            ask(when.MARCH_CALLS, resident)
        for _, resident in [*second[:5], *strangers[:3]]:
            ask(when.EPILOGUE, resident)

    def _checks_of_others(
        self,
        first: list[Someone],
        moved: list[Someone],
        second: list[Someone],
        third: list[Someone],
        strangers: list[Someone],
    ) -> None:
        """For a client: help that ends, help that goes on, help that starts; nobody known."""
        for _, resident in (first[2], first[6], second[5], strangers[0]):
            self._asking.office(when.FIRST_CHECKS, resident)
        self._asking.office(when.FEBRUARY_LAST, third[1][1])
        for _, resident in (first[7], moved[0]):
            self._asking.collector(when.FIRST_CHECKS, resident)
        for _, resident in (third[0], strangers[1]):
            self._asking.collector(when.FEBRUARY_LAST, resident)

    def _answers(self) -> AnswerQuestions:
        """Amsterdam looks up who is meant."""
        letters = (letter for box in self._office.boxes.values() for letter in box)
        same = frozenset(
            (letter.ref, self._reference[letter.resident.bsn])
            for letter in letters
            if letter.resident.bsn in self._reference
        )
        return AnswerQuestions(municipality=self._amsterdam["oin"], same=same)

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
