"""The worklist: a municipality's cases, and what its teams did about them."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.common.clock import Clock
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE
from services.feedback.api import cursor
from services.feedback.api.models import STATUS, Contactpoging, Ontvangen, Resultaat, Status, Zaken, zaak
from services.feedback.api.own import known_of, own_case, whose
from services.feedback.api.reading import described, read
from services.feedback.outcomes import Attempt, Conclusion, Outcomes
from services.feedback.storage import Wanted, Worklist

PAGE = 100
Team = Annotated[Caller, Depends(needs("zaken"))]
CONFLICT = (
    "Onder dit kenmerk is al een contactpoging met een andere inhoud vastgelegd; gebruik een nieuw kenmerk."
)
_STATUS_OF = {text: status for status, text in STATUS.items()}


def zaken(worklist: Worklist, outcomes: Outcomes, clock: Clock) -> APIRouter:
    """Return the routes of scope `zaken`; a case that is not the caller's does not exist for it (404)."""
    router = APIRouter(prefix=f"{BASE}/zaken", tags=["zaken"])

    @router.get("", summary="De zaken van de eigen gemeente, of van het eigen team")
    async def lees_zaken(
        caller: Team,
        status: Annotated[Status | None, Query(description="Alleen zaken met deze status.")] = None,
        adres_twijfel: Annotated[
            bool | None, Query(alias="adresTwijfel", description="Alleen zaken met (of zonder) twijfel.")
        ] = None,
        vanaf: Annotated[
            str | None, Query(description="De waarde van volgende, voor de volgende pagina.")
        ] = None,
    ) -> Zaken:
        own, after = whose(caller), cursor.place(vanaf) if vanaf else None
        wanted = Wanted(status=_STATUS_OF[status] if status else None, address_doubt=adres_twijfel)
        rows = await worklist.page(own, wanted, after, PAGE + 1)
        shown = rows[:PAGE]
        personal = await worklist.personal(
            own.municipality, [each.signal_id for row in shown for each in row.signals]
        )
        last = cursor.encode(shown[-1].opened_at.isoformat(), shown[-1].case_id) if len(rows) > PAGE else None
        return Zaken(zaken=[zaak(row, personal) for row in shown], volgende=last)

    @router.post(
        "/{id}/contactpogingen",
        summary="Leg een contactpoging vast",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=described(Contactpoging),
        responses=_NOT_FOUND | {HTTPStatus.CONFLICT: {"description": CONFLICT}},
    )
    async def meld_contactpoging(id: str, request: Request, caller: Team) -> Ontvangen:
        case = await own_case(worklist, id, caller)
        body = await read(request, Contactpoging, known_of(case, clock))
        attempt = Attempt(
            reference=body.kenmerk,
            kind=body.soort,
            reached=body.bereikt,
            on=body.datum,
            day_part=body.dagdeel,
        )
        found = await outcomes.attempted(caller.party, caller.team or case.team, case, attempt)
        if found is None:
            raise Problem(HTTPStatus.CONFLICT, CONFLICT)
        return Ontvangen(id=found)

    @router.put(
        "/{id}/resultaat",
        summary="Leg het eindresultaat vast",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra=described(Resultaat),
        responses=_NOT_FOUND,
    )
    async def leg_resultaat_vast(id: str, request: Request, caller: Team) -> Ontvangen:
        case = await own_case(worklist, id, caller)
        body = await read(request, Resultaat, known_of(case, clock))
        found = Conclusion(result=body.resultaat, on=body.datum, signal_ids=body.signalen)
        return Ontvangen(id=await outcomes.concluded(caller.party, caller.team or case.team, case, found))

    return router


_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Deze zaak is er niet, of is van een ander."}
}
