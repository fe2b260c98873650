"""Collection pauses: what a creditor does and acknowledges, also as a file; for a town, who did not."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from services.common.clock import AMSTERDAM, Clock, begin_of
from services.common.events import PauseEnd, PauseGround, Role
from services.common.problems import INVALID, Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, IsoDate, Model, Moment
from services.feedback.acknowledging import Acknowledging
from services.feedback.api import cursor
from services.feedback.api.own import Creditor, Represents, owner
from services.feedback.api.pauzebestand import GROUND, day_file
from services.feedback.domain import Owner
from services.feedback.pause_reading import Asked, PauseRow, Pauses

PAGE = 1000
SETTLED = timedelta(minutes=5)
"""So long after midnight all of the day before is written: a batch takes a minute at most."""
Party = Annotated[Caller, Depends(needs("pauzes"))]
RolesOf = Callable[[str], Collection[Role]]
"""The roles of a party (OIN)."""


class Pauze(Model):
    """Een incassopauze zoals die nu is; de grond staat er alleen bij zolang die geldt."""

    id: str
    schuldeiser: str
    gemeente: str
    status: Literal["loopt", "beeindigd"]
    volgnummer: int
    signalen: list[str]
    dossiernummer: str | None
    begint_op: Moment
    eindigt_op: Moment
    eerder_beeindigd: bool
    grond: Literal["hulpGeaccepteerd", "bekendBijSchuldhulpverlening", "toets"] | None
    gaat_verder_als: str | None
    gewijzigd_op: Moment
    bevestigd_op: Moment | None


class Pauzes(Model):
    """Een pagina; volgende is de waarde van vanaf voor de volgende."""

    pauzes: list[Pauze]
    volgende: str | None = None


class Bevestiging(Model):
    """Tot en met welke wijziging van de pauze is bevestigd."""

    id: str
    volgnummer: int


def pauzes(
    found: Pauses, acknowledging: Acknowledging, roles_of: RolesOf, represents: Represents, clock: Clock
) -> APIRouter:
    """Return the routes of scope `pauzes`; what is not the caller's does not exist for it (404).

    Who sends for a creditor reads and confirms the pauses for signals, where an agreement names it; a pause
    for the dossier of a bailiff alone is the creditor's own matter.
    """
    router = APIRouter(prefix=f"{BASE}/pauzes", tags=["pauzes"])

    def whose(caller: Caller, creditor: str | None) -> Owner:
        mine = owner(caller, creditor, represents)
        if mine is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Deze pauzes zijn er niet.")
        return mine

    @router.get(
        "",
        summary="De pauzes van een schuldeiser, of voor de inwoners van een gemeente",
        responses=_NOT_FOUND,
    )
    async def lees_pauzes(
        caller: Party,
        status: Annotated[Literal["loopt", "beeindigd"] | None, Query()] = None,
        bevestigd: Annotated[
            bool | None,
            Query(description="Of de laatste wijziging (voor een gemeente: op tijd) is bevestigd."),
        ] = None,
        vanaf: Annotated[
            str | None,
            Query(
                description="Een tijdstip met zone (ook wat tot 5 seconden eerder wijzigde komt mee), "
                "of de waarde van volgende."
            ),
        ] = None,
        schuldeiser: Creditor = None,
    ) -> Pauzes:
        asked, roles = replace(_asked(status, vanaf), confirmed=bevestigd), roles_of(caller.party)
        if Role.CREDITOR in roles or schuldeiser not in (None, caller.party):
            rows = await found.of_creditor(whose(caller, schuldeiser), asked, PAGE + 1)
        elif Role.MUNICIPALITY in roles and caller.team is None:
            late = None if bevestigd is not False else acknowledging.due_before()
            rows = await found.of_municipality(caller.party, replace(asked, before=late), PAGE + 1)
        else:
            raise Problem(HTTPStatus.FORBIDDEN, "U bent hier geen schuldeiser of gemeente.")
        return _page(rows)

    @router.get(
        "/dagbestand",
        summary="Wat er op een dag veranderde, als CSV; van een dag die voorbij is",
        response_class=StreamingResponse,
        responses=_NOT_FOUND,
    )
    async def haal_dagbestand(
        caller: Party,
        datum: Annotated[IsoDate | None, Query(description="Standaard gisteren.")] = None,
        schuldeiser: Creditor = None,
    ) -> StreamingResponse:
        mine, day = whose(caller, schuldeiser), _settled(datum, clock.now())
        pages = day_file(found, mine, begin_of(day), begin_of(day + timedelta(days=1)))
        headers = {"Content-Disposition": f'attachment; filename="pauzes-{day.isoformat()}.csv"'}
        return StreamingResponse(pages, media_type="text/csv", headers=headers)

    @router.post(
        "/{id}/bevestiging",
        summary="Bevestig dat de pauze is verwerkt zoals die nu is",
        status_code=HTTPStatus.ACCEPTED,
        responses=_NOT_FOUND,
    )
    async def bevestig_pauze(id: str, caller: Party, schuldeiser: Creditor = None) -> Bevestiging:
        mine = whose(caller, schuldeiser)
        row = await found.one(mine, id) if cursor.is_id(id) else None
        if row is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Deze pauze is er niet.")
        await acknowledging.said(row.pause)
        return Bevestiging(id=id, volgnummer=row.pause.sequence)

    return router


_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Deze pauze is er niet, of is van een ander."}
}


def _asked(status: str | None, vanaf: str | None) -> Asked:
    moment, position = cursor.start(vanaf)
    return Asked(running=None if status is None else status == "loopt", moment=moment, position=position)


def _settled(asked: date | None, now: datetime) -> date:
    """Return the day asked for, by default the last one of which nothing can come any more."""
    last = (now - SETTLED).astimezone(AMSTERDAM).date() - timedelta(days=1)
    if asked is not None and asked > last:
        fout = ("DATE_INVALID", "datum", f"Het laatste dagbestand dat compleet is, is dat van {last}.")
        raise Problem(HTTPStatus.BAD_REQUEST, INVALID, [fout])
    return asked or last


def _page(rows: list[PauseRow]) -> Pauzes:
    shown = rows[:PAGE]
    return Pauzes(
        pauzes=[_shown(row) for row in shown],
        volgende=cursor.encode(shown[-1].position) if len(rows) > PAGE else None,
    )


def _shown(row: PauseRow) -> Pauze:
    pause = row.pause
    ground: PauseGround | None = pause.ground
    return Pauze(
        id=pause.pause_id,
        schuldeiser=pause.creditor,
        gemeente=pause.municipality,
        status="loopt" if row.runs else "beeindigd",
        volgnummer=pause.sequence,
        signalen=list(pause.signal_ids),
        dossiernummer=pause.dossier,
        begint_op=pause.starts_at,
        eindigt_op=pause.ends_at,
        eerder_beeindigd=pause.end_reason is PauseEnd.RESULT,
        grond=GROUND[ground] if ground else None,
        gaat_verder_als=pause.covered_by,
        gewijzigd_op=row.changed_at,
        bevestigd_op=row.acknowledged_at,
    )
