"""POST /v1/leveringen: many signals at once, as JSON lines, CSV or XLSX; GET: what became of each row."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.common.errors import PermanentError
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model, Moment, media_type
from services.ingest.api.refusing import refusal
from services.ingest.api.results import result_file
from services.ingest.api.shapes import SIGNAL
from services.ingest.deliveries import Deliveries, OtherFileError, TooManyRowsError
from services.ingest.delivery_storage import (
    Counts,
    DeliveryRow,
    DeliveryState,
    DeliveryStorage,
    DeliverySummary,
    OvertakenError,
    Status,
)
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
_OTHER_FILE = (
    "Onder deze Idempotency-Key leverde u iets anders; lever een verbeterd bestand onder een nieuwe."
)
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


class LeveringInLijst(Levering):
    """Een levering en hoe ver zij is; `sleutel` is uw Idempotency-Key. Van een proef is niets geleverd."""

    status: Status
    proef: bool
    sleutel: str | None
    begonnen_op: Moment


class Leveringen(Model):
    """Uw laatste leveringen, de nieuwste eerst."""

    leveringen: tuple[LeveringInLijst, ...]


class Regel(Model):
    """Wat er van een regel werd; `regel` is het regelnummer in het bestand, vanaf 1."""

    regel: int
    kenmerk: str | None
    id: str | None
    resultaat: Outcome
    redenen: tuple[str, ...]


class LeveringMetRegels(LeveringInLijst):
    """Een levering met een bladzijde regels; `volgende` is de vanafRegel van de volgende bladzijde."""

    regels: tuple[Regel, ...]
    volgende: int | None = None


Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="Uw eigen naam voor deze levering, zonder persoonsgegevens. Onder dezelfde naam gaat een "
        "levering die afbrak verder waar zij was: geen regel telt dubbel.",
    ),
]
Trial = Annotated[
    bool, Query(alias="proef", description="Beproef de levering: dezelfde uitkomst, zonder te leveren.")
]
First = Annotated[int, Query(alias="vanafRegel", ge=1, le=2_000_000_000)]
_RESULT: dict[int | str, Any] = {
    HTTPStatus.OK: {
        "content": {CSV_TYPE: {"schema": {"type": "string"}}},
        "description": "Een regel per rij.",
    },
    HTTPStatus.NOT_FOUND: {},
}


def deliveries(taking: Deliveries, storage: DeliveryStorage) -> APIRouter:
    """Return the routes of deliveries."""
    router = APIRouter(prefix=BASE, tags=["leveringen"])

    @router.post(
        PATH,
        status_code=HTTPStatus.ACCEPTED,
        summary="Lever veel signalen tegelijk",
        responses={
            HTTPStatus.OK: {"model": Levering, "description": "Bij een proef: er is niets geleverd."},
            HTTPStatus.CONFLICT: {"description": _OTHER_FILE},
        },
        openapi_extra=_BODY,
    )
    async def lever(
        request: Request, response: Response, caller: Sender, key: Key = None, *, trial: Trial = False
    ) -> Levering:
        reader = _reader(request)
        try:
            id_, counts = await taking.take(reader(request.stream()), caller.party, key, trial=trial)
        except (HeadError, PermanentError) as error:
            raise _refused(error, taking.most_rows) from None
        if trial:
            response.status_code = HTTPStatus.OK
        response.headers["Location"] = f"{BASE}{PATH}/{id_}"
        return Levering(id=id_, aantallen=_amounts(counts))

    @router.get(PATH, summary="Vraag uw laatste leveringen op, met hoe ver zij zijn")
    async def vraag_leveringen_op(caller: Sender) -> Leveringen:
        return Leveringen(leveringen=tuple(map(_listed, await storage.latest(caller.party))))

    @router.get(f"{PATH}/{{id}}", summary="Vraag een eigen levering op", responses={HTTPStatus.NOT_FOUND: {}})
    async def vraag_levering_op(id: UUID, caller: Sender, first: First = 1) -> LeveringMetRegels:
        return _shown(await _found(storage, id, caller, first))

    @router.get(
        f"{PATH}/{{id}}/resultaat",
        summary="Haal het resultaat van een eigen levering als bestand",
        response_class=StreamingResponse,
        responses=_RESULT,
    )
    async def haal_resultaat(id: UUID, caller: Sender) -> StreamingResponse:
        first = await _found(storage, id, caller, 1)
        pages = result_file(first, lambda row: storage.find(str(id), caller.party, row))
        headers = {"Content-Disposition": f'attachment; filename="levering-{id}.csv"'}
        return StreamingResponse(pages, media_type=CSV_TYPE, headers=headers)

    return router


async def _found(storage: DeliveryStorage, id: UUID, caller: Caller, first: int) -> DeliveryState:
    found = await storage.find(str(id), caller.party, first)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "Deze levering is er niet, of niet van u.")
    return found


def _reader(request: Request) -> RowReader:
    made = READERS.get(media_type(request))
    if made is None:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Stuur {' of '.join(READERS)}.")
    return made


def _refused(error: Exception, most_rows: int) -> Exception:
    match error:
        case HeadError():
            return refusal(error.problems, "De kop klopt niet; er is niets verwerkt.")
        case NoWorkbookError():
            return refusal([reasons.Problem(Reason.UNREADABLE)], _NO_WORKBOOK)
        case TooManyRowsError():
            detail = f"Een levering heeft hoogstens {most_rows} regels; de rest is niet verwerkt."
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        case OtherFileError():
            return Problem(HTTPStatus.CONFLICT, _OTHER_FILE)
        case OvertakenError():
            return Problem(
                HTTPStatus.CONFLICT, "Deze levering is intussen opnieuw begonnen, en gaat daar verder."
            )
        case _:
            return error


def _amounts(counts: Counts) -> Aantallen:
    return Aantallen(
        ontvangen=counts.received,
        geaccepteerd=counts.accepted,
        geweigerd=counts.refused,
        conflict=counts.conflict,
    )


def _listed(found: DeliverySummary) -> LeveringInLijst:
    return LeveringInLijst(
        id=found.id,
        aantallen=_amounts(found.counts),
        status=found.status,
        proef=found.trial,
        sleutel=found.key,
        begonnen_op=found.started_at,
    )


def _shown(found: DeliveryState) -> LeveringMetRegels:
    return LeveringMetRegels(
        **_listed(found.summary).model_dump(by_alias=False),
        regels=tuple(map(_line, found.rows)),
        volgende=found.next_row,
    )


def _line(row: DeliveryRow) -> Regel:
    return Regel(
        regel=row.row,
        kenmerk=row.reference,
        id=row.signal_id,
        resultaat=Outcome(row.outcome),
        redenen=tuple(dict.fromkeys(row.reasons)),
    )
