"""Master data, kept by whoever runs the hub: PUT /v1/partijen, /v1/beleid, /v1/teams."""

from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request

from services.common.ddas import PARTNER_TYPE
from services.common.problems import Problem
from services.common.settings import Settings
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import OIN, TEXT, body_of, object_of
from services.ingest.domain.formats import PHASES
from services.ingest.domain.masterdata import (
    AREA,
    CONTACT_FIELDS,
    LANES,
    LONGEST_PAUSE_DAYS,
    LONGEST_REPEAT_DAYS,
    ROLES,
    read_party,
    read_policy,
    read_team,
)
from services.ingest.domain.reading import Problems
from services.ingest.domain.reasons import Problem as Wrong
from services.ingest.domain.reasons import Reason
from services.ingest.masterdata import CodeTakenError, MasterData, key_check

Operator = Annotated[Caller, Depends(needs("beheer"))]
Oin = Annotated[str, Path(pattern="^[0-9]{20}$")]
Id = Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,64}$")]
T = TypeVar("T")
DETAIL = "Dit is niet vastgelegd."


class Vastgelegd(Model):
    """Wat nu geldt; hetzelfde nog eens sturen verandert niets."""

    id: str


def _texts(known: Any, item: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "array", "items": item or {"type": "string", "enum": list(known)}}


PARTY = object_of(
    ("naam", "rollen"),
    naam=TEXT,
    rollen=_texts(ROLES) | {"description": "Minstens een, tenzij eigenInning."},
    signaalpartner={"type": "string", "enum": sorted(PARTNER_TYPE.values())},
    gemeentecode={"type": "string", "pattern": "^[0-9]{4}$"},
    publiekeSleutel={"type": "object", "description": "JWK van een publieke sleutel op P-256."},
    webhook={"type": "string", "format": "uri"},
    eigenInning={
        "type": "boolean",
        "default": False,
        "description": "Een overheid die zelf int: zij mag voor haar eigen vorderingen toetsen.",
    },
    koepel=OIN | {"description": "OIN van de koepel waarbij een schuldeiser is aangesloten."},
)
POLICY = object_of(
    ("pauzedagen",),
    pauzedagen={"type": "integer", "minimum": 1, "maximum": LONGEST_PAUSE_DAYS},
    drempelbedragInCenten={
        "type": "integer",
        "minimum": 0,
        "description": "Vroegsignalen onder dit bedrag worden geweigerd; standaard 0.",
    },
    herhalingDagen={
        "type": "integer",
        "minimum": 0,
        "maximum": LONGEST_REPEAT_DAYS,
        "description": "Zo lang is hetzelfde, niet hogere signaal een herhaalde melding; 0: nooit.",
    },
    alleenNaBesluit={
        "type": "boolean",
        "default": False,
        "description": "Deel alleen wie tot de schuldhulp is toegelaten (besluitdatum).",
    },
    vanafFase={
        "type": "string",
        "enum": list(PHASES),
        "description": "Deel wie in deze fase is of verder; standaard iedereen.",
    },
    contactvelden=_texts(CONTACT_FIELDS)
    | {"description": "Wat van de hulpverlener wordt gedeeld naast de organisatie; standaard alles."},
    hoogsteKrimpProcent={
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "description": "Een momentopname die een groter deel beëindigt, wordt vastgehouden; standaard 20.",
    },
)
TEAM = object_of(
    ("gemeente", "naam"),
    gemeente=OIN,
    naam=TEXT,
    gebieden=_texts((), {"type": "string", "pattern": f"^({AREA})$"}),
    lanen=_texts(LANES),
    vangnet={"type": "boolean", "default": False},
)


def master_data(data: MasterData, settings: Settings) -> APIRouter:
    """Return the routes of master data, for the organisation that runs the hub only."""

    async def operator(caller: Operator) -> None:
        if caller.party != settings.hub_oin:
            raise Problem(HTTPStatus.FORBIDDEN, "Alleen de beheerder van de hub mag dit.")

    router = APIRouter(prefix=BASE, tags=["beheer"], dependencies=[Depends(operator)])

    @router.put("/partijen/{oin}", summary="Leg een partij vast", openapi_extra=body_of(PARTY))
    async def leg_partij_vast(oin: Oin, request: Request) -> Vastgelegd:
        raw, _ = await json_of(request)
        party = _whole(*read_party(oin, raw, key_check))
        try:
            await data.put_party(party)
        except CodeTakenError:
            raise refusal(
                [Wrong(Reason.FIELD_INVALID, "gemeentecode")], "Deze code is van een andere partij."
            ) from None
        return Vastgelegd(id=oin)

    @router.put("/beleid/{oin}", summary="Leg beleid van een gemeente vast", openapi_extra=body_of(POLICY))
    async def leg_beleid_vast(oin: Oin, request: Request) -> Vastgelegd:
        raw, _ = await json_of(request)
        await data.put_policy(_whole(*read_policy(oin, raw)))
        return Vastgelegd(id=oin)

    @router.put("/teams/{id}", summary="Leg een team vast", openapi_extra=body_of(TEAM))
    async def leg_team_vast(id: Id, request: Request) -> Vastgelegd:
        raw, _ = await json_of(request)
        await data.put_team(_whole(*read_team(id, raw)))
        return Vastgelegd(id=id)

    return router


def _whole(found: T | None, problems: Problems) -> T:
    if found is None:
        raise refusal(problems, DETAIL)
    return found
