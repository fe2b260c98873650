"""What the hub should say of residents in debt help, said plainly; test_model.py holds the rules against it.

It shares no rule with the services. What it says is meant for a quiet moment, when all that happened was
handled: in between somebody may know less, never more than was true since the last one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.common.events import CaseResult, SignalStatus

VALID_FOR = timedelta(days=28)
PAUSE = timedelta(days=30)
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
SAYS = {
    "everything": (SURE, NOBODY),
    "birth date": (SURE, POSSIBLE),
    "initial": (POSSIBLE, NOBODY),
    "surname": (POSSIBLE, POSSIBLE),
}
"""How sure a signal makes it that its person is the one in debt help, if it is, and if it is a namesake."""


@dataclass
class Help:
    """A running registration."""

    name: str
    person: str
    house: str
    organisation: str
    since: datetime


@dataclass
class Sent:
    """A signal, and what its municipality found of it."""

    name: str
    person: str
    house: str
    creditor: str
    month: str
    says: str
    bsn: bool
    result: CaseResult | None = None


@dataclass
class Asked:
    """A check; `known`: what its asker believes."""

    name: str
    person: str
    until: datetime
    known: frozenset[str]
    withdrawn: bool = False


@dataclass
class Model:
    """All that is true now."""

    helps: dict[str, Help] = field(default_factory=dict)
    signals: dict[str, Sent] = field(default_factory=dict)
    checks: dict[str, Asked] = field(default_factory=dict)
    answers: dict[tuple[str, str], bool] = field(default_factory=dict)
    touched: dict[tuple[str, str], tuple[str, CaseResult | None, datetime]] = field(default_factory=dict)
    """Of each case (house and month) that a team worked on: which signal it was about last."""
    recent: dict[str, set[str]] = field(default_factory=dict)
    """Who helped each person at some moment since the last quiet one."""

    def put(self, running: Help) -> None:
        before = self.helps.get(running.name)
        if before and before.person == running.person:
            running.since = before.since
        self.helps[running.name] = running
        self.recent.setdefault(running.person, set()).add(running.organisation)

    def delete(self, name: str) -> None:
        del self.helps[name]

    def differences(self, registrar: str, snapshot: Mapping[str, tuple[str, str, str]]) -> Iterator[str]:
        """Yield the registrations of a registrar that are new, other or gone in a snapshot."""
        running = {name: (h.person, h.house, h.organisation) for name, h in self.helps.items()}
        own = {name for name in running if name.startswith(registrar)}
        yield from sorted(name for name in own | set(snapshot) if running.get(name) != snapshot.get(name))

    def helpers(self, person: str) -> frozenset[str]:
        """What a check is answered."""
        return frozenset(each.organisation for each in self.helps.values() if each.person == person)

    def known(self, signal: Sent) -> frozenset[str]:
        """Who helps the person of a signal, as far as its creditor may hear of it."""
        return frozenset(each.organisation for each in self.helps.values() if self._is_of(each, signal))

    def status(self, signal: Sent) -> SignalStatus:
        if self.known(signal):
            return SignalStatus.KNOWN_IN_DEBT_HELP
        if signal.result:
            return STATUS[signal.result]
        worked_on = (signal.house, signal.month) in self.touched
        return SignalStatus.PICKED_UP if worked_on else SignalStatus.NOT_YET_PICKED_UP

    def questions(self) -> set[tuple[str, str]]:
        """Return which signals and registrations a municipality is asked about and did not answer."""
        waiting = [
            each for each in self.signals.values() if each.result is None and self.status(each) in OPEN
        ]
        found = {
            (each.name, h.name) for each in waiting for h in self.helps.values() if self._may_be(h, each)
        }
        return found - self.answers.keys()

    def must_pause(self, now: datetime) -> set[tuple[str, str]]:
        """Return creditor and signal where somebody accepted help, and nobody said otherwise since."""
        return {
            (self.signals[name].creditor, name)
            for name, result, at in self.touched.values()
            if result in ACCEPTED and now < at + PAUSE
        }

    def believes(self, check: Asked, now: datetime) -> frozenset[str] | None:
        """Return what an asker should believe; None: what it heard last, or before that."""
        helps = [each for each in self.helps.values() if each.person == check.person]
        if not helps:
            return frozenset()
        if now > check.until or all(each.since > check.until for each in helps):
            return None
        return self.helpers(check.person)

    def hears_of(self, check: Asked) -> bool:
        """Tell whether help runs that started while a check was valid."""
        return any(each.person == check.person and each.since <= check.until for each in self.helps.values())

    def quiet(self) -> None:
        """Forget who helped before."""
        self.recent = {each.person: set(self.helpers(each.person)) for each in self.helps.values()}

    def _is_of(self, running: Help, signal: Sent) -> bool:
        if running.person == signal.person and signal.bsn:
            return True
        how = self._how(running, signal)
        return how == SURE or (how == POSSIBLE and self.answers.get((signal.name, running.name), False))

    def _may_be(self, running: Help, signal: Sent) -> bool:
        return self._how(running, signal) == POSSIBLE

    def _how(self, running: Help, signal: Sent) -> str:
        if running.house != signal.house:
            return NOBODY
        same, other = SAYS[signal.says]
        return same if running.person == signal.person else other
