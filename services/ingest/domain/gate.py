"""The gate: what a well-formed signal must meet before it may be processed. Time and views are arguments."""

from datetime import date

from services.ingest.domain.directory import Directory, Place
from services.ingest.domain.drafts import Person, SignalClaim
from services.ingest.domain.facts import facts_of
from services.ingest.domain.limits import COVENANT
from services.ingest.domain.reasons import Problem
from services.ingest.domain.rules import rules_on


def judge(
    claim: SignalClaim, *, sender: str, directory: Directory, place: Place | None, today: date
) -> tuple[Problem, ...]:
    """Return every ground for refusal, as far as each can be judged by what could be read."""
    facts = facts_of(claim, sender, directory, place, today)
    rules = rules_on(max(claim.signal_date or today, COVENANT))  # an older date escapes none of them
    return tuple([problem for fails, problem in rules if fails(claim, facts)])


def young(person: Person, on: date) -> bool:
    """Tell whether somebody is under 27 on a day for certain; a part that is unknown counts as the first."""
    if not person.birth_date:
        return False
    year, month, day = (int(part) for part in f"{person.birth_date}-01-01".split("-")[:3])
    return (on.year - 27, on.month, on.day) < (year, month, day)
