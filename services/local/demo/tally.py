"""What came out of the hub, counted from its topics as the model counts: same tables, same labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TypeVar

from services.common.codec import Codec
from services.common.events import (
    BailiffMatch,
    Case,
    CaseKind,
    Check,
    Event,
    Feedback,
    HelpChange,
    Match,
    MatchKind,
    PartnerType,
    Pause,
    PauseChange,
    PauseEnd,
    PauseGround,
    Question,
    QuestionState,
    Refusal,
    Signal,
    Snapshot,
    SnapshotState,
)
from services.local.demo.actions import Ask, Step
from services.local.demo.examples import Examples
from services.local.demo.helpdesk import HelpDesk
from services.local.demo.model.expected import Tables
from services.local.demo.tail import Tail

E = TypeVar("E", bound=Event)
SECTOR = {
    PartnerType.RENT: "Huur",
    PartnerType.ENERGY: "Energie",
    PartnerType.WATER: "Water",
    PartnerType.HEALTH: "Zorg",
}
TENANT = "tenant."


class Tally:
    """Reads what the tail has collected."""

    def __init__(self, tail: Tail, codec: Codec, examples: Examples) -> None:
        self._tail, self._codec, self._examples = tail, codec, examples
        self._events: dict[str, list[Event | None]] = defaultdict(list)

    def tables(self, steps: list[Step], answers: Counter[str], helped: HelpDesk) -> Tables:
        """Return all tables; `answers` and `helped` are what the API said."""
        found: Tables = {
            "delivered": self._delivered(answers),
            "refused": Counter(r for event in self.all("refusals", Refusal) for r in event.reasons),
            "cases": Counter(self._kind(case) for case in self._cases()),
            "case status": Counter(case.status.value for case in self._cases()),
            "matches": Counter(
                match.kind.value
                for match in self._latest("matches", Match, "match_id").values()
                if not match.withdrawn
            ),
            "teams": Counter(case.team or "no team" for case in self._cases()),
            "pauses": self._pauses(),
            "feedback": Counter(f"{self._sector(f)} | {f.status}" for f in self._feedback()),
            "help accepted": Counter(
                f"{self._sector(f)} | {'yes' if f.help_accepted else 'no'}"
                for f in self._feedback()
                if f.help_accepted is not None
            ),
            "checks": self._checks(steps, helped.told),
            "registrations": self._registrations(),
            "questions": self._questions(),
            "files": helped.files,
            "files (topic)": self._files(),
        }
        return {name: +rows for name, rows in found.items()} | {"left over": self._left_over()}

    def pauses_run_out(self) -> int:
        """Count the pauses that their own timer ended so far."""
        return sum(pause.end_reason is PauseEnd.TERM for pause in self._hub("pauses", Pause))

    def swaps(self) -> int:
        """Count the swaps told so far."""
        return sum(match.kind is MatchKind.SWAP for match in self._hub("matches", Match))

    def all(self, subject: str, kind: type[E]) -> list[E]:
        """Return what all tenants got of a subject."""
        return [
            event
            for topic in sorted(self._tail.records)
            if topic.startswith(TENANT) and topic.endswith(f".{subject}.v1")
            for event in self._of(topic, kind)
        ]

    def _hub(self, subject: str, kind: type[E]) -> list[E]:
        return list(self._of(f"{subject}.v1", kind))

    def _of(self, topic: str, kind: type[E]) -> Iterable[E]:
        """Return the events of a topic; each is decoded once."""
        events, records = self._events[topic], self._tail.records.get(topic, [])
        subject = topic.removesuffix(".v1").rpartition(".")[2]
        values = (record.value for record in records[len(events) :])
        events += [None if value is None else self._codec.decode(value, subject) for value in values]
        return (event for event in events if isinstance(event, kind))

    def _latest(self, subject: str, kind: type[E], name: str) -> dict[str, E]:
        return {getattr(event, name): event for event in self.all(subject, kind)}

    def _delivered(self, answers: Counter[str]) -> Counter[str]:
        events = self.all("signals", Signal)
        first = len({event.signal_id for event in events})
        again = answers["accepted"] - first
        return answers + Counter({"repeated": again, "accepted": first - answers["accepted"]})

    def _cases(self) -> list[Case]:
        found = self._latest("cases", Case, "case_id").values()
        return [case for case in found if not (case.withdrawn or case.known_in_debt_help)]

    def _kind(self, case: Case) -> str:
        kind = "multiple" if case.kind is CaseKind.MULTIPLE else "single"
        mark = ", consecutive" if case.consecutive else ""
        return f"{self._examples.code_of(case.municipality)} | {kind}{mark}"

    def _pauses(self) -> Counter[str]:
        """Count what ran; started again with other dates it is the same, taken back it never was."""
        running, ended, for_clients = set[str](), Counter[str](), set[str]()
        for event in self.all("pauses", Pause):
            if event.ground is PauseGround.CHECK:
                for_clients.add(event.pause_id)
            if event.change is not PauseChange.ENDED:
                running.add(event.pause_id)
                continue
            running.discard(event.pause_id)
            if event.ends_at > event.starts_at:
                ended[f"ended: {event.end_reason}"] += 1
        counts = {"started": len(running) + ended.total(), "running": len(running)}
        return Counter(counts | {"for a bailiff's client": len(for_clients)}) + ended

    def _feedback(self) -> list[Feedback]:
        found = self._latest("feedback", Feedback, "signal_id").values()
        return [feedback for feedback in found if not feedback.withdrawn]

    def _sector(self, feedback: Feedback) -> str:
        party = next(p for p in self._examples.parties if p["oin"] == feedback.creditor)
        return str(party["signaalpartner"])

    def _checks(self, steps: list[Step], told: dict[str, bool]) -> Counter[str]:
        found: Counter[str] = Counter()
        matches = self.all("bailiff-matches", BailiffMatch)
        later = Counter(match.dossier for match in matches if match.change is HelpChange.STARTED)
        over = Counter(match.dossier for match in matches if match.change is HelpChange.ENDED)
        for ask in (action for step in steps for action in step.actions if isinstance(action, Ask)):
            known, pushed = told[ask.dossier], later[ask.dossier]
            if ask.crossing:
                found[f"{ask.asker} | told while crossing"] += known + pushed
            else:
                found[f"{ask.asker} | {'known' if known else 'not known'}"] += 1
                found[f"{ask.asker} | told later"] += pushed
            found[f"{ask.asker} | told of the end"] += over[ask.dossier]
        found["others to call"] = sum(match.change is HelpChange.CHANGED for match in matches)
        found["unasked"] = len(self._hub("checks", Check)) - len(told)
        return found

    def _registrations(self) -> Counter[str]:
        last = {record.key: record.value for record in self._tail.records["registrations.v1"]}
        ended = sum(value is None for value in last.values())
        return Counter({"running": len(last) - ended, "ended": ended})

    def _questions(self) -> Counter[str]:
        """Count where questions stand; what became pointless is none."""
        states = (each.state for each in self._latest("questions", Question, "question_id").values())
        return Counter(state.value for state in states if state is not QuestionState.WITHDRAWN)

    def _files(self) -> Counter[str]:
        """Count what came of daily files; how many days went by without one depends on when it is looked."""
        states = (each.state for each in self._hub("snapshots", Snapshot))
        return Counter(state.value for state in states if state is not SnapshotState.MISSING)

    def _left_over(self) -> Counter[str]:
        """Count what no reader could use: there should be nothing."""
        return Counter({t: len(found) for t, found in self._tail.records.items() if t.endswith(".dlq")})
