"""Questions: what may be somebody in debt help at the address is asked, and what the answer changes."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.local.demo.actions import AnswerQuestions, Step
from services.local.demo.examples import Examples
from services.local.demo.model.cases import cases_of, repeats, worked
from services.local.demo.model.help import Stay, known_at
from services.local.demo.model.intake import Signal, take_in
from services.local.demo.model.people import maybe_same
from services.local.demo.model.results import results_of

Pair = tuple[Signal, Stay]


@dataclass(slots=True)
class Answered:
    """What was answered so far; `stays`: help that concerns a signal only because it was answered."""

    yes: set[tuple[str, str]] = field(default_factory=set)
    no: set[tuple[str, str]] = field(default_factory=set)
    stays: list[Stay] = field(default_factory=list)


def answered(steps: list[Step], examples: Examples, stays: list[Stay]) -> Answered:
    """Play the answers: each is about what is open at that moment."""
    found = Answered()
    for number, step in enumerate(steps):
        for action in step.actions:
            if isinstance(action, AnswerQuestions):
                before = [*steps[:number], replace(step, actions=())]
                _answer(action, open_pairs(before, examples, stays, found), step.at, examples, found)
    return found


def _answer(
    action: AnswerQuestions, pairs: list[Pair], at: datetime, examples: Examples, found: Answered
) -> None:
    for signal, stay in pairs:
        if signal.town != examples.code_of(action.municipality):
            continue
        if (signal.ref, stay.reference) in action.same:
            found.yes.add((signal.id, stay.reference))
            found.stays.append(replace(stay, since=at, only=signal.ref))
        else:
            found.no.add((signal.id, stay.reference))


def open_pairs(steps: list[Step], examples: Examples, stays: list[Stay], done: Answered) -> list[Pair]:
    """Return what is asked and not answered after these steps: of signals that wait for somebody."""
    at, signals, every = steps[-1].at, take_in(steps, examples).signals, [*stays, *done.stays]
    running = [stay for stay in stays if stay.since <= at and (stay.until is None or at < stay.until)]
    waiting = _waiting(signals, steps, every)
    return [
        (signal, stay)
        for signal in waiting
        for stay in running
        if signal.home == stay.home
        and signal.town == examples.code_of(stay.municipality)
        and maybe_same(signal.person, stay.person)
        and (signal.id, stay.reference) not in done.yes | done.no
    ]


def _waiting(signals: list[Signal], steps: list[Step], stays: list[Stay]) -> list[Signal]:
    """Return the signals without a result that are no repeats, of nobody who is known to have help."""
    at, cases = steps[-1].at, cases_of(signals)
    again = repeats(cases)
    taken, _, _ = worked(cases, steps, lambda signal, at: known_at(signal, stays, at))
    results = results_of(cases, taken)
    over = {
        signal.id
        for key, own in cases.items()
        for signal in own
        if any(result.holds_for(signal) for result in results.get(key, ()))
    }
    return [signal for signal in signals if signal.id not in again | over and not known_at(signal, stays, at)]


def questions_of(steps: list[Step], examples: Examples, stays: list[Stay], done: Answered) -> Counter[str]:
    """Count where questions stand in the end."""
    still_open = len(open_pairs(steps, examples, stays, done))
    return Counter({"YES": len(done.yes), "NO": len(done.no), "OPEN": still_open})
