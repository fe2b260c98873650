"""What the hub should say of residents in debt help, said plainly; test_model.py holds the rules against it.

It shares no rule with the services. What it says is meant for a quiet moment, when all that happened was
handled: in between somebody may know less, never more than was true since the last one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.common.events import CaseResult, SignalStatus
from tests.flow.steps import SAYS, Ask, End, Order, Put, Reply, Send, Snapshot, Step, Unask, Withdraw, Work

VALID_FOR = timedelta(days=28)
PAUSE = timedelta(days=30)
RECENT = timedelta(days=183)
ACCEPTED = (CaseResult.FOLLOW_UP_HELP, CaseResult.ADVICE_OR_QUICK_FIX)
STATUS = {
    CaseResult.FOLLOW_UP_HELP: SignalStatus.PICKED_UP,
    CaseResult.ADVICE_OR_QUICK_FIX: SignalStatus.PICKED_UP,
    CaseResult.NEVER_REACHED: SignalStatus.PICKED_UP,
    CaseResult.NOT_RESIDENT: SignalStatus.NOT_RESIDENT,
    CaseResult.KNOWN_IN_DEBT_HELP: SignalStatus.KNOWN_IN_DEBT_HELP,
}
OPEN = (SignalStatus.NOT_YET_PICKED_UP, SignalStatus.PICKED_UP)
SURE, POSSIBLE, NOBODY = "sure", "possible", "nobody"
Asking = tuple[str, ...]
"""Signal and registration with all that both said of their persons: of this a question is made."""


@dataclass
class Asked:
    """A check; `known`: what its asker believes."""

    name: str
    person: str
    until: datetime
    known: frozenset[str]
    withdrawn: bool = False


@dataclass
class Lease:
    """When help began, for the pause that it gives: at the earliest and at the latest."""

    first: datetime
    last: datetime


@dataclass
class Model:
    """All that is true now."""

    helps: dict[str, Put] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    """Since when each registration is about its person."""
    signals: dict[str, Send] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    """The date on each signal; a correction leaves it as it is."""
    ids: dict[str, str] = field(default_factory=dict)
    """Under which id the hub knows a signal, where that is not its name."""
    owed: dict[str, set[tuple[str, str, str]]] = field(default_factory=dict)
    """To whom a signal ever said that somebody where owes something."""
    withdrawn: set[str] = field(default_factory=set)
    checks: dict[str, Asked] = field(default_factory=dict)
    answers: dict[Asking, bool] = field(default_factory=dict)
    worked: dict[tuple[str, str], list[tuple[str, CaseResult | None, datetime]]] = field(default_factory=dict)
    """What teams did in each case (house and month), and for which signal."""
    asked: dict[tuple[str, str], Asking] = field(default_factory=dict)
    """What a municipality was asked at the last quiet moment."""
    recent: dict[str, set[str]] = field(default_factory=dict)
    """Who helped each person at some moment since then."""
    orders: list[tuple[str, str, datetime, datetime | None]] = field(default_factory=list)
    """When a team let the pause of a signal in a house go on until a moment, or ended it."""
    leases: dict[str, Lease] = field(default_factory=dict)
    """Of signals of somebody in debt help."""
    changed: set[str] = field(default_factory=set)
    """Signals that were corrected, or there when a registration came to be about somebody else: help counts
    since both were there, which may be long ago."""
    lost: set[str] = field(default_factory=set)
    """Signals that lost a helper since the last quiet moment: help may have begun anew."""

    def happen(self, step: Step, at: datetime) -> None:
        match step:
            case Put() | End():
                self._help(step, at)
            case Snapshot():
                for each in self.differences(step):
                    self.happen(each, at)
            case Send(name):
                self.days.setdefault(name, at.date())
                self.changed |= {name} & self.signals.keys()
                self.lost.add(name)  # where it is now, help is new
                self.signals[name] = step
                self.owed.setdefault(name, set()).add((step.creditor, step.person, step.house))
            case Withdraw(name):
                del self.signals[name]
                self.withdrawn.add(name)
            case Work(_, signal, result):
                self.worked.setdefault(self.case(signal), []).append((signal, result, at))
            case Order(_, signal, days):
                until = at + timedelta(days=days) if days else None
                self.orders.append((signal, self.signals[signal].house, at, until))
            case Unask(name):
                self.checks[name].withdrawn = True
            case Reply(_, signal, registration, same):
                self.answers[self.asked[signal, registration]] = same

    def _help(self, step: Put | End, at: datetime) -> None:
        before = self.helps.pop(step.name, None)
        if before:
            self.lost |= {name for name, sent in self.signals.items() if self._is_of(before, sent)}
        if isinstance(step, End):
            return
        if before is None or before.person != step.person:
            self.since[step.name] = at
            self.changed |= self.signals.keys() if before else set()
        self.helps[step.name] = step
        self.recent.setdefault(step.person, set()).add(step.organisation)

    def ask(self, step: Ask, known: frozenset[str], at: datetime) -> None:
        """Note a check with what it was answered."""
        self.checks[step.name] = Asked(step.name, step.person, at + VALID_FOR, known)

    def differences(self, snapshot: Snapshot) -> Iterator[Put | End]:
        """Yield what a snapshot comes to: registrations that are new, other or gone."""
        rows = {each.name: each for each in snapshot.rows}
        own = {name for name in self.helps if name.startswith(snapshot.registrar)}
        for name in sorted(own | set(rows)):
            if rows.get(name) != self.helps.get(name):
                yield rows.get(name, End(name))

    def case(self, signal: str) -> tuple[str, str]:
        return self.signals[signal].house, f"{self.days[signal]:%Y-%m}"

    def helpers(self, person: str) -> frozenset[str]:
        """What a check is answered."""
        return frozenset(each.organisation for each in self.helps.values() if each.person == person)

    def known(self, signal: str) -> frozenset[str]:
        """Who helps the person of a signal, as far as its creditor may hear of it."""
        sent = self.signals[signal]
        return frozenset(each.organisation for each in self.helps.values() if self._is_of(each, sent))

    def result(self, signal: str) -> CaseResult | None:
        """Return the last that a team found of a signal in the case in which it is."""
        worked = self.worked.get(self.case(signal), [])
        return next((result for name, result, _ in reversed(worked) if result and name == signal), None)

    def status(self, signal: str) -> SignalStatus:
        if self.known(signal):
            return SignalStatus.KNOWN_IN_DEBT_HELP
        if found := self.result(signal):
            return STATUS[found]
        if signal in self.repeats(self.signals[signal].house):
            return SignalStatus.REPEATED
        worked_on = self.case(signal) in self.worked
        return SignalStatus.PICKED_UP if worked_on else SignalStatus.NOT_YET_PICKED_UP

    def repeats(self, house: str) -> set[str]:
        """Return the signals that say no more than one before them that is none itself."""
        passed: list[str] = []
        here = [name for name, sent in self.signals.items() if sent.house == house]
        for name in sorted(here, key=lambda each: (self.days[each], self.ids.get(each, each))):
            if not any(self._is_repeated(before, name) for before in passed):
                passed.append(name)
        return set(here) - set(passed)

    def _is_repeated(self, before: str, name: str) -> bool:
        one, other = self.signals[before], self.signals[name]
        apart = one.person != other.person and not _shows(one).isdisjoint(_shows(other))
        same = one.creditor == other.creditor and not apart
        return same and other.amount <= one.amount and self.days[name] - self.days[before] <= RECENT

    def worklist(self) -> dict[tuple[str, str], dict[str, SignalStatus]]:
        """Return the cases of a municipality: those in which there is somebody to look at."""
        found: dict[tuple[str, str], dict[str, SignalStatus]] = {}
        for name in self.signals:
            found.setdefault(self.case(name), {})[name] = self.status(name)
        return {case: signals for case, signals in found.items() if not self._rests(case, signals)}

    def _rests(self, case: tuple[str, str], signals: dict[str, SignalStatus]) -> bool:
        """No team began, and help runs for all who are there, repeats aside."""
        known = {name for name in signals if self.known(name)}
        return case not in self.worked and bool(known) and set(signals) <= known | self.repeats(case[0])

    def questions(self) -> dict[tuple[str, str], Asking]:
        """Return which signals and registrations a municipality is asked about and did not answer."""
        waiting = [name for name in self.signals if not self.result(name) and self.status(name) in OPEN]
        found = {
            (name, each.name): _asking(each, self.signals[name])
            for name in waiting
            for each in self.helps.values()
            if self._how(each, self.signals[name]) == POSSIBLE
        }
        return {pair: asking for pair, asking in found.items() if asking not in self.answers}

    def must_pause(self, now: datetime) -> set[str]:
        """Return the signals whose creditors wait: help was accepted, or runs."""
        sure = self.leases.keys() - self.changed
        begun = {name: [(self.leases[name].first, self.leases[name].last)] for name in sure}
        for case, worked in self.worked.items():
            name, result, at = next((each for each in reversed(worked) if each[1]), worked[0])
            if result in ACCEPTED and name in self.signals and self.case(name) == case:
                begun.setdefault(name, []).append((at, at))
        return {name for name, found in begun.items() if any(now < self._at_least(name, *at) for at in found)}

    def may_pause(self, name: str, now: datetime) -> bool:
        """Tell whether the creditor of a signal has any reason to wait for somebody in its house."""
        sent = self.signals[name]
        own = [
            o
            for o, each in self.signals.items()
            if (each.house, each.creditor) == (sent.house, sent.creditor)
        ]
        begun = [self.leases[other].last for other in own if other in self.leases]
        done = [each for (house, _), worked in self.worked.items() if house == sent.house for each in worked]
        begun += [at for _, result, at in done if result in ACCEPTED]
        return any(now < self._at_most(other, at) for other in own for at in begun)

    def _at_least(self, name: str, first: datetime, last: datetime) -> datetime:
        """Return until when a creditor waits that began then, if every end that teams ordered here counts."""
        end = first + PAUSE
        for signal, house, at, until in self.orders:
            if house == self.signals[name].house and first <= at < end:
                if until is None:
                    end = at
                elif signal == name and last <= at:
                    end = max(end, until)
        return end

    def _at_most(self, name: str, begin: datetime) -> datetime:
        """Return the same when teams meant this signal only to end it, and all of the house to prolong it."""
        end = begin + PAUSE
        for signal, house, at, until in self.orders:
            if house == self.signals[name].house and at < end:
                if until:
                    end = max(end, until)
                elif signal == name and begin <= at:
                    end = at
        return end

    def believes(self, check: Asked, now: datetime) -> frozenset[str] | None:
        """Return what an asker should believe; None: what it heard last, or before that."""
        since = [self.since[each.name] for each in self.helps.values() if each.person == check.person]
        if not since:
            return frozenset()
        if now > check.until or min(since) > check.until:
            return None
        return self.helpers(check.person)

    def hears_of(self, check: Asked) -> bool:
        """Tell whether help runs that started while a check was valid."""
        helps = [each.name for each in self.helps.values() if each.person == check.person]
        return any(self.since[name] <= check.until for name in helps)

    def settle(self, since: datetime, now: datetime) -> None:
        """Note for whom help runs now; nothing happened before `since` that was not noted."""
        known = {name for name in self.signals if self.known(name)}
        self.leases = {name: each for name, each in self.leases.items() if name in known}
        for name in known:
            lease = self.leases.setdefault(name, Lease(since, now))
            lease.last = now if name in self.lost else lease.last
        self.lost = set()

    def quiet(self) -> None:
        """Forget who helped before, remember what is asked now."""
        self.recent = {each.person: set(self.helpers(each.person)) for each in self.helps.values()}
        self.asked = self.questions()

    def _is_of(self, running: Put, signal: Send) -> bool:
        if signal.bsn:
            return running.person == signal.person
        how = self._how(running, signal)
        return how == SURE or (how == POSSIBLE and self.answers.get(_asking(running, signal), False))

    def _how(self, running: Put, signal: Send) -> str:
        """Return how sure a signal makes it that its person is the one who is helped at its address."""
        if running.house != signal.house:
            return NOBODY
        shown = _shows(signal)
        if running.person == signal.person:
            return SURE if shown & {"birth date", "bsn"} else POSSIBLE
        return POSSIBLE if shown <= {"birth date"} else NOBODY


def _shows(signal: Send) -> frozenset[str]:
    return SAYS[signal.says] | ({"bsn"} if signal.bsn else set())


def _asking(running: Put, signal: Send) -> Asking:
    said = (signal.person, signal.says, "bsn" if signal.bsn else "")
    return signal.name, signal.house, *said, running.name, running.person
