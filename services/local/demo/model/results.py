"""Results of the teams: which signals they hold for, what status these get, and which creditors must wait."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.local.demo.actions import Attempt, Conclude, SignalRef, Step
from services.local.demo.examples import Examples
from services.local.demo.model.cases import Key, repeats
from services.local.demo.model.help import Stay, concerns
from services.local.demo.model.intake import Signal
from services.local.demo.model.people import surely_same

ACCEPTED = {
    "(Budget)advies en/of quick fix",
    "Vervolghulp en/of verwijzing",
    "Vervolghulp en/of verwijzing financieel",
    "Vervolghulp en/of verwijzing niet financieel",
}
SHOWN = {
    "Niet opgepakt: herhaalde melding": "REPEATED",
    "Niet opgepakt: onterecht signaal": "UNJUSTIFIED",
    "Niet opgepakt: andere reden": "NOT_PICKED_UP",
    "Inwoner is overleden": "DECEASED",
    "Persoon is geen inwoner (meer) in de gemeente": "NOT_RESIDENT",
}
"""What a creditor reads of a result; of others only that it was picked up and whether help was accepted."""


@dataclass(frozen=True, slots=True)
class Result:
    """A team's result of a case; `about` holds the signals that say whom it is about."""

    at: datetime
    text: str
    named: tuple[SignalRef, ...]
    about: tuple[Signal, ...]

    def same_person(self, signal: Signal) -> bool:
        """Tell whether a signal is about somebody that the result is about."""
        return any(one.id == signal.id or surely_same(one.person, signal.person) for one in self.about)

    def holds_for(self, signal: Signal) -> bool:
        """Tell whether it holds for a signal of its case."""
        return signal.ref in self.named if self.named else self.same_person(signal)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which a creditor waits, and why it ends."""

    start: datetime
    end: datetime
    cause: str = "TERM"


def results_of(cases: dict[Key, list[Signal]], steps: list[Step]) -> dict[Key, list[Result]]:
    """Return the results of each case in their order."""
    by_ref = {signal.ref: (key, signal) for key, signals in cases.items() for signal in signals}
    found: dict[Key, list[Result]] = defaultdict(list)
    for step in steps:
        for action in (action for action in step.actions if isinstance(action, Conclude)):
            key = by_ref[action.signal][0]
            seen = [signal for signal in cases[key] if signal.at <= step.at]
            about = tuple(by_ref[ref][1] for ref in action.named) or (seen[0],)
            moment = step.at.astimezone(UTC)  # days of 24 hours, also when summer time starts
            found[key].append(Result(moment, action.result, action.named, about))
    return found


def feedback(
    cases: dict[Key, list[Signal]], steps: list[Step], known: Callable[[Signal], bool]
) -> tuple[Counter[str], Counter[str]]:
    """Count by sector what creditors read in the end: the status, and whether help was accepted."""
    results = results_of(cases, steps)
    by_ref = {signal.ref: key for key, signals in cases.items() for signal in signals}
    touched = {by_ref[a.signal] for step in steps for a in step.actions if isinstance(a, Attempt | Conclude)}
    again = repeats(cases)
    status: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for key, signals in cases.items():
        for signal in signals:
            holding = [result for result in results.get(key, ()) if result.holds_for(signal)]
            picked_up, repeated = key in touched, signal.id in again
            read = _read(signal, holding, picked_up=picked_up, repeated=repeated, known=known(signal))
            status[f"{signal.sector} | {read}"] += 1
            if read == "PICKED_UP" and holding:
                accepted[f"{signal.sector} | {'yes' if holding[-1].text in ACCEPTED else 'no'}"] += 1
    return status, accepted


def _read(signal: Signal, holding: list[Result], *, picked_up: bool, repeated: bool, known: bool) -> str:
    if known:
        return "KNOWN_IN_DEBT_HELP"
    if holding:
        return SHOWN.get(holding[-1].text, "PICKED_UP")
    if repeated:
        return "REPEATED"
    return "PICKED_UP" if picked_up else "NOT_YET_PICKED_UP"


def pauses(
    cases: dict[Key, list[Signal]], steps: list[Step], examples: Examples, stays: list[Stay]
) -> list[Span]:
    """Return every pause: of a creditor for one person, by results that accept help and by running help."""
    days = {examples.code_of(policy["gemeente"]): int(policy["pauzedagen"]) for policy in examples.policies}
    at_home: dict[object, list[Signal]] = defaultdict(list)
    for signals in cases.values():
        for signal in signals:
            at_home[signal.town, signal.home, signal.creditor].append(signal)
    results = results_of(cases, steps)
    found: list[Span] = []
    for signals in at_home.values():
        waits = []
        for signal in signals:
            term = timedelta(days=days[signal.town])
            spans = list(_helped(signal, stays, term))
            for key, own in results.items():
                if (key[0][0], key[0][1]) == (signal.town, signal.home):
                    spans += _waits(signal, cases[key], own, term)
            if spans:
                waits.append((signal, spans))
        for person in _persons(waits):
            found += joined(person)
    return found


def _persons(waits: list[tuple[Signal, list[Span]]]) -> list[list[Span]]:
    """Return the spans of each person: who is surely the same as one of its signals belongs to it."""
    found: list[tuple[list[Signal], list[Span]]] = []
    for signal, spans in waits:
        same = [each for each in found if any(surely_same(signal.person, one.person) for one in each[0])]
        found = [each for each in found if each not in same]
        signals = [signal, *(one for each in same for one in each[0])]
        found.append((signals, [*spans, *(span for each in same for span in each[1])]))
    return [spans for _, spans in found]


def _helped(signal: Signal, stays: list[Stay], term: timedelta) -> Iterator[Span]:
    """Yield a pause for each time that help ran for the person: one term, or until the help ended."""
    for since, until in _episodes([stay for stay in stays if concerns(stay, signal)]):
        start = max(since, signal.at).astimezone(UTC)
        end = start + term
        if until is None or until >= end:
            yield Span(start, end)
        elif until > start:
            yield Span(start, until.astimezone(UTC), "RESULT")


def _episodes(stays: list[Stay]) -> list[tuple[datetime, datetime | None]]:
    """Return when help ran: from one registration to the next without a gap is once."""
    found: list[tuple[datetime, datetime | None]] = []
    for stay in sorted(stays, key=lambda stay: stay.since):
        if found and (found[-1][1] is None or stay.since <= found[-1][1]):
            since, until = found.pop()
            last = None if until is None or stay.until is None else max(until, stay.until)
            found.append((since, last))
        else:
            found.append((stay.since, stay.until))
    return found


def _waits(signal: Signal, case: list[Signal], results: list[Result], term: timedelta) -> list[Span]:
    """Return when the creditor of this signal waits because of these results."""
    found = []
    for result in (result for result in results if result.text in ACCEPTED):
        if signal.at <= result.at and not (signal in case and result.holds_for(signal)):
            continue
        if signal.at > result.at and not result.same_person(signal):
            continue
        later = [r for r in results if r.at > result.at and r.text not in ACCEPTED and r.same_person(signal)]
        stop = later[0].at if later and later[0].at < result.at + term else None
        start = max(signal.at, result.at)
        end = stop or result.at + term
        if start < end:
            found.append(Span(start, end, "RESULT" if stop else "TERM"))
    return found


def joined(spans: list[Span]) -> list[Span]:
    """Return one span for those of a creditor that overlap."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if found and span.start <= found[-1].end:
            last = found.pop()
            longest = max(last, span, key=lambda each: each.end)
            found.append(Span(last.start, longest.end, longest.cause))
        else:
            found.append(span)
    return found
