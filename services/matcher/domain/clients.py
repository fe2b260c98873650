"""Pauses for the clients of bailiffs: a check for a partner of the covenant finds help, and collection rests.

Domain.md 2.4 (S2): when the client is a partner, collection is suspended. One pause per client, office and
dossier; another match for it prolongs it, the end of help or its term ends it. Where the client has a signal
with the same BSN, its pause is one of that signal: its household tells it (handover.py), and nobody here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.common.events import CheckPause, PauseEnd, PauseGround
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change, PauseTold
from services.matcher.domain.leases import Span, steps, telling, told_of
from services.matcher.domain.watches import HelpFact, Watch

TERM = timedelta(days=30)
"""The covenant's (domain.md 2.4, D3): whose help it is, and so whose policy, may change while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPause:
    """A running pause of a client; `check_id` is that of the match that began it.

    `told` is None while a household tells it; `number` counts how often it was told here, from the start.
    """

    client: str
    asker: str
    dossier: str
    check_id: str
    municipality: str
    starts_at: datetime
    ends_at: datetime
    told: PauseTold | None = None
    number: int = 1

    @property
    def name(self) -> tuple[str, str, str]:
        """What there is one pause for."""
        return self.client, self.asker, self.dossier


Pauses = tuple[ClientPause, ...]


def settle_pauses(
    pauses: Pauses,
    matched: Iterable[Watch],
    helps: Sequence[HelpFact],
    signalling: Collection[str],
    now: datetime,
    changes: list[Change],
    *,
    woken: bool,
) -> Pauses:
    """Add what clients are to be told now, and return the pauses that run on.

    `matched`: watches whose askers hear now that there is help; `signalling`: who has a signal with the BSN.
    """
    found = {each.name: each for each in pauses}
    for watch in matched:
        begun = _begun(watch, helps[0].municipality, now)
        running = found.get(begun.name)
        found[begun.name] = (
            replace(running, ends_at=max(running.ends_at, begun.ends_at)) if running else begun
        )
    left = []
    for _, each in sorted(found.items()):
        if each.client not in signalling and (each.told or now < each.ends_at):
            told = _told(each, _span(each, now, over=not helps), now if woken else None, changes)
            left += [told] if told.told and told.told.reason is None else []
        elif helps and now < each.ends_at:
            left.append(each)
    return tuple(left)


def checks_of(pauses: Pauses, client: str) -> tuple[CheckPause, ...]:
    """Return the checks for which a client's collection rests, with what it was told here of each."""
    mine = sorted((each for each in pauses if each.client == client), key=lambda each: each.check_id)
    return tuple(_check(each, each.told) for each in mine)


def handed_over(pauses: Pauses, client: str) -> Pauses:
    """Return the pauses after a household took over what a client was told here."""
    return tuple(
        replace(each, told=None, number=each.number + 1) if each.told and each.client == client else each
        for each in pauses
    )


def _check(pause: ClientPause, told: PauseTold | None) -> CheckPause:
    return CheckPause(
        check_id=pause.check_id,
        dossier=pause.dossier,
        starts_at=pause.starts_at,
        ends_at=pause.ends_at,
        pause_id=told.pause_id if told else None,
        sequence=told.tellings if told else 0,
    )


def _begun(watch: Watch, municipality: str, now: datetime) -> ClientPause:
    return ClientPause(
        client=watch.client,
        asker=watch.asker,
        dossier=watch.dossier,
        check_id=watch.check_id,
        municipality=municipality,
        starts_at=now,
        ends_at=now + TERM,
    )


def _span(pause: ClientPause, now: datetime, *, over: bool) -> Span:
    if not over:
        return Span(pause.starts_at, pause.ends_at, ground=PauseGround.CHECK)
    ends_at = min(max(now, pause.starts_at), pause.ends_at)
    return Span(pause.starts_at, ends_at, PauseEnd.RESULT, PauseGround.CHECK)


def _told(pause: ClientPause, span: Span, woken: datetime | None, changes: list[Change]) -> ClientPause:
    for step in steps(pause.told, span, woken):
        again = (str(pause.number),) if pause.number > 1 else ()
        pause_id = derived_id("pause", pause.check_id, *again)
        told = told_of(pause_id, pause.client, pause.told, step, ())
        check = (pause.check_id, pause.dossier)
        changes.append(telling(pause.municipality, told, step.change, check=check))
        pause = replace(pause, told=told)
    return pause
