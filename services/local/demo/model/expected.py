"""Everything that must come out, as tables of counts."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from services.local.demo.actions import Step
from services.local.demo.examples import Examples
from services.local.demo.model import cases as about_cases
from services.local.demo.model.clients import client_pauses
from services.local.demo.model.files import spelled_out
from services.local.demo.model.help import Stay, checks_of, ever_known, known_at, known_at_end, stays_of
from services.local.demo.model.intake import Intake, take_in
from services.local.demo.model.questions import answered, questions_of
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
    steps, files = spelled_out(steps)
    intake, registered, until = take_in(steps, examples), stays_of(steps), steps[-1].at
    answers = answered(steps, examples, registered)
    stays = [*registered, *answers.stays]
    questions = questions_of(steps, examples, registered, answers)
    cases = about_cases.cases_of(intake.signals)
    steps, resting, missed = about_cases.worked(cases, steps, lambda signal, at: known_at(signal, stays, at))
    swapped = about_cases.swaps(cases, until)
    for_clients = client_pauses(steps, examples, registered)
    spans = [*pauses(cases, steps, examples, stays), *for_clients]
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
        "pauses": Counter({"started": len(spans), "for a bailiff's client": len(for_clients)})
        + Counter(f"ended: {span.cause}" if span.end <= until else "running" for span in spans),
        "feedback": status,
        "help accepted": accepted,
        "checks": checks_of(steps, registered),
        "registrations": _registrations(registered),
        "questions": questions,
        "files": files,
        "files (topic)": Counter({"ACCEPTED": files["taken in"], "HELD": files["held"]}),
    }
    tables |= {"feedback (API)": status, "teams (API)": tables["teams"], "opened": _to_open(intake)}
    ends = tuple(sorted(span.end for span in spans if span.cause == "TERM"))
    return Expected({name: +rows for name, rows in tables.items()}, ends, tuple(sorted(swapped)))


def _to_open(intake: Intake) -> Counter[str]:
    """Count by municipality the signals that the demo opens with its key: at most 100."""
    towns = Counter(signal.town for signal in intake.signals)
    return Counter({town: min(count, 100) for town, count in towns.items()})


def _registrations(stays: list[Stay]) -> Counter[str]:
    running = {stay.reference for stay in stays if stay.until is None}
    ended = {stay.reference for stay in stays} - running
    return Counter({"running": len(running), "ended": len(ended)})
