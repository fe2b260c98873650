"""PUT /v1/momentopnames/{datum}: all registrations of a registrar at once; GET: how fresh they are."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import transaction
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, IsoDate, Model, Moment, media_type
from services.ingest import snapshot_storage as storage
from services.ingest.api.refusing import refusal
from services.ingest.api.registrations import not_a_registrar
from services.ingest.api.shapes import SNAPSHOT_ROW
from services.ingest.domain import reasons
from services.ingest.domain.columns import HeadError
from services.ingest.domain.reasons import SENTENCES, Reason
from services.ingest.registrations import NotARegistrarError, RefusedError
from services.ingest.snapshot_files import FileReader, csv_file, json_file, xlsx_file
from services.ingest.snapshot_storage import Standing
from services.ingest.snapshots import (
    HeldError,
    Snapshots,
    Taken,
    TooLateError,
    TooManyPersonsError,
)
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


class MomentopnameAantallen(Model):
    """Rijen in het bestand, en wat die doen: `personen` is wie er in staat en wordt gedeeld."""

    ontvangen: int
    niet_gedeeld: int
    onleesbaar: int
    personen: int
    was: int
    nieuw: int
    gewijzigd: int
    beeindigd: int


class MomentopnameRij(Model):
    """Wat er mis is met een rij; wat onder haar kenmerk of persoon vastligt, blijft zoals het was."""

    rij: int
    code: str
    veld: str | None
    melding: str


class Momentopname(Model):
    """Wat er van een momentopname werd; ongewijzigd: zij gold al."""

    datum: IsoDate
    gemeente: str
    resultaat: Literal["verwerkt", "ongewijzigd"]
    aantallen: MomentopnameAantallen | None = None
    fouten: tuple[MomentopnameRij, ...] = ()


class Wachtend(Model):
    """Een momentopname die is begonnen, of is vastgehouden tot u haar bevestigt."""

    datum: IsoDate
    personen: int
    vastgehouden: bool


class Stand(Model):
    """Hoe vers de registraties van een registrant voor een gemeente zijn."""

    registrant: str
    gemeente: str
    datum: IsoDate | None = None
    verwerkt_op: Moment | None = None
    personen: int = 0
    ontbrak_op: IsoDate | None = None
    wachtend: Wachtend | None = None


class Standen(Model):
    """De momentopnames die u stuurt, of die over uw inwoners gaan."""

    momentopnames: tuple[Stand, ...]


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
            return _shown(await taking.take(file, caller.party, namens, datum, confirmed=bevestig))
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
        return Standen(momentopnames=tuple(map(_standing, found)))

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
    shown = _shown(error.taken).model_dump(mode="json", by_alias=True)
    more = {"aantallen": shown["aantallen"], "rijen": shown["fouten"]}
    return Problem(HTTPStatus.CONFLICT, _HELD, wrong, more=more)


def _shown(taken: Taken) -> Momentopname:
    found, tally = taken.difference, taken.tally
    amounts = found and MomentopnameAantallen(
        ontvangen=tally.received,
        niet_gedeeld=tally.not_shared,
        onleesbaar=len(tally.wrong),
        personen=found.persons,
        was=found.before,
        nieuw=found.new,
        gewijzigd=found.changed,
        beeindigd=found.gone,
    )
    return Momentopname(
        datum=taken.order.day,
        gemeente=taken.order.source.municipality,
        resultaat="verwerkt" if found else "ongewijzigd",
        aantallen=amounts,
        fouten=tuple(
            MomentopnameRij(
                rij=number, code=each.reason.value, veld=each.field or None, melding=each.sentence
            )
            for number, problems in sorted(tally.wrong.items())
            for each in problems
        ),
    )


def _standing(found: Standing) -> Stand:
    current, coming = found.current, found.coming
    waiting = coming and Wachtend(datum=coming.day, personen=coming.persons, vastgehouden=coming.held)
    return Stand(
        registrant=found.source.registrar,
        gemeente=found.source.municipality,
        datum=current.day if current else None,
        verwerkt_op=found.taken_at,
        personen=current.persons if current else 0,
        ontbrak_op=found.missing_on,
        wachtend=waiting,
    )
