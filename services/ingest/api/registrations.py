"""PUT and DELETE /v1/registraties/{kenmerk}: residents in debt help."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import REGISTRATION, body_of
from services.ingest.domain import formats
from services.ingest.domain.reasons import Problem as Wrong
from services.ingest.domain.reasons import Reason
from services.ingest.registrations import NotARegistrarError, RefusedError, Registrations

Registrar = Annotated[Caller, Depends(needs("registraties"))]
Reference = Annotated[str, Path(min_length=1, max_length=64, description="Eigen kenmerk van de registratie.")]
PATH = "/registraties/{kenmerk}"


class Geregistreerd(Model):
    """De registratie is vastgelegd; `gedeeld` is er als de gemeente deze persoon niet deelt: false."""

    id: str
    gedeeld: bool = True


def registrations(keeping: Registrations) -> APIRouter:
    """Return the routes of registrations."""
    router = APIRouter(prefix=BASE, tags=["registraties"])

    @router.put(
        PATH,
        summary="Leg schuldhulp aan een inwoner vast",
        openapi_extra=body_of(REGISTRATION),
        response_model_exclude_defaults=True,
    )
    async def leg_registratie_vast(kenmerk: Reference, request: Request, caller: Registrar) -> Geregistreerd:
        _check(kenmerk)
        raw, _ = await json_of(request)
        try:
            kept = await keeping.put(caller.party, kenmerk, raw)
        except NotARegistrarError:
            raise not_a_registrar() from None
        except RefusedError as error:
            raise refusal(error.problems, "De registratie is niet vastgelegd.") from None
        return Geregistreerd(id=kept.id, gedeeld=kept.shared)

    @router.delete(PATH, summary="Beëindig een registratie", status_code=HTTPStatus.NO_CONTENT)
    async def beeindig_registratie(kenmerk: Reference, caller: Registrar) -> None:
        _check(kenmerk)
        try:
            await keeping.end(caller.party, kenmerk)
        except NotARegistrarError:
            raise not_a_registrar() from None

    return router


def _check(reference: str) -> None:
    if formats.reference(reference) is None:
        raise refusal([Wrong(Reason.REFERENCE_INVALID, "kenmerk")])


def not_a_registrar() -> Problem:
    """Return the 403 of who keeps no registrations."""
    return Problem(HTTPStatus.FORBIDDEN, "Alleen een gemeente of hulpverlener registreert schuldhulp.")
