"""Cases of a place and month, what matches in them, and whose team they are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.local.demo.actions import Action, Attempt, Conclude, Content, Step
from services.local.demo.examples import Examples
from services.local.demo.model.intake import Signal
from services.local.demo.model.people import surely_same, told_apart

Place = tuple[str, tuple[str, int], str]
RECENT_DAYS = 183
Key = tuple[Place, str]
"""Place and month."""
KnownAt = Callable[[Signal, datetime], bool]
"""Whether the person of a signal is in debt help at a moment."""


def cases_of(signals: list[Signal]) -> dict[Key, list[Signal]]:
    """Return the signals of each case, in the order of their dates."""
    cases: dict[Key, list[Signal]] = defaultdict(list)
    for signal in sorted(signals, key=lambda signal: (signal.on, signal.id)):
        cases[signal.place, signal.month].append(signal)
    return dict(cases)


def before(cases: dict[Key, list[Signal]], key: Key, months: int) -> list[Signal]:
    """Return the signals at the same place in the months before."""
    place, month = key
    return [signal for back in range(1, months + 1) for signal in cases.get((place, _minus(month, back)), ())]


def kinds(cases: dict[Key, list[Signal]], resting: Collection[Key]) -> Counter[str]:
    """Count cases by municipality and kind (Divosa), with the mark for consecutive."""
    found: Counter[str] = Counter()
    for key, signals in cases.items():
        if key in resting:
            continue
        kind = "multiple" if len(signals) > 1 else "single"
        mark = ", consecutive" if before(cases, key, 6) else ""
        found[f"{key[0][0]} | {kind}{mark}"] += 1
    return found


def matches(cases: dict[Key, list[Signal]]) -> Counter[str]:
    """Count the matches of households, each once per case."""
    found: Counter[str] = Counter()
    for key, signals in cases.items():
        now = {signal.creditor for signal in signals}
        earlier = {signal.creditor for signal in before(cases, key, 6)}
        found["MULTIPLE"] += len(now) > 1
        found["CONSECUTIVE"] += any(one != other for one in now for other in earlier)
    return found


def swaps(cases: dict[Key, list[Signal]], until: datetime) -> list[datetime]:
    """Return when each swap is decided: at the close a creditor of the month before is gone, another new."""
    found = []
    for key, signals in cases.items():
        now = {signal.creditor for signal in signals}
        last = {signal.creditor for signal in before(cases, key, 1)}
        close = closes(key[1])
        if last - now and now - last and close <= until:
            found.append(close)
    return found


def closes(month: str) -> datetime:
    """Return the first instant of the next month."""
    year, number = int(month[:4]), int(month[5:])
    year, number = (year + 1, 1) if number == 12 else (year, number + 1)
    return datetime(year, number, 1, tzinfo=ZoneInfo("Europe/Amsterdam"))


def repeats(cases: dict[Key, list[Signal]]) -> set[str]:
    """Return the signals that say again, and not higher, what their creditor said of that person before."""
    passed: dict[tuple[Place, str], list[Signal]] = defaultdict(list)
    found = set()
    for key in sorted(cases, key=lambda key: key[1]):
        for signal in cases[key]:
            before = passed[key[0], signal.creditor]
            if not signal.crisis and any(_covers(each, signal) for each in before):
                found.add(signal.id)
            else:
                before.append(signal)
    return found


def _covers(before: Signal, signal: Signal) -> bool:
    days = (date.fromisoformat(signal.on) - date.fromisoformat(before.on)).days
    if days > RECENT_DAYS or signal.cents > before.cents:
        return False
    one, other = before.person, signal.person
    return surely_same(one, other) or not told_apart(one, other)


def worked(
    cases: dict[Key, list[Signal]], steps: list[Step], known: KnownAt
) -> tuple[list[Step], set[Key], Counter[str]]:
    """Return the steps as teams could take them, the cases that rest in the end, and what teams did not find.

    A case rests, and is on no worklist, while help runs for all in it that a team would look at.
    """
    again = repeats(cases)
    by_ref = {signal.ref: key for key, signals in cases.items() for signal in signals}
    touched: set[Key] = set()
    missed: Counter[str] = Counter()

    def rests(key: Key, at: datetime) -> bool:
        signals = [signal for signal in cases[key] if signal.at <= at]
        helped = [known(signal, at) for signal in signals]
        over = (known_ or signal.id in again for known_, signal in zip(helped, signals, strict=True))
        return key not in touched and any(helped) and all(over)

    def done(action: Action, at: datetime) -> bool:
        if not isinstance(action, Attempt | Conclude):
            return True
        if rests(by_ref[action.signal], at):
            missed[f"not on the worklist of {action.team}"] += 1
            return False
        touched.add(by_ref[action.signal])
        return True

    taken = [
        replace(step, actions=tuple(each for each in step.actions if done(each, step.at))) for step in steps
    ]
    return taken, {key for key in cases if rests(key, steps[-1].at)}, missed


def statuses(
    cases: dict[Key, list[Signal]],
    steps: list[Step],
    known: Callable[[Signal], bool],
    resting: Collection[Key],
) -> Counter[str]:
    """Count cases by what their team did; nobody needs to look at one with nothing but repeats."""
    again = repeats(cases)
    by_ref = {signal.ref: key for key, signals in cases.items() for signal in signals}
    done = [action for step in steps for action in step.actions if isinstance(action, Attempt | Conclude)]
    closed = {by_ref[action.signal] for action in done if isinstance(action, Conclude)}
    touched = {by_ref[action.signal] for action in done}
    over = {
        key
        for key, signals in cases.items()
        if key in closed
        or (key not in touched and all(each.id in again and not known(each) for each in signals))
    }
    return Counter(
        "CLOSED" if key in over else "PICKED_UP" if key in touched else "NOT_YET_PICKED_UP"
        for key in cases
        if key not in resting
    )


def loads(cases: dict[Key, list[Signal]], examples: Examples, resting: Collection[Key]) -> Counter[str]:
    """Count cases by team."""
    codes = {team["id"]: examples.code_of(team["gemeente"]) for team in examples.teams}
    teams = sorted(examples.teams, key=lambda team: str(team["id"]))
    return Counter(
        _team(signals, [team for team in teams if codes[team["id"]] == key[0][0]])
        for key, signals in cases.items()
        if key not in resting
    )


def _team(signals: list[Signal], teams: list[Content]) -> str:
    spot = signals[0].spot
    wishes = [team for team in teams if "crisis" in team["lanen"]] if any(s.crisis for s in signals) else []
    wishes += [team for team in teams if "jongeren" in team["lanen"]] if any(s.young for s in signals) else []
    for area in (f"BU{spot.neighbourhood}", f"WK{spot.district}", spot.postcode[:4]):
        wishes += [team for team in teams if area in team["gebieden"]]
    wishes += [team for team in teams if team["vangnet"]]
    return str(wishes[0]["id"])


def _minus(month: str, months: int) -> str:
    count = int(month[:4]) * 12 + int(month[5:]) - 1 - months
    return f"{count // 12:04}-{count % 12 + 1:02}"
