"""What a team does about the pauses of a case: prolong them, or end them now (scope `zaken`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.common.clock import Clock, begin_of
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE
from services.feedback.api.models import Beeindiging, Ontvangen, Verlenging
from services.feedback.api.own import known_of, own_case
from services.feedback.api.reading import described, read
from services.feedback.orders import Order, Orders
from services.feedback.pause_reading import Pauses
from services.feedback.storage import CaseRow, Worklist

Team = Annotated[Caller, Depends(needs("zaken"))]
NO_PAUSE = "Er loopt (nog) geen pauze voor deze zaak; zij begint met een resultaat of met bekende schuldhulp."
_RESPONSES: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Deze zaak is er niet, of is van een ander."},
    HTTPStatus.CONFLICT: {"description": NO_PAUSE},
}


def zaakpauzes(worklist: Worklist, orders: Orders, pauses: Pauses, clock: Clock) -> APIRouter:
    """Return the routes; a case that is not the caller's does not exist for it (404)."""
    router = APIRouter(prefix=f"{BASE}/zaken", tags=["zaken"])

    async def give(case: CaseRow, caller: Caller, until: datetime | None, named: Sequence[str]) -> Ontvangen:
        running = await pauses.running(caller.party, named or [each.signal_id for each in case.signals])
        order = Order(until=until, signal_ids=named)
        id_ = await orders.give(caller.party, caller.team or case.team, case, order, running)
        if id_ is None:
            raise Problem(HTTPStatus.CONFLICT, NO_PAUSE)
        return Ontvangen(id=id_)

    @router.post(
        "/{id}/pauze",
        summary="Verleng de incassopauzes van een zaak; korter maakt dit ze niet",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=described(Verlenging),
        responses=_RESPONSES,
    )
    async def verleng_pauze(id: str, request: Request, caller: Team) -> Ontvangen:
        case = await own_case(worklist, id, caller)
        body = await read(request, Verlenging, known_of(case, clock))
        return await give(case, caller, begin_of(body.tot_en_met + timedelta(days=1)), body.signalen)

    @router.post(
        "/{id}/pauze/beeindiging",
        summary="Beëindig de incassopauzes van een zaak nu",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=described(Beeindiging),
        responses=_RESPONSES,
    )
    async def beeindig_pauze(id: str, request: Request, caller: Team) -> Ontvangen:
        case = await own_case(worklist, id, caller)
        body = await read(request, Beeindiging, known_of(case, clock))
        return await give(case, caller, None, body.signalen)

    return router
