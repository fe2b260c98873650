"""What is told of snapshots, in Dutch."""

from typing import Literal

from services.common.web import IsoDate, Model, Moment
from services.ingest.snapshot_storage import Standing
from services.ingest.snapshot_taking import Taken


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


def shown(taken: Taken) -> Momentopname:
    """Return what became of a snapshot."""
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


def standing(found: Standing) -> Stand:
    """Return where a stream of snapshots stands."""
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
