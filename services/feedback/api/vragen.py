"""Questions to a municipality, and its answers: is this the resident who is in debt help."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from services.common.events import QuestionState
from services.common.problems import Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model, Moment
from services.feedback.api import cursor
from services.feedback.api.models import Ontvangen
from services.feedback.api.own import whose
from services.feedback.questions import QuestionRow, Questions
from services.feedback.storage import Worklist

PAGE = 100
WITHDRAWN = "Deze vraag is vervallen: het signaal of de registratie is er niet meer, of zegt nu iets anders."
Team = Annotated[Caller, Depends(needs("zaken"))]

_KINDS = {"BSN": "BSN", "birth date": "geboortedatum", "surname": "achternaam", "initials": "voorletters"}
_AGREEMENTS = {
    "same": "gelijk",
    "part": "deels gelijk",
    "one slip apart": "één vergissing verschil",
    "other": "anders",
    "unknown": "onbekend",
}


class Vraag(Model):
    """Is de inwoner van dit signaal degene van deze registratie.

    De persoonsgegevens van het signaal zijn een JWE voor de sleutel van de gemeente.
    """

    id: str
    zaak: str
    signaal: str
    registratie: str
    redenen: list[str]
    gesteld_op: Moment
    persoonsgegevens: str | None


class Vragen(Model):
    """Een pagina van open vragen; volgende is de waarde van vanaf voor de volgende."""

    vragen: list[Vraag]
    volgende: str | None = None


class Antwoord(Model):
    """Ja: dezelfde persoon. Een later ander antwoord vervangt het eerdere."""

    antwoord: Literal["ja", "nee"]


def vragen(questions: Questions, worklist: Worklist) -> APIRouter:
    """Return the routes of scope `zaken`; a question that is not the caller's does not exist for it (404)."""
    router = APIRouter(prefix=f"{BASE}/vragen", tags=["vragen"])

    @router.get("", summary="Open vragen: is deze inwoner degene die al schuldhulp krijgt?")
    async def lees_vragen(
        caller: Team,
        vanaf: Annotated[
            str | None, Query(description="De waarde van volgende, voor de volgende pagina.")
        ] = None,
    ) -> Vragen:
        own = whose(caller)
        rows = await questions.page(own, cursor.place(vanaf) if vanaf else None, PAGE + 1)
        shown = rows[:PAGE]
        personal = await worklist.personal(own.municipality, [each.signal_id for each in shown])
        last = cursor.encode(shown[-1].asked_at.isoformat(), shown[-1].question_id) if rows[PAGE:] else None
        return Vragen(vragen=[_vraag(row, personal.get(row.signal_id)) for row in shown], volgende=last)

    @router.post(
        "/{id}/antwoord",
        summary="Beantwoord een vraag",
        status_code=HTTPStatus.ACCEPTED,
        responses=_RESPONSES,
    )
    async def beantwoord_vraag(id: str, antwoord: Antwoord, caller: Team) -> Ontvangen:
        own = whose(caller)
        found = await questions.question(own, id) if cursor.is_id(id) else None
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "Deze vraag is er niet.")
        if found.state is QuestionState.WITHDRAWN:
            raise Problem(HTTPStatus.CONFLICT, WITHDRAWN)
        return Ontvangen(id=await questions.answer(own, found, same=antwoord.antwoord == "ja"))

    return router


_RESPONSES: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_FOUND: {"description": "Deze vraag is er niet, of is van een ander."},
    HTTPStatus.CONFLICT: {"description": WITHDRAWN},
}


def _vraag(row: QuestionRow, personal: str | None) -> Vraag:
    return Vraag(
        id=row.question_id,
        zaak=row.case_id,
        signaal=row.signal_id,
        registratie=row.registration_id,
        redenen=[in_dutch(reason) for reason in row.reasons],
        gesteld_op=row.asked_at,
        persoonsgegevens=personal,
    )


def in_dutch(reason: str) -> str:
    """Return a reason of the matcher in Dutch, such as `geboortedatum gelijk`; one that is new as it is."""
    for kind, word in _KINDS.items():
        agreement = _AGREEMENTS.get(reason.removeprefix(f"{kind} "))
        if reason.startswith(f"{kind} ") and agreement:
            return f"{word} {agreement}"
    return reason
