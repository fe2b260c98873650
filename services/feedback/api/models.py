"""Bodies of the worklist's requests and answers, in Dutch; closed sets are DDAS texts."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.common import ddas
from services.common.events import CaseKind, CasePriority, CaseResult, CaseStatus, ContactKind, DayPart
from services.common.web import IsoDate, Model, Moment
from services.feedback.storage import CaseRow

E = TypeVar("E", bound=StrEnum)

LONGEST = timedelta(days=183)
"""How far ahead a pause is prolonged at most: as a moratorium, 6 months (Fw 287b, domain.md 1.8)."""

Status = Literal["nietOpgepakt", "opgepakt", "afgesloten"]
STATUS: dict[CaseStatus, Status] = {
    CaseStatus.NOT_YET_PICKED_UP: "nietOpgepakt",
    CaseStatus.PICKED_UP: "opgepakt",
    CaseStatus.CLOSED: "afgesloten",
}
PRIORITY: dict[CasePriority, Literal["gewoon", "verhoogd", "dringend"]] = {
    CasePriority.NORMAL: "gewoon",
    CasePriority.RAISED: "verhoogd",
    CasePriority.URGENT: "dringend",
}
KIND: dict[CaseKind, Literal["enkelvoudig", "meervoudig"]] = {
    CaseKind.SINGLE: "enkelvoudig",
    CaseKind.MULTIPLE: "meervoudig",
}


def _reads(texts: Mapping[E, str]) -> tuple[BeforeValidator, WithJsonSchema]:
    """Return what makes a field of an enum read DDAS texts, and describes it so."""

    def read(value: Any) -> E:
        found = ddas.enum_of(dict(texts), value)
        if found is None:
            raise PydanticCustomError("enum", "no DDAS text", {"expected": ", ".join(texts.values())})
        return found

    return BeforeValidator(read), WithJsonSchema({"type": "string", "enum": list(texts.values())})


def _known(info: ValidationInfo) -> dict[str, Any]:
    known: dict[str, Any] = info.context or {}
    return known


def _not_in_future(value: date, info: ValidationInfo) -> date:
    if value > _known(info)["vandaag"]:
        raise PydanticCustomError("date_in_future", "De datum ligt in de toekomst.")
    return value


def _ahead(value: date, info: ValidationInfo) -> date:
    if not timedelta() <= value - _known(info)["vandaag"] <= LONGEST:
        raise PydanticCustomError(
            "date_not_ahead",
            "Kies een datum vanaf vandaag, hoogstens {days} dagen vooruit.",
            {"days": LONGEST.days},
        )
    return value


def _of_the_case(value: str, info: ValidationInfo) -> str:
    if value not in _known(info)["signalen"]:
        raise PydanticCustomError("signal_unknown", "Dit signaal hoort niet bij de zaak.")
    return value


_kind, _kind_schema = _reads(ddas.CONTACT_KIND)
_part, _part_schema = _reads(ddas.DAY_PART)
_result, _result_schema = _reads(ddas.CASE_RESULT)

Past = Annotated[IsoDate, AfterValidator(_not_in_future)]
"""A date up to and with today; the validation context holds `vandaag`."""
Ahead = Annotated[IsoDate, AfterValidator(_ahead)]
Signals = Annotated[tuple[Annotated[str, AfterValidator(_of_the_case)], ...], Field(max_length=1000)]


class Contactpoging(Model):
    """Een poging om met de inwoner in contact te komen."""

    kenmerk: Annotated[str, Field(min_length=1, max_length=64, description="Eigen kenmerk van de poging.")]
    soort: Annotated[ContactKind, _kind, _kind_schema]
    bereikt: Annotated[bool, Field(strict=True)]
    datum: Past
    dagdeel: Annotated[DayPart, _part, _part_schema]


class Resultaat(Model):
    """Het eindresultaat van een zaak; zonder signalen geldt het voor die van dezelfde persoon."""

    resultaat: Annotated[CaseResult, _result, _result_schema]
    datum: Past
    signalen: Signals = ()


class Verlenging(Model):
    """Tot en met wanneer pauzes die lopen doorlopen; zonder signalen die van alle signalen van de zaak."""

    tot_en_met: Ahead
    signalen: Signals = ()


class Beeindiging(Model):
    """Dat pauzes die lopen nu eindigen; zonder signalen die van alle signalen van de zaak."""

    signalen: Signals = ()


class Ontvangen(Model):
    """Wat is vastgelegd."""

    id: str


class Gebied(Model):
    """Waar het huishouden woont: PC4, en CBS-codes als de gebiedentabel geladen is."""

    pc4: str
    wijk: str | None
    buurt: str | None


class ZaakSignaal(Model):
    """Een signaal van een zaak; persoonsgegevens zijn een JWE voor de sleutel van de gemeente."""

    id: str
    schuldeiser: str
    signaalpartner: str
    bedrag_in_centen: int
    signaaldatum: IsoDate
    status: str
    persoonsgegevens: str | None


class Zaak(Model):
    """Een zaak van de werklijst."""

    id: str
    maand: str
    soort: Literal["enkelvoudig", "meervoudig"]
    opeenvolgend: bool
    status: Status
    resultaat: str | None
    crisis: bool
    jongere: bool
    team: str | None
    gebied: Gebied
    geopend_op: Moment
    prioriteit: Literal["gewoon", "verhoogd", "dringend"]
    termijn: IsoDate | None
    termijn_verstreken: bool
    adres_twijfel: bool
    signalen: list[ZaakSignaal]


class Zaken(Model):
    """Een pagina van de werklijst; volgende is de waarde van vanaf voor de volgende."""

    zaken: list[Zaak]
    volgende: str | None = None


def zaak(row: CaseRow, personal: Mapping[str, str]) -> Zaak:
    """Return a case as its municipality reads it."""
    return Zaak(
        id=row.case_id,
        maand=row.month,
        soort=KIND[row.kind],
        opeenvolgend=row.consecutive,
        status=STATUS[row.status],
        resultaat=ddas.CASE_RESULT[row.result] if row.result else None,
        crisis=row.crisis,
        jongere=row.young,
        team=row.team,
        gebied=Gebied(pc4=row.area.pc4, wijk=row.area.district, buurt=row.area.neighbourhood),
        geopend_op=row.opened_at,
        prioriteit=PRIORITY[row.priority],
        termijn=row.deadline,
        termijn_verstreken=row.overdue,
        adres_twijfel=row.address_doubt,
        signalen=[
            ZaakSignaal(
                id=each.signal_id,
                schuldeiser=each.creditor,
                signaalpartner=ddas.PARTNER_TYPE[each.partner_type],
                bedrag_in_centen=each.amount_cents,
                signaaldatum=each.signal_date,
                status=ddas.SIGNAL_STATUS[each.status],
                persoonsgegevens=personal.get(each.signal_id),
            )
            for each in row.signals
        ],
    )
