"""What two district teams do with the cases of their areas: attempts to make contact, and results."""

import random
from collections import defaultdict
from datetime import datetime

from services.local.demo import calendar as when
from services.local.demo.actions import Action, Attempt, Conclude, Content
from services.local.demo.examples import Examples, Spot
from services.local.demo.mail import Letter, PostOffice

TEAMS = ("0363-west", "0518-centrum")
KINDS = ("Telefoon", "Brief", "Huisbezoek", "Mail", "SMS/Whatsapp", "Kaartje")
ACCEPTED = (
    "(Budget)advies en/of quick fix",
    "Vervolghulp en/of verwijzing",
    "Vervolghulp en/of verwijzing financieel",
    "Vervolghulp en/of verwijzing niet financieel",
)
CLOSED = (
    "Definitief geen contact kunnen krijgen",
    "Geen reactie na eerder contact",
    "Inwoner regelt het zelf/hoeft geen hulp vanuit vroegsignalering",
    "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
    "Inwoner heeft al een ander lopend traject",
    "Niet opgepakt: herhaalde melding",
    "Niet opgepakt: onterecht signaal",
    "Niet opgepakt: andere reden",
    "Inwoner is overleden",
    "Persoon is geen inwoner (meer) in de gemeente",
)
SECOND_THOUGHT = "Geen reactie na eerder contact"
Case = list[Letter]


class Teamwork:
    """Fills `plan` (moment to actions) for the two teams."""

    def __init__(self, examples: Examples, office: PostOffice, rng: random.Random) -> None:
        self._rng = rng
        self._office = office
        self._number = 0
        self._teams = {team["id"]: team for team in examples.teams}
        self.plan: dict[datetime, list[Action]] = defaultdict(list)

    def plan_all(self) -> None:
        """Plan both months of both teams."""
        for team in TEAMS:
            early = self._month(team, when.FEBRUARY_EARLY, when.FEBRUARY_CALLS, when.FEBRUARY_RESULTS, 14)
            late = self._month(team, when.FEBRUARY_25TH, when.FEBRUARY_VISITS, when.FEBRUARY_LAST, 18, early)
            self._second_thoughts(team, [*early, *late])
            done = self._month(team, when.MARCH_EARLY, when.MARCH_CALLS, when.MARCH_SECOND_THOUGHTS, 12)
            self._month(team, when.MARCH_25TH, when.MARCH_VISITS, when.MARCH_LAST, 20, done)

    def _month(
        self,
        team: str,
        delivery: datetime,
        calls: datetime,
        results: datetime,
        count: int,
        done: list[Case] | None = None,
    ) -> list[Case]:
        """Work on some cases of a delivery; return them all (also those that stay open)."""
        before = {case[0].ref for case in done or ()}
        cases = [case for case in self._cases(team, delivery) if case[0].ref not in before]
        chosen = self._rng.sample(cases, min(count, len(cases)))
        for case in chosen:
            self._attempts(team, case, calls)
        for case in chosen[: count * 3 // 4]:
            self._conclude(team, case, results)
        return chosen

    def _cases(self, team: str, delivery: datetime) -> list[Case]:
        """The team's cases that have a signal in this delivery, as the team sees them by then."""
        found: dict[tuple[int, str], Case] = defaultdict(list)
        unfit: set[tuple[int, str]] = set()
        for moment in sorted(self._office.boxes):
            for letter in self._office.boxes[moment]:
                key = (id(letter.household), letter.content["signaaldatum"][:7])
                if moment <= delivery and self._owns(team, letter.household.address.spot):
                    found[key].append(letter)
                if letter.content.get("crisissignaal") or letter.resident.born.year > 1998:
                    unfit.add(key)  # these are other teams' cases
        month = f"{delivery:%Y-%m}"
        current = {letter.ref for letter in self._office.boxes[delivery]}
        return [
            case
            for key, case in found.items()
            if key not in unfit and key[1] == month and any(letter.ref in current for letter in case)
        ]

    def _owns(self, team: str, spot: Spot) -> bool:
        areas = self._teams[team]["gebieden"]
        return bool({f"BU{spot.neighbourhood}", f"WK{spot.district}", spot.postcode[:4]} & set(areas))

    def _attempts(self, team: str, case: Case, moment: datetime) -> None:
        for _ in range(self._rng.choice((1, 1, 1, 2))):
            self._number += 1
            self.plan[moment].append(
                Attempt(
                    team=team,
                    municipality=self._party(team),
                    signal=case[0].ref,
                    reference=f"poging-{self._number}",
                    kind=self._rng.choice(KINDS),
                    reached=self._rng.random() < 0.35,
                    day_part=self._rng.choice(("Ochtend", "Middag", "Avond")),
                )
            )

    def _conclude(self, team: str, case: Case, moment: datetime) -> None:
        texts = ACCEPTED if self._rng.random() < 0.55 else CLOSED
        named = tuple(letter.ref for letter in case) if self._rng.random() < 0.3 else ()
        self._result(team, case, moment, self._rng.choice(texts), named[:2])

    def _result(
        self, team: str, case: Case, moment: datetime, text: str, named: tuple[tuple[str, str], ...] = ()
    ) -> None:
        action = Conclude(
            team=team, municipality=self._party(team), signal=case[0].ref, result=text, named=named
        )
        self.plan[moment].append(action)

    def _second_thoughts(self, team: str, cases: list[Case]) -> None:
        """Residents who accepted help in February and then did not come."""
        accepted = {
            action.signal
            for moment in (when.FEBRUARY_RESULTS, when.FEBRUARY_LAST)
            for action in self.plan[moment]
            if isinstance(action, Conclude) and action.result in ACCEPTED and action.team == team
        }
        for case in [case for case in cases if case[0].ref in accepted][::3]:
            self._result(team, case, when.MARCH_SECOND_THOUGHTS, SECOND_THOUGHT)

    def _party(self, team: str) -> str:
        found: Content = self._teams[team]
        return str(found["gemeente"])
