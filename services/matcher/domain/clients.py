"""Pauses for the clients of bailiffs: a check for a partner of the covenant finds help, and collection rests.

Domain.md 2.4 (S2): when the client is a partner, collection is suspended. One pause per client, office and
dossier; another match for it prolongs it, the end of help or its term ends it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.common.events import PauseEnd, PauseGround
from services.common.identifiers import derived_id
from services.matcher.domain.facts import Change, PauseTold
from services.matcher.domain.leases import Span, steps, telling, told_of
from services.matcher.domain.watches import HelpFact, Watch

TERM = timedelta(days=30)
"""The covenant's (domain.md 2.4, D3): whose help it is, and so whose policy, may change while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPause:
    """A running pause of a client; `check_id` is that of the match that began it."""

    client: str
    asker: str
    dossier: str
    check_id: str
    municipality: str
    starts_at: datetime
    ends_at: datetime
    told: PauseTold | None = None

    @property
    def name(self) -> tuple[str, str, str]:
        """What there is one pause for."""
        return self.client, self.asker, self.dossier


Pauses = tuple[ClientPause, ...]


def settle_pauses(
    pauses: Pauses,
    matched: Iterable[Watch],
    helps: Sequence[HelpFact],
    now: datetime,
    changes: list[Change],
    *,
    woken: bool,
) -> Pauses:
    """Add what clients are to be told now, and return the pauses that run on.

    `matched`: watches whose askers hear now that there is help.
    """
    found = {each.name: each for each in pauses}
    for watch in matched:
        begun = _begun(watch, helps[0].municipality, now)
        running = found.get(begun.name)
        found[begun.name] = (
            replace(running, ends_at=max(running.ends_at, begun.ends_at)) if running else begun
        )
    settled = (
        _told(each, _span(each, now, over=not helps), now if woken else None, changes)
        for _, each in sorted(found.items())
    )
    return tuple(each for each in settled if each.told and each.told.reason is None)


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
        told = told_of(derived_id("pause", pause.check_id), pause.client, pause.told, step, ())
        check = (pause.check_id, pause.dossier)
        changes.append(telling(pause.municipality, told, step.change, check=check))
        pause = replace(pause, told=told)
    return pause
