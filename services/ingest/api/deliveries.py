"""POST /v1/leveringen: many signals at once, as JSON lines, CSV or XLSX; GET: what became of each row."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model, media_type
from services.ingest.api.refusing import refusal
from services.ingest.api.shapes import SIGNAL
from services.ingest.deliveries import Deliveries, TooManyRowsError
from services.ingest.delivery_storage import Counts, DeliveryState, DeliveryStorage, Status
from services.ingest.domain import reasons
from services.ingest.domain.columns import HeadError
from services.ingest.domain.reasons import Reason
from services.ingest.judging import Outcome
from services.ingest.rows import RowReader, csv_rows, json_rows, xlsx_rows
from services.ingest.tables import CSV_TYPE, MOST_XLSX_BYTES, XLSX_TYPE, NoWorkbookError

Sender = Annotated[Caller, Depends(needs("signalen"))]
PATH = "/leveringen"
MOST_BYTES = 256 * 1024 * 1024
JSON_LINES_TYPE = "application/x-ndjson"
READERS: dict[str, RowReader] = {JSON_LINES_TYPE: json_rows, CSV_TYPE: csv_rows, XLSX_TYPE: xlsx_rows}
_TABLE = (
    "De eerste rij noemt de kolommen, in willekeurige volgorde: de namen van het JSON-bericht of wat "
    "gebruikelijk is (achternaam, huisnr, toev). `bedrag` is in euro's; datums: JJJJ-MM-DD of DD-MM-JJJJ."
)
_NO_WORKBOOK = f"Dit is geen XLSX-bestand van hoogstens {MOST_XLSX_BYTES} bytes; wat verwerkt is, blijft."
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON_LINES_TYPE: {"schema": SIGNAL | {"description": "Eén signaal per regel."}},
            CSV_TYPE: {"schema": {"type": "string", "description": _TABLE}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary", "description": _TABLE}},
        },
    }
}


class Aantallen(Model):
    """Hoeveel regels er waren, en wat ervan werd."""

    ontvangen: int
    geaccepteerd: int
    geweigerd: int
    conflict: int


class Levering(Model):
    """Wat er van een levering werd; vraag de regels op met het id."""

    id: str
    aantallen: Aantallen


class Regel(Model):
    """Wat er van een regel werd; `regel` is het regelnummer in het bestand, vanaf 1."""

    regel: int
    kenmerk: str | None
    id: str | None
    resultaat: Outcome
    redenen: tuple[str, ...]


class LeveringMetRegels(Levering):
    """Een levering met een bladzijde regels; `volgende` is de vanafRegel van de volgende bladzijde."""

    status: Status
    regels: tuple[Regel, ...]
    volgende: int | None = None


def deliveries(taking: Deliveries, storage: DeliveryStorage) -> APIRouter:
    """Return the routes of deliveries."""
    router = APIRouter(prefix=BASE, tags=["leveringen"])

    @router.post(
        PATH,
        status_code=HTTPStatus.ACCEPTED,
        summary="Lever veel signalen tegelijk",
        openapi_extra=_BODY,
    )
    async def lever(request: Request, response: Response, caller: Sender) -> Levering:
        reader = _reader(request)
        try:
            id_, counts = await taking.take(reader(request.stream()), caller.party)
        except HeadError as error:
            raise refusal(error.problems, "De kop klopt niet; er is niets verwerkt.") from None
        except NoWorkbookError:
            raise refusal([reasons.Problem(Reason.UNREADABLE)], _NO_WORKBOOK) from None
        except TooManyRowsError:
            detail = f"Een levering heeft hoogstens {taking.most_rows} regels; de rest is niet verwerkt."
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail) from None
        response.headers["Location"] = f"{BASE}{PATH}/{id_}"
        return Levering(id=id_, aantallen=_amounts(counts))

    @router.get(f"{PATH}/{{id}}", summary="Vraag een eigen levering op", responses={HTTPStatus.NOT_FOUND: {}})
    async def vraag_levering_op(
        id: UUID,
        caller: Sender,
        first: Annotated[int, Query(alias="vanafRegel", ge=1, le=2_000_000_000)] = 1,
    ) -> LeveringMetRegels:
        found = await storage.find(str(id), caller.party, first)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Deze levering is er niet, of niet van u.")
        return _shown(str(id), found)

    return router


def _reader(request: Request) -> RowReader:
    made = READERS.get(media_type(request))
    if made is None:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Stuur {' of '.join(READERS)}.")
    return made


def _amounts(counts: Counts) -> Aantallen:
    return Aantallen(
        ontvangen=counts.received,
        geaccepteerd=counts.accepted,
        geweigerd=counts.refused,
        conflict=counts.conflict,
    )


def _shown(id_: str, found: DeliveryState) -> LeveringMetRegels:
    return LeveringMetRegels(
        id=id_,
        aantallen=_amounts(found.counts),
        status=found.status,
        regels=tuple(
            Regel(
                regel=row.row,
                kenmerk=row.reference,
                id=row.signal_id,
                resultaat=Outcome(row.outcome),
                redenen=row.reasons,
            )
            for row in found.rows
        ),
        volgende=found.next_row,
    )
