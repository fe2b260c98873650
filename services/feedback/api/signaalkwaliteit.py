"""GET /v1/signaalkwaliteit: how carefully creditors signal; each party sees its own."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.common.clock import AMSTERDAM, Clock
from services.common.problems import INVALID, Problem
from services.common.tokens import Caller, needs
from services.common.web import BASE, Model
from services.feedback.quality import (
    LONGEST_MONTHS,
    Quality,
    Share,
    View,
    month_before,
    months_between,
    seen_as,
)
from services.feedback.tallies import Tallies

Reader = Annotated[Caller, Depends(needs("signaalkwaliteit"))]
Month = Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="JJJJ-MM.")]
MembersOf = Callable[[str], Mapping[View, Sequence[str]]]
"""As whom a party may look, and whose numbers it sees then: itself, or the members of an umbrella."""


class Aantal(Model):
    """Hoeveel, en welk deel; null als het aantal te klein is om te noemen."""

    aantal: int | None
    aandeel: float | None


class Reden(Aantal):
    """Een reden van weigering; een signaal kan er meer hebben."""

    code: str


class Kwaliteit(Model):
    """Eén maand van één schuldeiser; zonder gemeente is het de som, of was die bij de weigering onbekend."""

    maand: str
    schuldeiser: str
    gemeente: str | None
    aangeleverd: int | None
    geweigerd: Aantal
    redenen: list[Reden]
    onterecht: Aantal
    herhaald: Aantal


class Signaalkwaliteit(Model):
    """Aandelen van geweigerd zijn van aangeleverd, die van onterecht en herhaald van wat is geaccepteerd."""

    als: View
    vanaf: str
    tot: str
    maanden: list[Kwaliteit]


def signaalkwaliteit(tallies: Tallies, members_of: MembersOf, clock: Clock) -> APIRouter:
    """Return the route; who is none of the three has nothing to see (403)."""
    router = APIRouter(prefix=BASE, tags=["signaalkwaliteit"])

    @router.get(
        "/signaalkwaliteit",
        summary="Hoe zorgvuldig signalen zijn: geweigerd en waarom, onterecht volgens de gemeente, herhaald",
    )
    async def lees_signaalkwaliteit(
        caller: Reader,
        vanaf: Month = None,
        tot: Month = None,
        als: Annotated[View | None, Query(description="Als wie; standaard wat de partij is.")] = None,
    ) -> Signaalkwaliteit:
        view, whose = _view(members_of(caller.party), als)
        last = tot or f"{clock.now().astimezone(AMSTERDAM):%Y-%m}"
        first = vanaf or month_before(last, 11)
        if not 1 <= months_between(first, last) <= LONGEST_MONTHS:
            raise _wrong_period()
        own = {"municipality": caller.party} if view is View.MUNICIPALITY else {"creditors": whose}
        found = seen_as(view, await tallies.find(first, last, **own))
        return Signaalkwaliteit(als=view, vanaf=first, tot=last, maanden=[_shown(each) for each in found])

    return router


def _view(views: Mapping[View, Sequence[str]], asked: View | None) -> tuple[View, Sequence[str]]:
    for view in [asked] if asked else list(views):
        if view in views:
            return view, views[view]
    raise Problem(HTTPStatus.FORBIDDEN, "U bent hier geen gemeente, schuldeiser of koepel.")


def _wrong_period() -> Problem:
    fout = ("FIELD_INVALID", "vanaf", f"Kies 1 tot en met {LONGEST_MONTHS} maanden, vanaf niet na tot.")
    return Problem(HTTPStatus.BAD_REQUEST, INVALID, [fout])


def _shown(quality: Quality) -> Kwaliteit:
    return Kwaliteit(
        maand=quality.month,
        schuldeiser=quality.creditor,
        gemeente=quality.municipality,
        aangeleverd=quality.delivered,
        geweigerd=_aantal(quality.refused),
        redenen=[Reden(code=code, aantal=s.count, aandeel=s.part) for code, s in quality.reasons.items()],
        onterecht=_aantal(quality.contested),
        herhaald=_aantal(quality.repeated),
    )


def _aantal(share: Share) -> Aantal:
    return Aantal(aantal=share.count, aandeel=share.part)
