"""The caller's own: cases of its municipality, or its team there; what is of a creditor for whom it acts.

What is of another does not exist for it.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query

from services.common.clock import AMSTERDAM, Clock
from services.common.problems import Problem
from services.common.tokens import Caller
from services.feedback.api import cursor
from services.feedback.domain import Owner
from services.feedback.storage import CaseRow, Whose, Worklist

Creditor = Annotated[
    str | None,
    Query(description="OIN van de schuldeiser voor wie u levert; standaard de partij van het token."),
]
Represents = Callable[[str, str], Sequence[str]]
"""(sender, creditor) -> the municipalities whose agreement names this sender for this creditor, now."""


def whose(caller: Caller) -> Whose:
    """Return whose cases and questions a caller may see."""
    return Whose(municipality=caller.party, team=caller.team)


def owner(caller: Caller, creditor: str | None, represents: Represents) -> Owner | None:
    """Return whose signals and pauses a caller may read, its own if it names nobody; None = not these."""
    if creditor is None or creditor == caller.party:
        return Owner(caller.party)
    found = represents(caller.party, creditor)
    return Owner(creditor, found) if found else None


async def own_case(worklist: Worklist, case_id: str, caller: Caller) -> CaseRow:
    """Return a case of the caller; any other is a 404 `Problem`."""
    found = await worklist.case(whose(caller), case_id) if cursor.is_id(case_id) else None
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "Deze zaak is er niet.")
    return found


def known_of(case: CaseRow, clock: Clock) -> Mapping[str, Any]:
    """Return what the rules of a body about this case need to know (reading.py)."""
    today = clock.now().astimezone(AMSTERDAM).date()
    return {"vandaag": today, "signalen": {each.signal_id for each in case.signals}}
