"""Creditors that look twice: an amount and an address are corrected, signals are withdrawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.local.demo.actions import Action, Attempt, Conclude, Correct, Withdraw
from services.local.demo.calendar import MARCH_25TH
from services.local.demo.letters import address as written
from services.local.demo.mail import Letter
from services.local.demo.world import Address

EACH = 3


def second_looks(
    boxes: Mapping[datetime, Sequence[Letter]],
    plan: Mapping[datetime, Sequence[Action]],
    empty: Sequence[Address],
) -> list[Action]:
    """Return what is done about signals of the 25th that stand alone at home; `empty`: where some move to."""
    letters = [letter for box in boxes.values() for letter in box]
    households = Counter(id(letter.household) for letter in letters)
    teams = [a for actions in plan.values() for a in actions if isinstance(a, Attempt | Conclude)]
    worked_on = {action.signal for action in teams}
    alone = [
        letter
        for letter in boxes[MARCH_25TH]
        if households[id(letter.household)] == 1
        and letter.household.municipality == "0363"
        and letter.sender == letter.creditor["oin"]
        and letter.ref not in worked_on
    ]
    moved = [(letter, written(address)) for letter, address in zip(alone[EACH:], empty[:EACH], strict=False)]
    return [
        *(_correct(each, bedragInCenten=each.content["bedragInCenten"] + 5_000) for each in alone[:EACH]),
        *(_correct(letter, adres=address) for letter, address in moved),
        *(Withdraw(sender=each.sender, signal=each.ref) for each in alone[2 * EACH : 3 * EACH]),
    ]


def _correct(letter: Letter, **members: object) -> Correct:
    return Correct(sender=letter.sender, signal=letter.ref, content=letter.content | members)
