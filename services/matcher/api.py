"""POST /v1/toetsen: is somebody in debt help, before a summons or a collection (domain.md 5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, ValidationInfo, WrapValidator
from pydantic_core import PydanticCustomError

from services.common.events import CheckCapacity, CheckPurpose, OwnClaim
from services.common.identifiers import is_bsn, is_oin
from services.common.problems import INVALID, Fout, Problem, fout_of
from services.common.tokens import Caller, forbidden, needs
from services.common.web import BASE, IsoDate, Model, Moment
from services.matcher.desk import Answered, Desk, Question
from services.matcher.domain.checks import Helper
from services.matcher.guard import Guard
from services.matcher.logbook import Asker

MAX_ROWS = 1_000
PURPOSES: dict[str, tuple[CheckPurpose, OwnClaim | None]] = {
    "dagvaarding": (CheckPurpose.SUMMONS, None),
    "beslag": (CheckPurpose.ATTACHMENT, None),
    "inning": (CheckPurpose.COLLECTION, None),
    "eigen-belasting": (CheckPurpose.COLLECTION, OwnClaim.TAX),
    "eigen-terugvordering": (CheckPurpose.COLLECTION, OwnClaim.RECOVERY),
    "eigen-overig": (CheckPurpose.COLLECTION, OwnClaim.OTHER),
}
Reason = Literal["dagvaarding", "beslag", "inning", "eigen-belasting", "eigen-terugvordering", "eigen-overig"]
SCOPES = {CheckCapacity.BAILIFF: "toetsen", CheckCapacity.COLLECTOR: "toetsen-eigen-inning"}
Someone = Annotated[Caller, Depends(needs(*SCOPES.values()))]
TOO_MANY: dict[int | str, dict[str, Any]] = {
    HTTPStatus.TOO_MANY_REQUESTS.value: {"description": "Te veel verzoeken; zie de header Retry-After."}
}


def _bsn(text: str) -> str:
    if not is_bsn(text):
        raise PydanticCustomError("bsn", "no BSN")
    return text


def _oin(text: str | None) -> str | None:
    if text is not None and not is_oin(text):
        raise PydanticCustomError("oin", "no OIN")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("printable", "not printable")
    return text


def _client(text: str | None, info: ValidationInfo) -> str | None:
    if text is not None and str(info.data.get("reden", "")).startswith("eigen-"):
        raise PydanticCustomError("own_collecting", "no client")
    return text


OptionalOin = Annotated[str | None, AfterValidator(_oin)]
Namens = Annotated[
    OptionalOin,
    Field(description="OIN van het kantoor waarvoor wordt getoetst; standaard de partij van het token."),
]


class Vraag(Model):
    """Een vraag over een persoon, met het dossier en de reden waarvoor."""

    burgerservicenummer: Annotated[str, AfterValidator(_bsn), Field(description="Negen cijfers, elfproef.")]
    dossiernummer: Annotated[
        str,
        AfterValidator(_printable),
        Field(min_length=1, max_length=64, description="Het eigen dossiernummer, zonder stuurtekens."),
    ]
    reden: Annotated[Reason, Field(description="eigen-…: een overheid die zelf int.")]
    opdrachtgever: Annotated[
        OptionalOin,
        AfterValidator(_client),
        Field(description="OIN van de schuldeiser voor wie de deurwaarder optreedt."),
    ] = None


class Toets(Vraag):
    """Een vraag, eventueel voor een ander kantoor."""

    namens: Namens = None


@dataclass(frozen=True, slots=True)
class Faulty:
    """What stands where a question should, with all that is wrong with it."""

    fouten: tuple[Fout, ...]


def _or_faulty(kind: type[Vraag]) -> Callable[[Any, Any], Vraag | Faulty]:
    """Return what reads a `kind`, or says what is wrong with it: for who answers and logs that by itself."""
    adapter = TypeAdapter(kind)

    def read(value: Any, _: Any) -> Vraag | Faulty:
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            return Faulty(tuple(fout_of(each) for each in error.errors(include_input=False)))

    return read


ReadVraag = Annotated[Any, WrapValidator(_or_faulty(Vraag), json_schema_input_type=Vraag)]
ReadToets = Annotated[Any, WrapValidator(_or_faulty(Toets), json_schema_input_type=Toets), Body()]


class Toetsen(Model):
    """Vragen over hoogstens 1.000 personen."""

    namens: Namens = None
    toetsen: Annotated[list[ReadVraag], Field(min_length=1, max_length=MAX_ROWS)]


class ContactGegevens(Model):
    """Wie te bellen over een persoon met schuldhulp, en van welke dag dat gegeven is."""

    organisatie: str
    telefoon: str | None = None
    email: str | None = None
    peildatum: IsoDate


class Antwoord(Model):
    """Alleen of er schuldhulp is, niet welke (Besluit gemeentelijke schuldhulpverlening, artikel 17)."""

    id: Annotated[str, Field(description="Hiermee is de toets in te trekken.")]
    bekend: bool
    contacten: list[ContactGegevens]
    peildatum: Annotated[
        IsoDate, Field(description="De dag van de oudste gegevens waar het antwoord op rust.")
    ]
    geldig_tot: Moment


class RijFout(Model):
    """Wat er mis is met een rij."""

    code: str
    veld: str | None
    melding: str


class Rij(Model):
    """Het antwoord op een rij, of alles wat er mis mee is."""

    rij: Annotated[int, Field(description="Vanaf 1.")]
    antwoord: Antwoord | None = None
    fouten: tuple[RijFout, ...] = ()


class Antwoorden(Model):
    """Van elke rij een, in dezelfde volgorde."""

    rijen: list[Rij]


def toetsen(desk: Desk, guard: Guard) -> APIRouter:
    """Return the routes of scopes `toetsen` and `toetsen-eigen-inning`."""
    router = APIRouter(prefix=BASE, tags=["toetsen"])

    @router.post("/toetsen", summary="Toets of een persoon schuldhulp krijgt", responses=TOO_MANY)
    async def toets(question: ReadToets, caller: Someone) -> Antwoord:
        row: Toets | Faulty = question
        asker = _asker(caller, row.namens if isinstance(row, Toets) else None)
        (found,) = await _answered(desk, guard, caller, asker, [row])
        if found.antwoord is None:
            fouten = [(each.code, each.veld, each.melding) for each in found.fouten]
            raise Problem(HTTPStatus.BAD_REQUEST, INVALID, fouten)
        return found.antwoord

    @router.post("/bulktoetsen", summary="Toets of vele personen schuldhulp krijgen", responses=TOO_MANY)
    async def toets_vele(questions: Toetsen, caller: Someone) -> Antwoorden:
        asker = _asker(caller, questions.namens)
        return Antwoorden(rijen=await _answered(desk, guard, caller, asker, questions.toetsen))

    @router.delete(
        "/toetsen/{id}",
        summary="Trek een toets in: er wordt niets meer van verteld",
        status_code=HTTPStatus.NO_CONTENT,
        responses={HTTPStatus.NOT_FOUND.value: {"description": "Niet gevonden"}},
    )
    async def trek_toets_in(
        id: Annotated[str, Path()], caller: Someone, namens: Annotated[OptionalOin, Query()] = None
    ) -> None:
        await desk.withdraw(_asker(caller, namens), id)

    return router


async def _answered(
    desk: Desk, guard: Guard, caller: Caller, asker: Asker, rows: Sequence[Vraag | Faulty]
) -> list[Rij]:
    """Return what came of each row: those that are faulty are on the log, the others are answered too."""
    good = [_question(row) for row in rows if isinstance(row, Vraag)]
    problem = guard.too_fast(caller.party, len(rows)) or _not_in_scope(caller, good)
    if problem:
        await desk.refuse(asker, problem)
    answers = await desk.check(asker, good, faulty=len(rows) - len(good))
    guard.note(caller.party, ((row.bsn, each.answer.known) for row, each in zip(good, answers, strict=True)))
    left = iter(answers)
    return [
        Rij(rij=number, fouten=_fouten(row)) if isinstance(row, Faulty) else _row(number, next(left))
        for number, row in enumerate(rows, 1)
    ]


def _not_in_scope(caller: Caller, questions: Iterable[Question]) -> Problem | None:
    for capacity in {each.capacity for each in questions}:
        if SCOPES[capacity] not in caller.scopes:
            return forbidden(SCOPES[capacity])
    return None


def _asker(caller: Caller, office: str | None) -> Asker:
    if office is None or office == caller.party:
        return Asker(office=caller.party)
    return Asker(office=office, sent_by=caller.party)


def _question(row: Vraag) -> Question:
    purpose, claim = PURPOSES[row.reden]
    return Question(
        bsn=row.burgerservicenummer,
        dossier=row.dossiernummer,
        purpose=purpose,
        claim=claim,
        client=row.opdrachtgever,
    )


def _row(number: int, found: Answered) -> Rij:
    return Rij(rij=number, antwoord=_answer(found))


def _answer(found: Answered) -> Antwoord:
    answer = found.answer
    return Antwoord(
        id=found.check_id,
        bekend=answer.known,
        contacten=[_contact(each) for each in answer.helpers],
        peildatum=answer.data_date,
        geldig_tot=answer.valid_until,
    )


def _contact(helper: Helper) -> ContactGegevens:
    contact = helper.contact
    return ContactGegevens(
        organisatie=contact.organisation,
        telefoon=contact.phone,
        email=contact.email,
        peildatum=helper.as_of,
    )


def _fouten(row: Faulty) -> tuple[RijFout, ...]:
    return tuple(RijFout(code=each.code, veld=each.veld, melding=each.melding) for each in row.fouten)
