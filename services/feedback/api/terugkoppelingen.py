"""What creditors may read of their own signals (scope `terugkoppelingen`)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.common import ddas
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model, Moment
from services.feedback.api import cursor
from services.feedback.api.own import Creditor, Represents, owner
from services.feedback.disclosures import DisclosedRow, Disclosures
from services.feedback.domain import Owner, allowed

PAGE = 1000
Reader = Annotated[Caller, Depends(needs("terugkoppelingen"))]


class Hulpverlener(Model):
    """Met wie contact kan worden opgenomen zolang de hulp loopt."""

    organisatie: str
    telefoon: str | None
    email: str | None


class Terugkoppeling(Model):
    """Wat een schuldeiser van zijn signaal mag weten."""

    id: str
    gemeente: str
    status: str
    hulp_geaccepteerd: bool | None
    contacten: list[Hulpverlener]
    ingetrokken: bool


class GewijzigdeTerugkoppeling(Terugkoppeling):
    """Een terugkoppeling met het moment waarop zij hier leesbaar werd."""

    gewijzigd_op: Moment


class Terugkoppelingen(Model):
    """Een pagina; volgende is de waarde van vanaf voor de volgende."""

    terugkoppelingen: list[GewijzigdeTerugkoppeling]
    volgende: str | None = None


def terugkoppelingen(disclosures: Disclosures, represents: Represents) -> APIRouter:
    """Return the routes; what is not the caller's does not exist for it (404)."""
    router = APIRouter(prefix=BASE, tags=["terugkoppelingen"])

    def scope(caller: Caller, creditor: str | None) -> Owner:
        found = owner(caller, creditor, represents)
        if found is None:
            raise _not_found()
        return found

    @router.get("/signalen/{id}", summary="De terugkoppeling op een eigen signaal", responses=_NOT_FOUND)
    async def lees_signaal(id: str, caller: Reader, schuldeiser: Creditor = None) -> Terugkoppeling:
        whose = scope(caller, schuldeiser)
        row = await disclosures.signal(whose, id) if cursor.is_id(id) else None
        if row is None:
            raise _not_found()
        return Terugkoppeling(**_shown(row))

    @router.get("/terugkoppelingen", summary="Wat er veranderde aan de eigen signalen", responses=_NOT_FOUND)
    async def lees_terugkoppelingen(
        caller: Reader,
        vanaf: Annotated[
            str | None, Query(description="Een tijdstip met zone, of de waarde van volgende.")
        ] = None,
        schuldeiser: Creditor = None,
    ) -> Terugkoppelingen:
        whose = scope(caller, schuldeiser)
        rows = await disclosures.since(whose, *cursor.start(vanaf), PAGE + 1)
        return _page(rows)

    return router


_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Dit is er niet, of is van een ander."}
}


def _not_found() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "Dit signaal is er niet.")


def _page(rows: Sequence[DisclosedRow]) -> Terugkoppelingen:
    shown = rows[:PAGE]
    return Terugkoppelingen(
        terugkoppelingen=[
            GewijzigdeTerugkoppeling(**_shown(row), gewijzigd_op=row.changed_at) for row in shown
        ],
        volgende=cursor.encode(shown[-1].position) if len(rows) > PAGE else None,
    )


def _shown(row: DisclosedRow) -> dict[str, Any]:
    """Apply the allow-list once more: whatever a row holds, no more than this goes out."""
    feedback = allowed(row.feedback)
    return {
        "id": feedback.signal_id,
        "gemeente": feedback.municipality,
        "status": ddas.FEEDBACK_STATUS[feedback.status],
        "hulp_geaccepteerd": feedback.help_accepted,
        "contacten": [
            Hulpverlener(organisatie=each.organisation, telefoon=each.phone, email=each.email)
            for each in feedback.contacts
        ],
        "ingetrokken": feedback.withdrawn,
    }
