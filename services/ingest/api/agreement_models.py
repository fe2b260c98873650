"""What /v1/overeenkomsten takes and gives."""

from typing import Any, Literal

from services.common.events import Agreement, AgreementKind, AgreementStatus
from services.common.web import IsoDate, Model, Moment
from services.ingest.api.shapes import DATE, OIN, object_of
from services.ingest.domain.agreements import KINDS, STATUSES
from services.ingest.domain.formats import SIGNAL_KINDS

StatusText = Literal[
    "concept", "verzonden", "getekend door schuldeiser", "getekend door gemeente", "actief", "beëindigd"
]
_STATUS_TEXTS: dict[AgreementStatus, Any] = {status: text for text, status in STATUSES.items()}
_KIND_TEXTS = {kind: text for text, kind in KINDS.items()}
_SIGNAL_KIND_TEXTS = {kind: text for text, kind in SIGNAL_KINDS.items()}
AGREEMENT = object_of(
    ("soort", "vanaf"),
    soort={"type": "string", "enum": list(KINDS)},
    gemeente=OIN,
    schuldeiser=OIN,
    afzender=OIN | {"description": "Wie namens de schuldeiser levert."},
    uitvoerder=OIN | {"description": "Wie de gemeente het werk laat doen."},
    soorten={
        "type": "array",
        "items": {"type": "string", "enum": list(SIGNAL_KINDS)},
        "description": "Welke soorten signalen; standaard alle.",
    },
    opdrachtgever=OIN,
    gemachtigde=OIN,
    vanaf=DATE,
    tot=DATE | {"description": "De laatste dag."},
    status={
        "type": "string",
        "enum": list(STATUSES),
        "description": "Standaard wat het was; een nieuwe is actief: beide partijen tekenden hem elders.",
    },
)


class Stap(Model):
    """Wat er met een overeenkomst gebeurde, wanneer, en door welke partij (OIN)."""

    status: StatusText
    op: Moment
    door: str


class Overeenkomst(Model):
    """Een overeenkomst; `soorten` leeg: alle soorten signalen."""

    id: str
    soort: str
    gemeente: str | None = None
    schuldeiser: str | None = None
    afzender: str | None = None
    uitvoerder: str | None = None
    opdrachtgever: str | None = None
    gemachtigde: str | None = None
    soorten: tuple[str, ...]
    vanaf: IsoDate
    tot: IsoDate | None = None
    status: StatusText
    stappen: tuple[Stap, ...]


class Overeenkomsten(Model):
    """Een bladzijde, in volgorde van id; vraag verder met `na` = `volgende` zolang dat er is."""

    overeenkomsten: tuple[Overeenkomst, ...]
    volgende: str | None = None


class NieuweStap(Model):
    """De volgende stap; `tot` hoort bij beëindigd en mag in het verleden liggen."""

    status: StatusText
    tot: IsoDate | None = None


class Ingelezen(Model):
    """Hoeveel overeenkomsten de tabel heeft, en hoeveel daarvan nieuw of anders zijn dan wat er was."""

    ontvangen: int
    gewijzigd: int


def shown(agreement: Agreement) -> Overeenkomst:
    """Return an agreement as its parties see it."""
    represents = agreement.kind is AgreementKind.REPRESENTATION
    sides = ("opdrachtgever", "gemachtigde") if represents else ("gemeente", "schuldeiser")
    return Overeenkomst(
        id=agreement.agreement_id,
        soort=_KIND_TEXTS[agreement.kind],
        afzender=agreement.sender,
        uitvoerder=agreement.executor,
        soorten=tuple(_SIGNAL_KIND_TEXTS[kind] for kind in agreement.kinds),
        vanaf=agreement.valid_from,
        tot=agreement.valid_until,
        status=_STATUS_TEXTS[agreement.status],
        stappen=tuple(
            Stap(status=_STATUS_TEXTS[step.status], op=step.at, door=step.by) for step in agreement.steps
        ),
        **dict(zip(sides, (agreement.grantor, agreement.grantee), strict=True)),
    )
