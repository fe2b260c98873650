"""Everything that must come out, as tables of counts."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from services.local.demo.actions import EndHelp, Register, Step
from services.local.demo.examples import Examples
from services.local.demo.model import cases as about_cases
from services.local.demo.model.help import checks_of, ever_known, known_at, known_at_end, stays_of
from services.local.demo.model.intake import Intake, take_in
from services.local.demo.model.results import feedback, pauses

Tables = dict[str, Counter[str]]
"""Name of a table to its rows: label and count."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The tables, and the moments at which timers must have made themselves felt."""

    tables: Tables
    pauses_end: tuple[datetime, ...]
    """When pauses run out by their own timer."""
    swaps: tuple[datetime, ...]


def expect(steps: list[Step], examples: Examples) -> Expected:
    """Predict the whole run; nothing is played after the last step's moment."""
    intake, stays, until = take_in(steps, examples), stays_of(steps), steps[-1].at
    cases = about_cases.cases_of(intake.signals)
    steps, resting, missed = about_cases.worked(cases, steps, lambda signal, at: known_at(signal, stays, at))
    swapped = about_cases.swaps(cases, until)
    spans = pauses(cases, steps, examples, stays)
    status, accepted = feedback(cases, steps, lambda signal: known_at_end(signal, stays))
    matched = about_cases.matches(cases)
    matched["SWAP"] = len(swapped)
    matched["KNOWN_IN_DEBT_HELP"] = sum(ever_known(signal, stays) for signal in intake.signals)
    tables: Tables = {
        "delivered": intake.delivered + missed,
        "refused": intake.reasons,
        "cases": about_cases.kinds(cases, resting),
        "case status": about_cases.statuses(
            cases, steps, lambda signal: known_at_end(signal, stays), resting
        ),
        "matches": matched,
        "teams": about_cases.loads(cases, examples, resting),
        "pauses": Counter({"started": len(spans)})
        + Counter(f"ended: {span.cause}" if span.end <= until else "running" for span in spans),
        "feedback": status,
        "help accepted": accepted,
        "checks": checks_of(steps, stays),
        "registrations": _registrations(steps),
    }
    tables |= {"feedback (API)": status, "teams (API)": tables["teams"], "opened": _to_open(intake)}
    ends = tuple(sorted(span.end for span in spans if span.cause == "TERM"))
    return Expected({name: +rows for name, rows in tables.items()}, ends, tuple(sorted(swapped)))


def _to_open(intake: Intake) -> Counter[str]:
    """Count by municipality the signals that the demo opens with its key: at most 100."""
    towns = Counter(signal.town for signal in intake.signals)
    return Counter({town: min(count, 100) for town, count in towns.items()})


def _registrations(steps: list[Step]) -> Counter[str]:
    actions = [action for step in steps for action in step.actions]
    begun = {action.reference for action in actions if isinstance(action, Register)}
    ended = {action.reference for action in actions if isinstance(action, EndHelp)}
    return Counter({"running": len(begun - ended), "ended": len(ended)})
