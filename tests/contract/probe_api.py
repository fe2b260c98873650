"""An API that uses all that services/common/web.py offers: what it promises is tested apart from services."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response

from services.common.errors import PermanentError, TransientError
from services.common.runtime import Runtime
from services.common.tokens import Caller, needs
from services.common.web import BASE, Fout, IsoDate, Model, Moment, Problem, make_app

SECRET = "jan@voorbeeld.nl"
CSV_LIMIT = 100


class Adres(Model):
    """A body within a body."""

    huis_nummer: int
    letter: str | None = None


class Ding(Model):
    """Every kind of field that the services use."""

    begin_datum: IsoDate
    eind_datum: IsoDate | None = None
    gewijzigd_op: Moment | None = None
    adres: Adres


router = APIRouter(prefix=f"{BASE}/dingen", tags=["dingen"])
fouten = APIRouter(prefix=f"{BASE}/fouten", tags=["fouten"])
bestanden = APIRouter(prefix=f"{BASE}/bestanden", tags=["bestanden"])
CSV_BODY = {"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Reader = Annotated[Caller, Depends(needs("signalen"))]


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def plaats_ding(ding: Ding, caller: Reader) -> Ding:
    return ding


@router.get("")
async def lees_dingen(
    caller: Reader,
    vanaf_regel: Annotated[int, Query(alias="vanafRegel", ge=1)] = 1,
    kleur: Literal["rood", "wit", "blauw"] | None = None,
    sleutel: Annotated[str | None, Header(alias="Proef-Key", pattern=r"^[\x21-\x7e]{1,64}$")] = None,
) -> list[Ding]:
    return []


@router.get("/{id}")
async def lees_ding(id: UUID, caller: Reader) -> Ding:
    raise Problem(404, "Dit ding is er niet.", [Fout("UNKNOWN", "id", "Onbekend.")], headers={"X-Extra": "1"})


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def verwijder_ding(id: UUID, caller: Reader) -> None:
    """Nothing to answer."""


@bestanden.post("", openapi_extra=CSV_BODY)
async def plaats_bestand(request: Request, caller: Reader) -> int:
    return sum([len(part) async for part in request.stream()])


@fouten.post("/{soort}")
async def veroorzaak_fout(soort: str, caller: Reader) -> Response:
    errors = {"tijdelijk": TransientError, "blijvend": PermanentError, "onbekend": ValueError}
    raise errors[soort](SECRET)


def build(runtime: Runtime) -> FastAPI:
    app = make_app(runtime, "Proef", "Alles wat kan.", body_limits={f"{BASE}/bestanden": CSV_LIMIT})
    for each in (router, bestanden, fouten):
        app.include_router(each)
    return app
