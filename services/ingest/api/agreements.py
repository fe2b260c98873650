"""/v1/overeenkomsten: who may send which signals to whom, and who may act for whom.

Whoever runs the hub keeps them (scope beheer): one by one, or all of a table. A party sees its own (scope
overeenkomsten) and signs them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from services.common.errors import PermanentError
from services.common.events import Agreement
from services.common.problems import Problem
from services.common.settings import Settings
from services.common.tokens import Caller, needs
from services.common.web import BASE, IsoDate, media_type
from services.ingest.agreements import ID, Agreements, RefusedError
from services.ingest.api.agreement_models import (
    AGREEMENT,
    Ingelezen,
    NieuweStap,
    Overeenkomst,
    Overeenkomsten,
    StatusText,
    shown,
)
from services.ingest.api.refusing import json_of, refusal
from services.ingest.api.shapes import body_of
from services.ingest.domain.agreements import STATUSES, concerns, may_step
from services.ingest.domain.columns import HeadError
from services.ingest.tables import CSV_TYPE, XLSX_TYPE, NoWorkbookError, csv_table, xlsx_table

PATH = "/overeenkomsten"
MOST_BYTES = 32 * 1024 * 1024
"""Of a table: 100,000 agreements have some 15 MB."""
TABLES = {CSV_TYPE: csv_table, XLSX_TYPE: xlsx_table}
Operator = Annotated[Caller, Depends(needs("beheer"))]
Party = Annotated[Caller, Depends(needs("overeenkomsten"))]
Id = Annotated[str, Path(pattern=f"^{ID}$")]
Oin = Annotated[str | None, Query(pattern="^[0-9]{20}$")]
DETAIL = "Dit is niet vastgelegd."
_TABLE = "Kolommen id, gemeente, schuldeiser, vanaf; naar keuze afzender, uitvoerder, tot, soorten, status."
_TABLES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "description": _TABLE}} for kind in TABLES},
    }
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which agreements of a list are wanted; `on`: those in force on a day."""

    gemeente: Oin = None
    schuldeiser: Oin = None
    afzender: Oin = None
    status: StatusText | None = None
    geldig_op: Annotated[IsoDate | None, Query(alias="geldigOp")] = None

    def wants(self, agreement: Agreement) -> bool:
        wanted = (
            (self.gemeente, agreement.grantor),
            (self.schuldeiser, agreement.grantee),
            (self.afzender, agreement.sender),
            (self.status and STATUSES[self.status], agreement.status),
        )
        on: date | None = self.geldig_op
        return all(want in (None, has) for want, has in wanted) and (on is None or agreement.holds(on))


def kept_agreements(keeping: Agreements, settings: Settings) -> APIRouter:
    """Return the routes by which whoever runs the hub keeps agreements."""

    async def operator(caller: Operator) -> None:
        if caller.party != settings.hub_oin:
            raise Problem(HTTPStatus.FORBIDDEN, "Alleen de beheerder van de hub mag dit.")

    router = APIRouter(prefix=BASE, tags=["overeenkomsten"], dependencies=[Depends(operator)])

    @router.put(f"{PATH}/{{id}}", summary="Leg een overeenkomst vast", openapi_extra=body_of(AGREEMENT))
    async def leg_overeenkomst_vast(id: Id, request: Request, caller: Operator) -> Overeenkomst:
        raw, _ = await json_of(request)
        try:
            return shown(await keeping.put(id, raw, caller.party))
        except RefusedError as error:
            raise refusal(error.problems, DETAIL) from None

    @router.post(PATH, summary="Lees een tabel van overeenkomsten in", openapi_extra=_TABLES)
    async def lees_overeenkomsten_in(request: Request, caller: Operator) -> Ingelezen:
        table = TABLES.get(media_type(request))
        if table is None:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Stuur {' of '.join(TABLES)}.")
        try:
            found = await keeping.take(table(request.stream()), caller.party)
        except (HeadError, RefusedError) as error:
            raise refusal(error.problems, "Er is niets vastgelegd: niet alles klopt.") from None
        except NoWorkbookError:
            raise Problem(HTTPStatus.BAD_REQUEST, "Dit is geen XLSX-bestand dat te lezen is.") from None
        return Ingelezen(ontvangen=found.received, gewijzigd=found.changed)

    return router


def agreements(keeping: Agreements, settings: Settings) -> APIRouter:
    """Return the routes by which a party sees its agreements and signs them."""
    router = APIRouter(prefix=BASE, tags=["overeenkomsten"])

    def sees(caller: Caller) -> Callable[[Agreement], bool]:
        return lambda each: caller.party == settings.hub_oin or concerns(each, caller.party)

    def one(id_: str, caller: Caller) -> Agreement:
        found = keeping.view.get(id_)
        if found is None or not sees(caller)(found):
            raise Problem(HTTPStatus.NOT_FOUND, "Deze overeenkomst is er niet, of u bent er geen partij bij.")
        return found

    @router.get(f"{PATH}/{{id}}", summary="Vraag een overeenkomst op", responses={HTTPStatus.NOT_FOUND: {}})
    async def vraag_overeenkomst_op(id: Id, caller: Party) -> Overeenkomst:
        return shown(one(id, caller))

    @router.get(PATH, summary="Vraag overeenkomsten op")
    async def vraag_overeenkomsten_op(
        caller: Party,
        wanted: Annotated[Filter, Depends()],
        after: Annotated[str | None, Query(alias="na", pattern=f"^{ID}$")] = None,
        limit: Annotated[int, Query(alias="aantal", ge=1, le=1000)] = 100,
    ) -> Overeenkomsten:
        seen = (each for each in keeping.view.values() if each.agreement_id > (after or ""))
        found = filter(wanted.wants, filter(sees(caller), seen))
        page = nsmallest(limit + 1, found, key=attrgetter("agreement_id"))
        more = page[limit - 1].agreement_id if len(page) > limit else None
        return Overeenkomsten(overeenkomsten=tuple(map(shown, page[:limit])), volgende=more)

    @router.post(
        f"{PATH}/{{id}}/stappen",
        summary="Zet de volgende stap van een overeenkomst",
        responses={HTTPStatus.NOT_FOUND: {}},
    )
    async def zet_stap(id: Id, stap: NieuweStap, caller: Party) -> Overeenkomst:
        status = STATUSES[stap.status]

        def may(found: Agreement) -> bool:
            return caller.party == settings.hub_oin or may_step(found, status, caller.party)

        if not may(one(id, caller)):
            raise Problem(HTTPStatus.FORBIDDEN, "Deze stap is aan een andere partij.")
        try:
            return shown(await keeping.step(id, status, stap.tot, caller.party, may))
        except PermanentError as error:
            raise refusal(getattr(error, "problems", ()), "Deze stap is niet gezet.") from None

    return router
