"""What creditors may read of their own signals (scope `terugkoppelingen`)."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.common import ddas
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model, Moment
from services.feedback.api import cursor
from services.feedback.disclosures import DisclosedRow, Disclosures
from services.feedback.domain import allowed

PAGE = 1000
Reader = Annotated[Caller, Depends(needs("terugkoppelingen"))]
Creditor = Annotated[
    str | None,
    Query(description="OIN van de schuldeiser namens wie wordt gelezen; standaard de partij van het token."),
]
Represents = Callable[[str, str], Sequence[str]]
"""(sender, creditor) -> the municipalities whose agreement names this sender for this creditor, now."""


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

    def scope(caller: Caller, creditor: str | None) -> tuple[str, Sequence[str] | None]:
        """Return whose signals, and of which municipalities (None = all)."""
        if creditor in (None, caller.party):
            return caller.party, None
        found = represents(caller.party, creditor or "")
        if not found:
            raise _not_found()
        return creditor or "", found

    @router.get("/signalen/{id}", summary="De terugkoppeling op een eigen signaal", responses=_NOT_FOUND)
    async def lees_signaal(id: str, caller: Reader, schuldeiser: Creditor = None) -> Terugkoppeling:
        creditor, municipalities = scope(caller, schuldeiser)
        row = await disclosures.signal(creditor, municipalities, id) if cursor.is_id(id) else None
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
        creditor, municipalities = scope(caller, schuldeiser)
        paging = vanaf is not None and cursor.is_cursor(vanaf)
        moment = cursor.moment(vanaf) if vanaf is not None and not paging else None
        position = _position(vanaf or "") if paging else 0
        rows = await disclosures.since(creditor, municipalities, moment, position, PAGE + 1)
        return _page(rows)

    return router


_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Dit is er niet, of is van een ander."}
}


def _not_found() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "Dit signaal is er niet.")


def _position(vanaf: str) -> int:
    parts = cursor.decode(vanaf)
    if len(parts) != 1 or not isinstance(parts[0], int):
        raise cursor.invalid()
    return parts[0]


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
