"""What must be true in the end, from what was accepted: the rules in short, on plain names and addresses.

Imports nothing of the product. Looks at everything at once instead of event by event, so it says what is true
at the end and not how often something was told on the way.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Home = tuple[str, int]
"""Postcode and house number."""
PAUSE = timedelta(days=30)
RECENT = 183
"""Days after which what a creditor says again is news."""
ACCEPTED = {"ADVICE_OR_QUICK_FIX", "FOLLOW_UP_HELP", "FOLLOW_UP_FINANCIAL", "FOLLOW_UP_NOT_FINANCIAL"}
NOT_PICKED_UP = {"REPEATED", "UNJUSTIFIED", "OTHER_REASON", "DECEASED", "NOT_RESIDENT"}
"""Results that are also the status of the signals they hold for; of all others that is PICKED_UP."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When the hub took something in: between the first attempt and the answer."""

    early: datetime
    late: datetime


At = Callable[[Moment], datetime]


@dataclass(frozen=True, slots=True)
class Person:
    """What a record says of a person."""

    surname: str
    initial: str
    born: str
    bsn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An accepted signal; `on` is its date."""

    id: str
    creditor: str
    town: str
    home: Home
    unit: str
    on: str
    amount: int
    crisis: bool
    person: Person
    at: Moment


@dataclass(frozen=True, slots=True)
class Attempt:
    """A contact attempt on the case of a signal."""

    signal: str
    at: Moment


@dataclass(frozen=True, slots=True)
class Result:
    """A result of the case of a signal; `named` = the signals it is about, none = the first one's person."""

    signal: str
    code: str
    named: tuple[str, ...]
    at: Moment


@dataclass(slots=True)
class Help:
    """A registration: who, whom to call, every address it had (the last one counts), whether it ended."""

    person: Person
    contact: str
    homes: list[Home]
    at: Moment
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A bailiff's question, and whether its last answer was not known."""

    dossier: str
    bsn: str
    unknown: bool


@dataclass(slots=True)
class History:
    """All that was accepted, in the order in which each party sent it."""

    signals: dict[str, Signal] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    help: dict[str, Help] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its municipality sees it; `signals` is id, creditor, amount, status of each."""

    town: str
    month: str
    kind: str
    consecutive: bool
    status: str
    result: str | None
    crisis: bool
    team: str | None
    signals: frozenset[tuple[str, str, int, str]]


@dataclass(frozen=True, slots=True)
class Pause:
    """A creditor's pause for one person: the last stretch, by results and by running help."""

    signals: frozenset[str]
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a creditor may know of its signal."""

    status: str
    accepted: bool | None
    contacts: frozenset[str]


@dataclass(slots=True)
class Truth:
    """What must be there; a case is named by the smallest id of its signals."""

    cases: dict[str, Case] = field(default_factory=dict)
    matches: set[tuple[str, str]] = field(default_factory=set)
    """Kind and case; kind and signal when somebody is known."""
    maybe_matches: set[tuple[str, str]] = field(default_factory=set)
    pauses: dict[tuple[str, str], Pause] = field(default_factory=dict)
    """By the person's smallest signal and creditor; so are the others."""
    maybe_pauses: set[tuple[str, str]] = field(default_factory=set)
    persons: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of which pause a signal is."""
    feedback: dict[str, Feedback] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """Dossiers of bailiffs who hear that help started."""
    maybe_told: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    """Dossiers of bailiffs who hear that it ended."""
    maybe_ended: set[str] = field(default_factory=set)


Place = tuple[str, Home, str]
Cases = dict[tuple[Place, str], list[Signal]]
"""Signals by place and month, in the order of their dates."""


def same(one: Person, other: Person) -> bool:
    """Tell whether two records are certainly or probably about one person."""
    if one.bsn and other.bsn:
        return one.bsn == other.bsn
    if one.surname != other.surname or not one.born or one.born != other.born:
        return False
    return one.initial == other.initial or not (one.initial and other.initial)


def repeats(cases: Cases) -> set[str]:
    """Return the signals that say again what their creditor said of that person recently, and no more."""
    passed: dict[tuple[Place, str], list[Signal]] = defaultdict(list)
    found = set()
    for (place, _), signals in sorted(cases.items(), key=lambda each: each[0][1]):
        for signal in signals:
            before = passed[place, signal.creditor]
            if not signal.crisis and any(_covers(each, signal) for each in before):
                found.add(signal.id)
            else:
                before.append(signal)
    return found


def _covers(before: Signal, signal: Signal) -> bool:
    days = (date.fromisoformat(signal.on) - date.fromisoformat(before.on)).days
    if days > RECENT or signal.amount > before.amount:
        return False
    return same(before.person, signal.person) or not _told_apart(before.person, signal.person)


def _told_apart(one: Person, other: Person) -> bool:
    mine = (one.bsn, one.surname, one.initial, one.born)
    theirs = (other.bsn, other.surname, other.initial, other.born)
    return any(a and b and a != b for a, b in zip(mine, theirs, strict=True))


def truth(history: History, at: At, team_of: Callable[[str, str, bool], str | None]) -> Truth:
    """Return what is true when all months are closed and all pauses over.

    `team_of` says which team takes a municipality's case in a postcode, crisis or not.
    """
    cases = cases_of(history.signals.values())
    names = {key: min(signal.id for signal in signals) for key, signals in cases.items()}
    where = {signal.id: key for key, signals in cases.items() for signal in signals}
    results: dict[tuple[Place, str], list[Result]] = defaultdict(list)
    for result in history.results:
        own = results[where[result.signal]]
        if not own or (own[-1].code, own[-1].named) != (result.code, result.named):
            own.append(result)  # the same again is the same result
    attempted = {where[attempt.signal] for attempt in history.attempts}
    again = repeats(cases)
    found = Truth()
    for key, signals in cases.items():
        own, tried = results[key], key in attempted
        statuses = {
            s.id: _status(s, signals, own, tried=tried, repeated=s.id in again, history=history, at=at)
            for s in signals
        }
        over = not own and not tried and {"REPEATED"} == set(statuses.values())
        if own or tried or not rests(set(statuses.values())):
            found.cases[names[key]] = _case(
                key, cases, own, statuses, tried=tried, over=over, team_of=team_of
            )
        found.matches |= {(kind, names[key]) for kind in _matches(cases, key)}
        for signal in signals:
            found.feedback[signal.id] = _feedback(signal, signals, own, statuses[signal.id], history, at)
    _known(history, found)
    _pauses(cases, results, history, found, at)
    _checks(history, found)
    return found


def cases_of(signals: Iterable[Signal]) -> Cases:
    """Return the signals of each municipality, dwelling and month."""
    cases: Cases = defaultdict(list)
    for signal in sorted(signals, key=lambda each: (each.on, each.id)):
        cases[(signal.town, signal.home, signal.unit), signal.on[:7]].append(signal)
    return dict(cases)


def rests(statuses: set[str]) -> bool:
    """Tell whether nobody has to look at a case for which no team did anything."""
    return "KNOWN_IN_DEBT_HELP" in statuses and statuses <= {"KNOWN_IN_DEBT_HELP", "REPEATED"}


def waiting(signals: Iterable[Signal], case: list[Signal], history: History) -> bool:
    """Tell whether a case is on the worklist of a team that has done nothing about it, as help runs now."""
    again = repeats(cases_of(signals))
    return not rests(
        {
            "KNOWN_IN_DEBT_HELP" if _helps(each, history) else "REPEATED" if each.id in again else "OPEN"
            for each in case
        }
    )


def _case(
    key: tuple[Place, str],
    cases: Cases,
    results: list[Result],
    statuses: dict[str, str],
    *,
    tried: bool,
    over: bool,
    team_of: Callable[[str, str, bool], str | None],
) -> Case:
    """`over`: nothing but repeats, so that nobody needs to go there."""
    (town, home, _), month = key
    signals = cases[key]
    crisis = any(signal.crisis for signal in signals)
    return Case(
        town=town,
        month=month,
        kind="MULTIPLE" if len(signals) > 1 else "SINGLE",
        consecutive=bool(_before(cases, key, 6)),
        status="CLOSED" if results or over else "PICKED_UP" if tried else "NOT_YET_PICKED_UP",
        result=results[-1].code if results else "REPEATED" if over else None,
        crisis=crisis,
        team=team_of(town, home[0], crisis),
        signals=frozenset((s.id, s.creditor, s.amount, statuses[s.id]) for s in signals),
    )


def _matches(cases: Cases, key: tuple[Place, str]) -> Iterable[str]:
    now = {signal.creditor for signal in cases[key]}
    earlier = {signal.creditor for signal in _before(cases, key, 6)}
    last = {signal.creditor for signal in _before(cases, key, 1)}
    if len(now) > 1:
        yield "MULTIPLE"
    if earlier and len(earlier | now) > 1:
        yield "CONSECUTIVE"
    if last - now and now - last:
        yield "SWAP"


def _before(cases: Cases, key: tuple[Place, str], months: int) -> list[Signal]:
    place, month = key
    count = int(month[:4]) * 12 + int(month[5:]) - 1
    names = [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(count - months, count)]
    return [signal for name in names for signal in cases.get((place, name), ())]


def _helps(signal: Signal, history: History, *, ever: bool = False) -> list[Help]:
    """Return the registrations of a signal's person: by BSN anywhere, by name at its address."""
    return [
        each
        for each in history.help.values()
        if (ever or not each.ended)
        and (
            (signal.person.bsn and each.person.bsn == signal.person.bsn)
            or (signal.home in (each.homes if ever else each.homes[-1:]) and same(each.person, signal.person))
        )
    ]


def _about(result: Result, signal: Signal, case: list[Signal], at: At) -> bool:
    if result.named:
        anchors = [each for each in case if each.id in result.named]
    else:
        seen = [each for each in case if at(each.at) <= at(result.at)]
        anchors = (seen or case)[:1]
    return any(each.id == signal.id or same(each.person, signal.person) for each in anchors)


def _holds(result: Result, signal: Signal, case: list[Signal], at: At) -> bool:
    if all(each.id != signal.id for each in case):
        return False
    return signal.id in result.named if result.named else _about(result, signal, case, at)


def _status(
    signal: Signal,
    case: list[Signal],
    results: list[Result],
    *,
    tried: bool,
    repeated: bool,
    history: History,
    at: At,
) -> str:
    if _helps(signal, history):
        return "KNOWN_IN_DEBT_HELP"
    holding = [result for result in results if _holds(result, signal, case, at)]
    if holding:
        return holding[-1].code if holding[-1].code in NOT_PICKED_UP else "PICKED_UP"
    if repeated:
        return "REPEATED"
    return "PICKED_UP" if tried or results else "NOT_YET_PICKED_UP"


def _feedback(
    signal: Signal, case: list[Signal], results: list[Result], status: str, history: History, at: At
) -> Feedback:
    """A reason that is nobody's business is hidden; accepted or not only of what was picked up."""
    holding = [result for result in results if _holds(result, signal, case, at)]
    shown = "NOT_PICKED_UP" if status == "OTHER_REASON" else status
    accepted = holding[-1].code in ACCEPTED if shown == "PICKED_UP" and holding else None
    return Feedback(shown, accepted, frozenset(each.contact for each in _helps(signal, history)))


def _known(history: History, found: Truth) -> None:
    """Whether help that ended met a signal in time is a matter of milliseconds: maybe."""
    for signal in history.signals.values():
        if _helps(signal, history):
            found.matches.add(("KNOWN_IN_DEBT_HELP", signal.id))
        elif _helps(signal, history, ever=True):
            found.maybe_matches.add(("KNOWN_IN_DEBT_HELP", signal.id))


def _pauses(
    cases: Cases, results: dict[tuple[Place, str], list[Result]], history: History, found: Truth, at: At
) -> None:
    """A creditor has one pause for one person; what help that moved or ended did is a matter of timing."""
    household: dict[tuple[str, Home, str], list[Signal]] = defaultdict(list)
    for ((town, home, _), _), signals in cases.items():
        for signal in signals:
            household[town, home, signal.creditor].append(signal)
    for (town, home, creditor), signals in household.items():
        keys = [key for key in results if (key[0][0], key[0][1]) == (town, home)]
        for person in _persons(signals):
            name = (min(signal.id for signal in person), creditor)
            found.persons |= {signal.id: name for signal in person}
            if any(_is_unsettled(signal, history) for signal in person):
                found.maybe_pauses.add(name)
                continue
            spans = [
                (s, span) for s in person for key in keys for span in _spans(s, cases[key], results[key], at)
            ]
            spans += [(s, span) for s in person for span in _by_help(s, history, at)]
            if spans:
                found.pauses[name] = _last(spans)


def _persons(signals: list[Signal]) -> list[list[Signal]]:
    groups: list[list[Signal]] = []
    for signal in signals:
        near = [group for group in groups if any(same(signal.person, other.person) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([signal, *(other for group in near for other in group)])
    return groups


def _is_unsettled(signal: Signal, history: History) -> bool:
    return any(each.ended or len(set(each.homes)) > 1 for each in _helps(signal, history, ever=True))


def _by_help(signal: Signal, history: History, at: At) -> list[Pause]:
    """Return the one term that running help gives."""
    known = [at(each.at) for each in _helps(signal, history)]
    start = max(min(known), at(signal.at)) if known else None
    return [Pause(frozenset(), start, start + PAUSE, "TERM")] if start else []


def _spans(signal: Signal, case: list[Signal], results: list[Result], at: At) -> list[Pause]:
    """Return when a signal's creditor waits: each result begins, prolongs or ends the latest wait."""
    spans: list[Pause] = []
    for result in (each for each in results if _about(each, signal, case, at)):
        now = at(result.at)
        running = spans.pop() if spans and now < spans[-1].end else None
        if result.code not in ACCEPTED:
            spans += [Pause(frozenset(), running.start, now, "RESULT")] if running else []
        elif running:
            spans.append(Pause(frozenset(), running.start, max(running.end, now + PAUSE), "TERM"))
        elif at(signal.at) >= now or _holds(result, signal, case, at):
            spans.append(Pause(frozenset(), now, now + PAUSE, "TERM"))
    begun = (Pause(s.signals, max(s.start, at(signal.at)), s.end, s.reason) for s in spans)
    return [span for span in begun if span.start < span.end]


def _last(spans: list[tuple[Signal, Pause]]) -> Pause:
    """Return the last stretch of spans that do not touch, with all signals that have one."""
    ids = frozenset(signal.id for signal, _ in spans)
    last, *rest = sorted((span for _, span in spans), key=lambda span: (span.start, span.end))
    for span in rest:
        if span.start > last.end:
            last = span
        elif span.end > last.end:
            last = Pause(ids, last.start, span.end, span.reason)
    return Pause(ids, last.start, last.end, last.reason)


def _checks(history: History, found: Truth) -> None:
    """Who was told not known hears of help that runs; of help that ended maybe, when it was in time.

    Maybe also when the answer was known: an attempt before it that brought no answer is a check of its own.
    Of the end of all help hears who heard of it: surely who was told known.
    """
    for check in history.checks:
        helps = [each for each in history.help.values() if each.person.bsn == check.bsn]
        if check.unknown and any(not each.ended for each in helps):
            found.told.add(check.dossier)
        elif helps:
            found.maybe_told.add(check.dossier)
        if not check.unknown and all(each.ended for each in helps):
            found.ended.add(check.dossier)
        elif any(each.ended for each in helps):
            found.maybe_ended.add(check.dossier)
