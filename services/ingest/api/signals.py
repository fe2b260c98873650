"""POST /v1/signalen: one signal."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import SIGNAL, body_of
from services.ingest.company import Company
from services.ingest.intake import Intake
from services.ingest.judging import Delivery, Outcome, Row

Sender = Annotated[Caller, Depends(needs("signalen"))]
Trial = Annotated[bool, Query(alias="proef", description="Beproef het signaal zonder het te leveren.")]
CONFLICT = (
    "Onder dit kenmerk is al een signaal met een andere inhoud geaccepteerd; gebruik een nieuw kenmerk."
)


class Geaccepteerd(Model):
    """Het signaal is vastgelegd; hetzelfde nog eens sturen geeft hetzelfde antwoord."""

    id: str
    status: Literal["geaccepteerd"] = "geaccepteerd"


class Beproefd(Model):
    """Een proef: zo'n signaal zou geaccepteerd worden. Er is niets geleverd of bewaard."""

    id: str
    status: Literal["zou geaccepteerd worden"] = "zou geaccepteerd worden"


def signals(intake: Intake, company: Company) -> APIRouter:
    """Return the routes of signals."""
    router = APIRouter(prefix=BASE, tags=["signalen"])

    @router.post(
        "/signalen",
        status_code=HTTPStatus.ACCEPTED,
        summary="Lever één signaal",
        responses={
            HTTPStatus.OK: {
                "model": Beproefd,
                "description": "Bij een proef: er is niets geleverd.",
            },
            HTTPStatus.CONFLICT: {"description": CONFLICT},
        },
        response_model=Geaccepteerd | Beproefd,
        openapi_extra=body_of(SIGNAL),
    )
    async def lever_signaal(
        request: Request, response: Response, caller: Sender, *, trial: Trial = False
    ) -> Geaccepteerd | Beproefd:
        raw, source = await json_of(request)
        row = Row(1, raw, source)
        if trial:
            [judged] = await intake.take([row], Delivery(caller.party, trial=True))
        else:
            judged = await company.take(row, caller.party)
        if judged.outcome is Outcome.REFUSED:
            raise refusal(judged.problems, "Het signaal is geweigerd.")
        if judged.outcome is Outcome.CONFLICT or judged.signal_id is None:
            raise Problem(HTTPStatus.CONFLICT, CONFLICT)
        if trial:
            response.status_code = HTTPStatus.OK
            return Beproefd(id=judged.signal_id)
        return Geaccepteerd(id=judged.signal_id)

    return router
