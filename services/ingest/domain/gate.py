"""The gate: what a well-formed signal must meet before it may be processed. Time and views are arguments."""

from datetime import date

from services.ingest.domain.directory import Directory, Judgement, Place
from services.ingest.domain.drafts import Common, Person, SignalClaim
from services.ingest.domain.facts import facts_of
from services.ingest.domain.limits import COVENANT
from services.ingest.domain.reasons import Problem
from services.ingest.domain.rules import rules_left

MOST_KEPT = 20_000
"""Judgements of a directory: some 10 MB. A delivery of a national creditor needs some 342."""


def judge(
    claim: SignalClaim, *, sender: str, directory: Directory, place: Place | None, today: date
) -> tuple[Problem, ...]:
    """Return every ground for refusal, as far as each can be judged by what could be read.

    Rules that look only at what signals have in common are asked once for all of them.
    """
    common = Common(
        sender,
        today,
        place.municipality_code if place else None,
        claim.creditor,
        claim.municipality_code,
        claim.partner_type,
        claim.signal_date,
        claim.kind,
        claim.threat,
        claim.supply_ends_on,
        claim.declared,
        claim.has_bsn,
    )
    facts, rules = directory.judged.get(common) or _judgement(common, directory)
    return tuple([problem for fails, problem in rules if fails(claim, facts)])


def _judgement(common: Common, directory: Directory) -> Judgement:
    facts = facts_of(common, directory)
    on = max(common.signal_date or common.today, COVENANT)  # an older date escapes none of the rules
    found = facts, rules_left(common, facts, on)
    if len(directory.judged) >= MOST_KEPT:
        directory.judged.clear()
    directory.judged[common] = found
    return found


def young(person: Person, on: date) -> bool:
    """Tell whether somebody is under 27 on a day for certain; a part that is unknown counts as the first."""
    if not person.birth_date:
        return False
    youngest = f"{on.year - 27:04}{on.isoformat()[len('YYYY') :]}"
    return youngest < f"{person.birth_date}-01-01"[: len("YYYY-MM-DD")]
