"""POST /v1/schuldmeldingen: a bailiff tells who helps somebody of other debts (domain.md 5.1)."""

from http import HTTPStatus
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import DEBTS, body_of
from services.ingest.debt_reports import (
    PACE,
    DebtReports,
    NotABailiffError,
    OtherContentError,
    TooFastError,
    UnreadableError,
)

Reporter = Annotated[Caller, Depends(needs("schuldmeldingen"))]
NOT_KNOWN = "Deze persoon krijgt nu geen schuldhulp: er is niets doorgegeven of bewaard, behalve dat u vroeg."
TOO_FAST = f"Hoogstens {PACE.per_minute} meldingen per minuut; wacht zoals Retry-After zegt."
CONFLICT = "Onder dit kenmerk meldde u iets anders; gebruik een nieuw kenmerk."


class Doorgegeven(Model):
    """De hulpverleners van deze persoon krijgen de melding; dezelfde nog eens geeft hetzelfde antwoord."""

    id: str
    status: Literal["doorgegeven"] = "doorgegeven"


class NietBekend(Model):
    """Niet meer dan een toets zou zeggen."""

    status: Literal["niet bekend"] = "niet bekend"


def debts(reports: DebtReports) -> APIRouter:
    """Return the routes of debt reports."""
    router = APIRouter(prefix=BASE, tags=["schuldmeldingen"])

    @router.post(
        "/schuldmeldingen",
        status_code=HTTPStatus.ACCEPTED,
        summary="Meld andere schulden van een persoon aan wie die persoon helpt",
        responses={
            HTTPStatus.OK: {"model": NietBekend, "description": NOT_KNOWN},
            HTTPStatus.CONFLICT: {"description": CONFLICT},
            HTTPStatus.TOO_MANY_REQUESTS: {"description": TOO_FAST},
        },
        response_model=Doorgegeven | NietBekend,
        openapi_extra=body_of(DEBTS),
    )
    async def meld_schulden(
        request: Request, response: Response, caller: Reporter
    ) -> Doorgegeven | NietBekend:
        raw, _ = await json_of(request)
        try:
            id_ = await reports.tell(caller.party, raw)
        except NotABailiffError:
            raise Problem(HTTPStatus.FORBIDDEN, "Alleen een gerechtsdeurwaarder meldt schulden.") from None
        except UnreadableError as error:
            raise refusal(error.problems, "De melding is niet aangenomen.") from None
        except TooFastError as error:
            again = {"Retry-After": str(ceil(error.wait))}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, TOO_FAST, headers=again) from None
        except OtherContentError:
            raise Problem(HTTPStatus.CONFLICT, CONFLICT) from None
        if id_ is None:
            response.status_code = HTTPStatus.OK
            return NietBekend()
        return Doorgegeven(id=id_)

    return router
