"""POST /v1/toetsen: a bailiff asks whether somebody is in debt help, before a summons (domain.md 5)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.common.events import CheckPurpose, Contact
from services.common.identifiers import is_bsn, is_oin
from services.common.tokens import Caller, needs
from services.common.web import BASE, IsoDate, Model, Moment
from services.matcher.desk import Desk, Question

PURPOSES: dict[str, CheckPurpose] = {
    "dagvaarding": CheckPurpose.SUMMONS,
    "beslag": CheckPurpose.ATTACHMENT,
    "inning": CheckPurpose.COLLECTION,
}
Asker = Annotated[Caller, Depends(needs("toetsen"))]


def _bsn(text: str) -> str:
    if not is_bsn(text):
        raise PydanticCustomError("bsn", "no BSN")
    return text


def _oin(text: str) -> str:
    if not is_oin(text):
        raise PydanticCustomError("oin", "no OIN")
    return text


class Toets(Model):
    """Een vraag over een persoon, met het dossier en de reden waarvoor."""

    burgerservicenummer: Annotated[str, AfterValidator(_bsn), Field(description="Negen cijfers, elfproef.")]
    dossiernummer: Annotated[str, Field(min_length=1, max_length=64, description="Het eigen dossiernummer.")]
    reden: Literal["dagvaarding", "beslag", "inning"]
    namens: Annotated[
        str | None,
        AfterValidator(lambda text: text and _oin(text)),
        Field(description="OIN van de opdrachtgever."),
    ] = None


class ContactGegevens(Model):
    """Wie te bellen over een persoon met schuldhulp."""

    organisatie: str
    telefoon: str | None = None
    email: str | None = None


class Antwoord(Model):
    """Alleen of er schuldhulp is, niet welke (Besluit gemeentelijke schuldhulpverlening, artikel 17)."""

    bekend: bool
    contacten: list[ContactGegevens]
    peildatum: IsoDate
    geldig_tot: Moment


def toetsen(desk: Desk) -> APIRouter:
    """Return the routes of scope `toetsen`."""
    router = APIRouter(prefix=f"{BASE}/toetsen", tags=["toetsen"])

    @router.post("", summary="Toets of een persoon schuldhulp krijgt")
    async def toets(question: Toets, caller: Asker) -> Antwoord:
        asked = Question(
            bsn=question.burgerservicenummer,
            dossier=question.dossiernummer,
            purpose=PURPOSES[question.reden],
            on_behalf_of=question.namens,
        )
        found = await desk.check(caller.party, asked)
        return Antwoord(
            bekend=found.known,
            contacten=[_contact(each) for each in found.contacts],
            peildatum=found.data_date,
            geldig_tot=found.valid_until,
        )

    return router


def _contact(contact: Contact) -> ContactGegevens:
    return ContactGegevens(organisatie=contact.organisation, telefoon=contact.phone, email=contact.email)
