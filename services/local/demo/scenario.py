"""The two months as a list of steps: what script.py plays and model/ predicts."""

import random
from collections import defaultdict
from datetime import datetime

from services.local.demo import calendar as when
from services.local.demo.actions import Action, Step
from services.local.demo.corrections import second_looks
from services.local.demo.debthelp import DebtHelp
from services.local.demo.deliveries import Delivery
from services.local.demo.examples import Examples
from services.local.demo.mail import PostOffice
from services.local.demo.teamwork import Teamwork
from services.local.demo.world import Household, make_world

SEED = 2026
BYSTANDERS = 40
"""Households without a good signal: some are in debt help, some are checked by a bailiff."""
TITLES: tuple[tuple[datetime, str], ...] = (
    (when.FIRST_HELP, "debt help: Amsterdam one by one, Den Haag as a file"),
    (when.FIRST_CHECKS, "bailiffs and collectors check"),
    (when.FEBRUARY_EARLY, "water and energy companies deliver"),
    (when.FEBRUARY_CALLS, "district teams call and write"),
    (when.SECOND_HELP, "debt help starts while bailiffs ask; the next file"),
    (when.FEBRUARY_RESULTS, "first results; pauses start"),
    (when.FEBRUARY_25TH, "the 25th: everybody delivers"),
    (when.FEBRUARY_VISITS, "district teams visit"),
    (when.FEBRUARY_LAST, "results of February"),
    (when.FEBRUARY_CLOSE, "February closes"),
    (when.HELP_ENDS, "debt help of some ends; a file is held"),
    (when.MARCH_EARLY, "deliveries; some join a running pause"),
    (when.MARCH_CALLS, "district teams call and write"),
    (when.MARCH_SECOND_THOUGHTS, "some do not go on; pauses end early"),
    (when.PAUSES_END[0], "pauses run out; Amsterdam answers questions"),
    (when.PAUSES_END[1], "pauses of 30 days run out"),
    (when.MARCH_25TH, "the 25th: everybody delivers"),
    (when.MARCH_VISITS, "district teams visit"),
    (when.MARCH_LAST, "results of March"),
    (when.PAUSES_END[2], "pauses of 28 days run out"),
    (when.PAUSES_END[3], "pauses of 30 days run out"),
    (when.CORRECTIONS, "creditors correct and withdraw signals"),
    (when.MARCH_CLOSE, "March closes"),
    (when.EPILOGUE, "bailiffs ask once more"),
)


def make_steps(examples: Examples, seed: int = SEED) -> list[Step]:
    """Return everything that happens, moment by moment."""
    rng = random.Random(seed)
    connected = tuple(spot for spot in examples.spots if spot.municipality != "0599")
    bystanders, reported = _part(make_world(seed, connected))
    office = PostOffice(examples, rng)
    office.write_all(reported)
    teamwork, debt_help = Teamwork(examples, office, rng), DebtHelp(examples, office, rng)
    teamwork.plan_all()
    debt_help.plan_all([(household, household.residents[0]) for household in bystanders])
    plan: dict[datetime, list[Action]] = defaultdict(list)
    for moment in list(office.boxes):
        plan[moment] += Delivery(examples, office, moment, rng).actions(bystanders)
    for part in (teamwork.plan, debt_help.plan):
        for moment, actions in part.items():
            plan[moment] += actions
    plan[when.CORRECTIONS] += second_looks(office.boxes, plan, [home.address for home in bystanders])
    return [Step(at=moment, title=title, actions=tuple(plan[moment])) for moment, title in TITLES]


def _part(households: list[Household]) -> tuple[list[Household], list[Household]]:
    """Return the bystanders (of Amsterdam) and all others."""
    bystanders = [household for household in households if household.municipality == "0363"][:BYSTANDERS]
    kept = set(map(id, bystanders))
    return bystanders, [household for household in households if id(household) not in kept]
