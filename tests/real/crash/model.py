"""What must be true in the end, from what was accepted: the rules in short, on plain names and addresses.

Imports nothing of the product. Looks at everything at once instead of event by event, so it says what is true
at the end and not how often something was told on the way.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tests.real.crash.history import (
    Help,
    History,
    Home,
    Key,
    Moment,
    Order,
    Person,
    Place,
    Result,
    Sent,
    Signal,
)

PAUSE = timedelta(days=30)
RECENT = 183
"""Days after which what a creditor says again is news."""
ACCEPTED = {"ADVICE_OR_QUICK_FIX", "FOLLOW_UP_HELP", "FOLLOW_UP_FINANCIAL", "FOLLOW_UP_NOT_FINANCIAL"}
NOT_PICKED_UP = {"REPEATED", "UNJUSTIFIED", "OTHER_REASON", "DECEASED", "NOT_RESIDENT"}
"""Results that are also the status of the signals they hold for; of all others that is PICKED_UP."""


At = Callable[[Moment], datetime]


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
    """A creditor's pause for one person: the last stretch, by results, running help and orders."""

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
    withdrawn: bool = False


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


Cases = dict[Key, list[Signal]]
"""Signals by case, in the order of their dates; `at` of each: since when it is in that case."""


def same(one: Person, other: Person) -> bool:
    """Tell whether two records are certainly or probably about one person."""
    if one.bsn and other.bsn:
        return one.bsn == other.bsn
    if one.surname != other.surname or not one.born or one.born != other.born:
        return False
    return one.initial == other.initial or not (one.initial and other.initial)


def cases_of(sent: Iterable[Sent]) -> tuple[Cases, Cases]:
    """Return the signals that each case has, and those that it has or ever had, as they were last there."""
    here: Cases = defaultdict(list)
    ever: Cases = defaultdict(list)
    for each in sent:
        for key, signal in _stays(each).items():
            ever[key].append(signal)
            if key == each.now.case and not each.withdrawn:
                here[key].append(signal)
    for cases in (here, ever):
        for signals in cases.values():
            signals.sort(key=lambda each: (each.on, each.id))
    return dict(here), dict(ever)


def _stays(sent: Sent) -> dict[Key, Signal]:
    found: dict[Key, Signal] = {}
    for version in sent.versions:
        first = found.get(version.case)
        found[version.case] = replace(version, at=first.at) if first else version
    return found


def departures(sent: Sent) -> Counter[tuple[int, str]]:
    """Return which revisions of a signal are told to be over where it was, why and at how many homes."""
    homes = [version.home for version in sent.versions]
    if sent.withdrawn:
        homes.append(homes[-1])
    found = Counter(
        (number, "MOVED")
        for number in range(2, len(homes) + 1)
        for _ in {*homes[:number]} - {homes[number - 1]}
    )
    return found + Counter([(len(homes), "WITHDRAWN")] if sent.withdrawn else [])


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


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was accepted, by case. `ever`: with the signals that were withdrawn or moved; they still say
    who a result or an order of that time is about."""

    cases: Cases
    ever: Cases
    results: dict[Key, list[Result]]
    orders: dict[Key, list[Order]]
    tried: set[Key]
    history: History
    at: At


def facts_of(history: History, at: At) -> Facts:
    cases, ever = cases_of(history.sent.values())
    results: dict[Key, list[Result]] = defaultdict(list)
    orders: dict[Key, list[Order]] = defaultdict(list)
    for result in history.results:
        own = results[result.case]
        if not own or (own[-1].code, own[-1].named) != (result.code, result.named):
            own.append(result)  # the same again is the same result
    for order in history.orders:
        orders[order.case].append(order)
    return Facts(cases, ever, dict(results), dict(orders), set(history.attempts), history, at)


def truth(history: History, at: At, team_of: Callable[[str, str, bool], str | None]) -> Truth:
    """Return what is true when all months are closed and all pauses over.

    `team_of` says which team takes a municipality's case in a postcode, crisis or not.
    """
    facts = facts_of(history, at)
    again = repeats(facts.cases)
    found = Truth()
    for key, signals in facts.cases.items():
        name, own = min(signal.id for signal in signals), facts.results.get(key)
        tried = key in facts.tried
        statuses = {s.id: _status(s, facts, repeated=s.id in again) for s in signals}
        over = not own and not tried and {"REPEATED"} == set(statuses.values())
        if own or tried or not rests(set(statuses.values())):
            found.cases[name] = _case(key, facts, statuses, over=over, team_of=team_of)
        found.matches |= {(kind, name) for kind in _matches(facts.cases, key)}
        for signal in signals:
            found.feedback[signal.id] = _feedback(signal, facts, statuses[signal.id])
    for id_, sent in history.sent.items():
        if sent.withdrawn:
            found.feedback[id_] = Feedback("NOT_PICKED_UP", None, frozenset(), withdrawn=True)
    _known(facts, found)
    _pauses(facts, found)
    _checks(history, found)
    return found


def rests(statuses: set[str]) -> bool:
    """Tell whether nobody has to look at a case for which no team did anything."""
    return "KNOWN_IN_DEBT_HELP" in statuses and statuses <= {"KNOWN_IN_DEBT_HELP", "REPEATED"}


def waiting(cases: Cases, history: History) -> list[Key]:
    """Return the cases on the worklist of a team that has done nothing about them, as help runs now."""
    again = repeats(cases)

    def status(signal: Signal) -> str:
        return "KNOWN_IN_DEBT_HELP" if _helps(signal, history) else "REPEATED" if signal.id in again else ""

    return [key for key, signals in cases.items() if not rests(set(map(status, signals)))]


def _case(
    key: Key,
    facts: Facts,
    statuses: dict[str, str],
    *,
    over: bool,
    team_of: Callable[[str, str, bool], str | None],
) -> Case:
    """`over`: nothing but repeats, so that nobody needs to go there."""
    (town, home, _), month = key
    signals, results = facts.cases[key], facts.results.get(key)
    crisis = any(signal.crisis for signal in signals)
    picked_up = "PICKED_UP" if key in facts.tried else "NOT_YET_PICKED_UP"
    return Case(
        town=town,
        month=month,
        kind="MULTIPLE" if len(signals) > 1 else "SINGLE",
        consecutive=bool(_before(facts.cases, key, 6)),
        status="CLOSED" if results or over else picked_up,
        result=results[-1].code if results else "REPEATED" if over else None,
        crisis=crisis,
        team=team_of(town, home[0], crisis),
        signals=frozenset((s.id, s.creditor, s.amount, statuses[s.id]) for s in signals),
    )


def _matches(cases: Cases, key: Key) -> Iterable[str]:
    now = {signal.creditor for signal in cases[key]}
    earlier = {signal.creditor for signal in _before(cases, key, 6)}
    last = {signal.creditor for signal in _before(cases, key, 1)}
    if len(now) > 1:
        yield "MULTIPLE"
    if earlier and len(earlier | now) > 1:
        yield "CONSECUTIVE"
    if last - now and now - last:
        yield "SWAP"


def _before(cases: Cases, key: Key, months: int) -> list[Signal]:
    place, month = key
    count = int(month[:4]) * 12 + int(month[5:]) - 1
    names = [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(count - months, count)]
    return [signal for name in names for signal in cases.get((place, name), ())]


def _helps(signal: Signal, history: History, *, ever: bool = False) -> list[Help]:
    """Return the registrations of a signal's person: by BSN anywhere, by name at its address."""
    found = list(history.of_bsn.get(signal.person.bsn or "", ()))
    for each in history.of_home.get(signal.home, ()):
        if all(each is not other for other in found) and same(each.person, signal.person):
            found += [each] if ever or each.homes[-1] == signal.home else []
    return [each for each in found if ever or not each.ended]


def _about(result: Result, signal: Signal, facts: Facts) -> bool:
    case = facts.ever[result.case]
    if result.named:
        anchors = [each for each in case if each.id in result.named]
    else:
        seen = [each for each in case if facts.at(each.at) <= facts.at(result.at)]
        anchors = (seen or case)[:1]
    return _of_any(anchors, signal)


def _of_any(anchors: Iterable[Signal], signal: Signal) -> bool:
    return any(each.id == signal.id or same(each.person, signal.person) for each in anchors)


def _holds(result: Result, signal: Signal, facts: Facts) -> bool:
    if signal.case != result.case:
        return False
    return signal.id in result.named if result.named else _about(result, signal, facts)


def _holding(signal: Signal, facts: Facts) -> list[Result]:
    return [result for result in facts.results.get(signal.case, ()) if _holds(result, signal, facts)]


def _status(signal: Signal, facts: Facts, *, repeated: bool) -> str:
    if _helps(signal, facts.history):
        return "KNOWN_IN_DEBT_HELP"
    if holding := _holding(signal, facts):
        return holding[-1].code if holding[-1].code in NOT_PICKED_UP else "PICKED_UP"
    if repeated:
        return "REPEATED"
    done = signal.case in facts.tried or facts.results.get(signal.case)
    return "PICKED_UP" if done else "NOT_YET_PICKED_UP"


def _feedback(signal: Signal, facts: Facts, status: str) -> Feedback:
    """A reason that is nobody's business is hidden; accepted or not only of what was picked up."""
    holding = _holding(signal, facts)
    shown = "NOT_PICKED_UP" if status == "OTHER_REASON" else status
    accepted = holding[-1].code in ACCEPTED if shown == "PICKED_UP" and holding else None
    return Feedback(shown, accepted, frozenset(each.contact for each in _helps(signal, facts.history)))


def _known(facts: Facts, found: Truth) -> None:
    """Whether help that ended met a signal in time is a matter of milliseconds: maybe."""
    for signal in (signal for signals in facts.cases.values() for signal in signals):
        if _helps(signal, facts.history):
            found.matches.add(("KNOWN_IN_DEBT_HELP", signal.id))
        elif _helps(signal, facts.history, ever=True):
            found.maybe_matches.add(("KNOWN_IN_DEBT_HELP", signal.id))


def _pauses(facts: Facts, found: Truth) -> None:
    """A creditor has one pause for one person; what help that moved or ended did is a matter of timing."""
    creditors: dict[tuple[str, Home, str], list[Signal]] = defaultdict(list)
    teamwork: dict[tuple[str, Home], list[Key]] = defaultdict(list)
    for key in {**facts.results, **facts.orders}:
        teamwork[key[0][0], key[0][1]].append(key)
    for ((town, home, _), _), signals in facts.cases.items():
        for signal in signals:
            creditors[town, home, signal.creditor].append(signal)
    for (town, home, creditor), signals in creditors.items():
        for person in _persons(signals):
            name = (min(signal.id for signal in person), creditor)
            found.persons |= {signal.id: name for signal in person}
            if any(_is_unsettled(signal, facts) for signal in person):
                found.maybe_pauses.add(name)
                continue
            spans = [(s, span) for s in person for span in _spans(s, teamwork[town, home], facts)]
            if spans:
                found.pauses[name] = _last(spans)


def _persons(signals: list[Signal]) -> list[list[Signal]]:
    groups: list[list[Signal]] = []
    for signal in signals:
        near = [group for group in groups if any(same(signal.person, other.person) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([signal, *(other for group in near for other in group)])
    return groups


def _is_unsettled(signal: Signal, facts: Facts) -> bool:
    """Tell whether help moved or ended, or was another person's before the signal was corrected."""
    helps = _helps(signal, facts.history, ever=True)
    before = (_helps(each, facts.history, ever=True) for each in facts.history.sent[signal.id].versions)
    return any(each.ended or len(set(each.homes)) > 1 for each in helps) or any(
        one != helps for one in before
    )


Act = tuple[datetime, datetime | None, bool]
"""When; until when the wait is (None: it ends now); whether it begins one when none runs."""


def _spans(signal: Signal, keys: list[Key], facts: Facts) -> Iterator[Pause]:
    """Yield when a signal's creditor waits, by the work on the cases of its home and by help that runs."""
    at, came = facts.at, facts.at(signal.at)
    orders: list[Act] = [
        (at(order.at), order.until, False)
        for key in keys
        for order in facts.orders.get(key, ())
        if _of_any(facts.ever[key], signal)
    ]
    lines: list[list[Act]] = [[*_acts(signal, facts.results.get(key, ()), facts), *orders] for key in keys]
    if known := [at(each.at) for each in _helps(signal, facts.history)]:
        start = max(min(known), came)
        lines.append([(start, start + PAUSE, True), *orders])
    for line in lines:
        for span in _timeline(sorted(line, key=lambda act: act[0])):
            if max(span.start, came) < span.end:
                yield replace(span, start=max(span.start, came))


def _acts(signal: Signal, results: Iterable[Result], facts: Facts) -> Iterator[Act]:
    for result in results:
        now = facts.at(result.at)
        if not _about(result, signal, facts):
            continue
        if result.code not in ACCEPTED:
            yield now, None, False
        else:
            yield now, now + PAUSE, facts.at(signal.at) >= now or _holds(result, signal, facts)


def _timeline(acts: Iterable[Act]) -> list[Pause]:
    """Return the waits: each act begins, prolongs or ends the latest one."""
    spans: list[Pause] = []
    for now, until, begins in acts:
        running = spans.pop() if spans and now < spans[-1].end else None
        if running and until:
            spans.append(replace(running, end=max(running.end, until)))
        elif running:
            spans.append(replace(running, end=now, reason="RESULT"))
        elif until and begins:
            spans.append(Pause(frozenset(), now, until, "TERM"))
    return spans


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
        helps = history.of_bsn.get(check.bsn, [])
        if check.unknown and any(not each.ended for each in helps):
            found.told.add(check.dossier)
        elif helps:
            found.maybe_told.add(check.dossier)
        if not check.unknown and all(each.ended for each in helps):
            found.ended.add(check.dossier)
        elif any(each.ended for each in helps):
            found.maybe_ended.add(check.dossier)
