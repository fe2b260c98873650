"""Pauses for the creditors for whom bailiffs ask: one for each dossier, while the asker knows of help."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.local.demo.actions import Ask, Step
from services.local.demo.examples import Examples
from services.local.demo.model.help import VALID, Stay, spans
from services.local.demo.model.results import Span, joined

TERM = timedelta(days=30)


def client_pauses(steps: list[Step], examples: Examples, stays: list[Stay]) -> list[Span]:
    """Return the pauses of clients that are partners: creditors with an agreement."""
    partners = {a["schuldeiser"] for a in examples.agreements if a["soort"] == "signalen"}
    dossiers: dict[tuple[str, str], list[Span]] = {}
    for step in steps:
        for ask in (action for action in step.actions if isinstance(action, Ask)):
            if ask.client in partners:
                found = dossiers.setdefault((ask.asker, ask.dossier), [])
                found += _of(step.at, [stay for stay in stays if stay.person.bsn == ask.bsn])
    return [span for found in dossiers.values() for span in joined(found)]


def _of(at: datetime, stays: list[Stay]) -> Iterator[Span]:
    """Yield a pause from the moment at which the asker hears of help, in the answer or after it."""
    for since, until in spans(stays):
        if since > at + VALID or (until is not None and until <= at):
            continue
        start = max(since, at).astimezone(UTC)
        if until is None or until >= start + TERM:
            yield Span(start, start + TERM)
        else:
            yield Span(start, until.astimezone(UTC), "RESULT")
