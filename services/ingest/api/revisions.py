"""PUT and DELETE /v1/signalen/{id}: a creditor corrects or withdraws its signal."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from services.common.problems import Problem
from services.common.web import BASE
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import SIGNAL, body_of
from services.ingest.api.signals import Geaccepteerd, Sender
from services.ingest.judging import Outcome, Row
from services.ingest.revisions import NotThereError, Revisions, WithdrawnError

PATH = "/signalen/{id}"
Id = Annotated[str, Path(max_length=64, description="Het id dat bij de levering werd gegeven.")]
WITHDRAWN = "Dit signaal is ingetrokken; lever het onder een nieuw kenmerk."
_NOT_THERE: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Dit signaal is er niet, of is van een ander."}
}


def revisions(keeping: Revisions) -> APIRouter:
    """Return the routes of corrections and withdrawals; what is somebody else's does not exist (404)."""
    router = APIRouter(prefix=BASE, tags=["signalen"])

    @router.put(
        PATH,
        status_code=HTTPStatus.ACCEPTED,
        summary="Corrigeer een signaal: het hele signaal zoals het moet zijn, onder hetzelfde kenmerk",
        responses=_NOT_THERE | {HTTPStatus.CONFLICT: {"description": WITHDRAWN}},
        openapi_extra=body_of(SIGNAL),
    )
    async def corrigeer_signaal(id: Id, request: Request, caller: Sender) -> Geaccepteerd:
        raw, source = await json_of(request)
        try:
            judged = await keeping.correct(caller.party, id, Row(1, raw, source))
        except NotThereError:
            raise _not_there() from None
        except WithdrawnError:
            raise Problem(HTTPStatus.CONFLICT, WITHDRAWN) from None
        if judged.outcome is Outcome.REFUSED:
            raise refusal(judged.problems, "De correctie is geweigerd; het signaal staat zoals het stond.")
        return Geaccepteerd(id=id)

    @router.delete(
        PATH,
        status_code=HTTPStatus.NO_CONTENT,
        summary="Trek een signaal in, voorgoed",
        responses=_NOT_THERE,
    )
    async def trek_signaal_in(id: Id, caller: Sender) -> None:
        try:
            await keeping.withdraw(caller.party, id)
        except NotThereError:
            raise _not_there() from None

    return router


def _not_there() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "Dit signaal is er niet.")
