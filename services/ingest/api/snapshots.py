"""PUT /v1/momentopnames/{datum}: all registrations of a registrar at once; GET: how fresh they are."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, IsoDate, media_type
from services.ingest import snapshot_storage as storage
from services.ingest.api.refusing import refusal
from services.ingest.api.registrations import not_a_registrar
from services.ingest.api.shapes import SNAPSHOT_ROW
from services.ingest.api.snapshot_models import Momentopname, Standen, shown, standing
from services.ingest.domain import reasons
from services.ingest.domain.columns import HeadError
from services.ingest.domain.reasons import SENTENCES, Reason
from services.ingest.registrations import NotARegistrarError, RefusedError
from services.ingest.snapshot_files import FileReader, csv_file, json_file, xlsx_file
from services.ingest.snapshot_taking import HeldError, TooLateError, TooManyPersonsError
from services.ingest.snapshots import Snapshots
from services.ingest.tables import CSV_TYPE, MOST_XLSX_BYTES, XLSX_TYPE, NoWorkbookError

Registrar = Annotated[Caller, Depends(needs("registraties"))]
PATH = "/momentopnames"
MOST_BYTES = 256 * 1024 * 1024
JSON_LINES_TYPE = "application/x-ndjson"
READERS: dict[str, FileReader] = {JSON_LINES_TYPE: json_file, CSV_TYPE: csv_file, XLSX_TYPE: xlsx_file}
_TABLE = (
    "De eerste rij noemt de kolommen, in willekeurige volgorde: de namen van het JSON-bericht of wat "
    "gebruikelijk is (bsn, startdatum, hulpverlener). Datums: JJJJ-MM-DD of DD-MM-JJJJ."
)
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON_LINES_TYPE: {"schema": SNAPSHOT_ROW | {"description": "Eén registratie per regel."}},
            CSV_TYPE: {"schema": {"type": "string", "description": _TABLE}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary", "description": _TABLE}},
        },
    }
}
_HELD = (
    "De momentopname is vastgehouden en er is niets veranderd. Klopt zij, stuur dan hetzelfde bestand "
    "nog eens met ?bevestig=true; klopt zij niet, stuur dan een verbeterd bestand."
)
_CONFLICT = f"Een latere momentopname geldt al, of: {_HELD}"


OnBehalfOf = Annotated[
    str | None,
    Query(alias="namens", pattern="^[0-9]{20}$", description="OIN van de gemeente; standaard uzelf."),
]
Confirmed = Annotated[
    bool, Query(alias="bevestig", description="Dit bestand is vastgehouden en klopt; anders zonder gevolg.")
]


def snapshots(taking: Snapshots, engine: AsyncEngine) -> APIRouter:
    """Return the routes of snapshots."""
    router = APIRouter(prefix=BASE, tags=["registraties"])

    @router.put(
        f"{PATH}/{{datum}}",
        summary="Stuur alle registraties van een dag; alleen het verschil telt",
        responses={HTTPStatus.CONFLICT: {"description": _CONFLICT}},
        openapi_extra=_BODY,
    )
    async def stuur_momentopname(
        datum: IsoDate,
        request: Request,
        caller: Registrar,
        namens: OnBehalfOf = None,
        *,
        bevestig: Confirmed = False,
    ) -> Momentopname:
        reader = READERS.get(media_type(request))
        if reader is None:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Stuur {' of '.join(READERS)}.")
        try:
            file = reader(request.stream())
            return shown(await taking.take(file, caller.party, namens, datum, confirmed=bevestig))
        except (HeadError, RefusedError) as error:
            raise refusal(error.problems, "Er is niets verwerkt.") from None
        except HeldError as error:
            raise _held(error) from None
        except (NotARegistrarError, TooLateError, TooManyPersonsError, NoWorkbookError) as error:
            raise _refused(error, taking.most_rows) from None

    @router.get(PATH, summary="Vraag op hoe vers registraties zijn")
    async def vraag_momentopnames_op(caller: Registrar) -> Standen:
        async with transaction(engine) as connection:
            found = await storage.of_party(connection, caller.party)
        return Standen(momentopnames=tuple(map(standing, found)))

    return router


def _refused(error: Exception, most_rows: int) -> Problem:
    match error:
        case NotARegistrarError():
            return not_a_registrar()
        case TooLateError():
            wrong = (Reason.SNAPSHOT_OLDER.value, "datum", SENTENCES[Reason.SNAPSHOT_OLDER])
            return Problem(
                HTTPStatus.CONFLICT, "Een latere momentopname geldt al; er is niets veranderd.", [wrong]
            )
        case TooManyPersonsError():
            detail = f"Een momentopname heeft hoogstens {most_rows} rijen; er is niets verwerkt."
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        case _:
            detail = f"Dit is geen XLSX-bestand van hoogstens {MOST_XLSX_BYTES} bytes; er is niets verwerkt."
            return refusal([reasons.Problem(Reason.UNREADABLE)], detail)


def _held(error: HeldError) -> Problem:
    wrong = [(each.reason.value, each.field or None, each.sentence) for each in error.doubts]
    told = shown(error.taken).model_dump(mode="json", by_alias=True)
    more = {"aantallen": told["aantallen"], "rijen": told["fouten"]}
    return Problem(HTTPStatus.CONFLICT, _HELD, wrong, more=more)
