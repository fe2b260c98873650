"""The caller's own: cases of its municipality, or of its team there; another one does not exist for it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from services.common.clock import AMSTERDAM, Clock
from services.common.problems import Problem
from services.common.tokens import Caller
from services.feedback.api import cursor
from services.feedback.storage import CaseRow, Whose, Worklist


def whose(caller: Caller) -> Whose:
    """Return whose cases and questions a caller may see."""
    return Whose(municipality=caller.party, team=caller.team)


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
