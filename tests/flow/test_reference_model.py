"""The reference model of the crash tests and the rules of the hub say the same, in memory and in any order.

So a difference that `make crash` finds is of the running hub, not of one of two descriptions of the rules.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from math import inf
from random import Random
from typing import Any

import httpx
import pytest

from services.common.clock import Clock, begin_of
from services.common.ddas import CASE_RESULT
from services.common.events import (
    Check,
    CheckPurpose,
    Contact,
    Event,
    Evidence,
    Lane,
    Outcome,
    OutcomeKind,
    Party,
    PauseOrder,
    Refusal,
    Registration,
    Role,
    Signal,
    SignalEnd,
    SignalPerson,
    Team,
    Withdrawal,
)
from services.common.identifiers import derived_id
from services.common.pseudonyms import Pseudonyms
from services.common.records import Message
from services.ingest.domain.drafts import Person
from services.ingest.domain.evidence import traits
from services.ingest.domain.reading import read_signal
from services.ingest.making import Maker, signal_person
from services.notifier import processors as notifier
from tests.flow.hub import Given, Hub
from tests.real.crash.forms import CODES
from tests.real.crash.history import History, Moment
from tests.real.crash.hub import BEGIN, LATER
from tests.real.crash.load import bsns
from tests.real.crash.parties import Parties
from tests.real.crash.read import Seen, Topics
from tests.real.crash.speaker import PATIENCE_SECONDS
from tests.real.crash.street import Street, together
from tests.real.crash.verify import differences
from tests.real.hub.town import TOWN

RESULTS = {text: result for result, text in CASE_RESULT.items()}
TOWNS = {code: oin for oin, code in CODES.items()}
TEAMS = (
    Team(team_id="centrum", municipality=TOWN, name="Centrum", areas=("1234",), lanes=(), fallback=False),
    Team(team_id="stad", municipality=TOWN, name="Stad", areas=(), lanes=(Lane.CRISIS,), fallback=True),
)


class Ticking:
    """A clock that no two events share a moment of."""

    def __init__(self) -> None:
        self._seconds = count(1)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=next(self._seconds))


class Memory:
    """The interfaces of the hub over topics in memory: answers at once, handles now and then."""

    def __init__(self, chance: Random, pseudonyms: Pseudonyms) -> None:
        self.clock: Clock = Ticking()
        self.hub = Hub(chance)
        self.hub._handlers[notifier.HOUSEHOLDS] = notifier.households(lambda oin: TEAMS)
        self._chance = chance
        self._pseudonyms = pseudonyms
        self._maker = Maker(pseudonyms)
        self._contents: dict[str, Any] = {}
        self._revisions: dict[str, list[Signal]] = defaultdict(list)
        self._withdrawn: set[str] = set()
        self._lists: dict[str, dict[str, Any]] = defaultdict(dict)
        self._held: dict[str, Any] = {}
        self._versions: dict[str, tuple[int, Any]] = {}
        self._households: dict[str, str] = {}
        self._running: dict[str, str] = {}
        self._seen: dict[str, str] = {}
        self._changes = count(1)

    async def ask(self, service: str, path: str, party: str, scope: str) -> httpx.Response | None:
        raise AssertionError("streets read nothing")

    async def say(
        self,
        service: str,
        method: str,
        path: str,
        party: str,
        scope: str,
        *,
        again: Collection[int] = (),
        longest: float = inf,
        patience: float = PATIENCE_SECONDS,
        **body: Any,
    ) -> tuple[httpx.Response, Moment]:
        early, self._now = self.clock.now(), self.clock.now()
        what, *rest = path.removeprefix("/v1/").partition("?")[0].split("/")
        answer = getattr(self, f"_{method.lower()}_{what}")(party, rest, body)
        if self._chance.random() < 0.1:
            self.hub.until(self._now)
            self._seen = dict(self._running)
        return answer, Moment(early, self.clock.now())

    def _give(self, topic: str, key: str, event: Event | None, id: str) -> None:
        self.hub.give([Given(topic, key, event, id, self._now)])

    def _post_signalen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        raw = body["json"]
        id_ = derived_id("signal", party, raw["kenmerk"])
        if raw["bedragInCenten"] < 0:
            refusal = Refusal(refusal_id=id_, creditor=party, sender=party, signal_id=id_, reasons=("X",))
            self._give("refusals.v1", party, refusal, id_)
            return httpx.Response(400)
        if self._contents.setdefault(id_, raw) != raw or len(self._revisions[id_]) > 1:
            return httpx.Response(409)
        self._take(party, id_, raw)
        return httpx.Response(202, json={"id": id_})

    def _put_signalen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        """As ingest: told at each household where it was as well."""
        raw, id_ = body["json"], rest[0]
        before = self._contents[id_]
        self._contents[id_] = raw
        if before != raw:
            self._revisions[id_].append(replace(self._revisions[id_][-1]))
        self._take(party, id_, raw)
        self._leave(id_)
        return httpx.Response(202)

    def _delete_signalen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        (id_,) = rest
        if id_ not in self._withdrawn:
            self._withdrawn.add(id_)
            self._contents[id_] = None
            last = self._revisions[id_][-1]
            self._revisions[id_].append(replace(last, revision=last.revision + 1))
        self._leave(id_)
        return httpx.Response(204)

    def _take(self, party: str, id_: str, raw: Any) -> None:
        """Publish a signal as it is now: again under the same id when nothing is new."""
        number = max(1, len(self._revisions[id_]))
        signal = replace(self._signal(party, id_, raw), revision=number)
        self._revisions[id_][number - 1 :] = [signal]
        month = signal.signal_date.isoformat()[:7]
        case = derived_id("case", signal.municipality, signal.household, signal.unit, month)
        self._households[case] = signal.household
        event_id = id_ if number == 1 else derived_id("signal-revision", id_, str(number))
        self._give("signals.v1", signal.household, signal, event_id)
        person = signal_person(signal)
        if person is not None:
            event = replace(person, revision=number)
            self._give("signal-persons.v1", person.person, event, derived_id("person", id_, str(number)))

    def _leave(self, id_: str) -> None:
        """Tell that a signal is over at the households where it was, and where it is when it is withdrawn."""
        *_, now = revisions = self._revisions[id_]
        homes = {each.household: each for each in revisions if each.household != now.household}
        ends = {home: (each, SignalEnd.MOVED) for home, each in homes.items()}
        if id_ in self._withdrawn:
            ends[now.household] = (now, SignalEnd.WITHDRAWN)
        for home, (signal, end) in ends.items():
            event = Withdrawal(
                signal_id=id_,
                household=home,
                municipality=signal.municipality,
                creditor=signal.creditor,
                sender=signal.sender,
                unit=signal.unit,
                signal_date=signal.signal_date,
                revision=now.revision,
                end=end,
            )
            self._give("withdrawals.v1", home, event, derived_id("withdrawal", id_, home, str(now.revision)))
        if id_ in self._withdrawn and now.person:
            event_id = derived_id("person", id_, str(now.revision))
            gone = SignalPerson(
                person=now.person,
                signal_id=id_,
                household=now.household,
                municipality=now.municipality,
                revision=now.revision,
                withdrawn=True,
            )
            self._give("signal-persons.v1", now.person, gone, event_id)

    def _post_leveringen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        """The same under the same key is the same delivery."""
        rows = [json.loads(line) for line in body["content"].splitlines()]
        for row in rows:
            assert self._post_signalen(party, rest, {"json": row}).status_code == 202
        counts = {"ontvangen": len(rows), "geaccepteerd": len(rows)}
        return httpx.Response(202, json={"id": body["headers"]["Idempotency-Key"], "aantallen": counts})

    def _signal(self, party: str, id: str, raw: Any) -> Signal:
        claim, problems = read_signal(raw, party)
        assert claim is not None, problems
        assert claim.address is not None
        town = Party(party_id=TOWNS[raw["gemeentecode"]], name="", roles=(Role.MUNICIPALITY,), active=True)
        return self._maker.signal(
            claim.draft(),
            signal_id=id,
            household=self._maker.household(claim.address),
            sender=party,
            municipality=town,
            place=None,
            sealed=b"",
        )

    def _put_momentopnames(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        """Only what differs from the list before is told; a list that shrinks much is held at first."""
        rows = [json.loads(line) for line in body["content"].splitlines()]
        new, old = {row["kenmerk"]: row for row in rows}, self._lists[party]
        if new == old:
            return httpx.Response(200, json={"resultaat": "ongewijzigd"})
        gone = old.keys() - new.keys()
        if gone and self._held.pop(party, None) != new:
            self._held[party] = new
            return httpx.Response(409)
        for name, row in new.items():
            if old.get(name) != row:
                self._put_registraties(party, [name], {"json": row})
        for name in gone:
            self._delete_registraties(party, [name], {})
        self._lists[party] = new
        return httpx.Response(200, json={"resultaat": "verwerkt"})

    def _put_registraties(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        raw, id_ = body["json"], derived_id("registration", party, rest[0])
        bsn, home, who = raw["burgerservicenummer"], raw["adres"], raw["persoon"]
        event = Registration(
            registration_id=id_,
            registrar=party,
            municipality=party,
            person=self._pseudonyms.person(bsn),
            household=self._pseudonyms.household(home["postcode"], home["huisnummer"]),
            unit="",
            evidence=self._evidence(bsn, who),
            started_on=date(2026, 3, 1),
            contact=Contact(organisation=raw["contact"]["organisatie"]),
            personal=b"",
        )
        self._running[id_] = bsn
        self._give("registrations.v1", id_, event, str(next(self._changes)))
        return httpx.Response(200)

    def _evidence(self, bsn: str, who: Any) -> tuple[Evidence, ...]:
        person = Person(
            bsn=bsn,
            initials=who["voorletters"],
            surname=who["geslachtsnaam"],
            birth_date=who["geboortedatum"],
        )
        return tuple(
            Evidence(kind=kind, digest=self._pseudonyms.evidence(kind.value, form, slips))
            for kind, form, slips in traits(person)
        )

    def _delete_registraties(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        id_ = derived_id("registration", party, rest[0])
        del self._running[id_]
        self._give("registrations.v1", id_, None, str(next(self._changes)))
        return httpx.Response(204)

    def _post_bulktoetsen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        rows = [{"antwoord": {"bekend": self._check(party, raw)}} for raw in body["json"]["toetsen"]]
        return httpx.Response(200, json={"rijen": rows})

    def _check(self, party: str, raw: Any) -> bool:
        """The desk knows what was handled when it last was."""
        bsn, known = raw["burgerservicenummer"], raw["burgerservicenummer"] in self._seen.values()
        check = Check(
            check_id=raw["dossiernummer"],
            person=self._pseudonyms.person(bsn),
            asker=party,
            purpose=CheckPurpose.SUMMONS,
            dossier=raw["dossiernummer"],
            known=known,
            contacts=(),
            data_date=self._now.date(),
            valid_until=self._now + timedelta(days=28),
        )
        self._give("checks.v1", check.person, check, check.check_id)
        return known

    def _post_zaken(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        case, *what = rest
        if what == ["contactpogingen"]:
            self._outcome(party, case, derived_id("attempt", case, body["json"]["kenmerk"]))
            return httpx.Response(202)
        until, id_ = None, str(next(self._changes))
        if what == ["pauze"]:
            until = begin_of(date.fromisoformat(body["json"]["totEnMet"]) + timedelta(days=1))
        order = PauseOrder(
            order_id=id_,
            household=self._households[case],
            case_id=case,
            municipality=party,
            team=None,
            version=int(id_),
            until=until,
            signal_ids=(),
        )
        self._give("pause-orders.v1", order.household, order, id_)
        return httpx.Response(202)

    def _put_zaken(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        case, raw = rest[0], body["json"]
        version, before = self._versions.get(case, (0, None))
        version += before != raw
        self._versions[case] = version, raw
        id_ = derived_id("result", case, str(version))
        self._outcome(party, case, id_, RESULTS[raw["resultaat"]], version, raw["signalen"])
        return httpx.Response(202)

    def _outcome(
        self, party: str, case: str, id: str, result: Any = None, version: int = 0, named: Sequence[str] = ()
    ) -> None:
        event = Outcome(
            outcome_id=id,
            household=self._households[case],
            case_id=case,
            municipality=party,
            kind=OutcomeKind.RESULT if result else OutcomeKind.CONTACT_ATTEMPT,
            version=version,
            on=date(2026, 3, 10),
            result=result,
            signal_ids=tuple(sorted(named)),
        )
        self._give("outcomes.v1", event.household, event, id)

    def whole(self, topics: Sequence[str]) -> Topics:
        """Read topics as a reader of the real ones does."""
        return {topic: [_seen(each) for each in self.hub.topics[topic]] for topic in topics}


def _seen(message: Message) -> Seen:
    return Seen(
        message.key, message.meta.id, message.meta.source, str(message.meta.time), lambda: message.event
    )


def town_of(seed: int, count: int) -> tuple[Memory, Parties, list[Street]]:
    chance, pseudonyms, numbers = Random(seed), Pseudonyms(bytes(32)), bsns()
    memory = Memory(chance, pseudonyms)
    parties = Parties(memory, pseudonyms, History(), gather_seconds=0)
    streets = [
        Street(parties, chance, number, lambda: next(numbers), visited=0.5)
        for number in range(seed * 10, seed * 10 + count)
    ]
    return memory, parties, streets


@pytest.mark.parametrize("seed", range(3))
async def test_the_reference_model_and_the_rules_in_any_order_say_the_same(seed: int) -> None:
    memory, parties, streets = town_of(seed, 2)
    await together(*(street.play() for street in streets))
    memory.hub.until(LATER)
    history = parties.history
    assert len(history.sent) > 200
    assert any(each.withdrawn for each in history.sent.values())
    assert any(len(each.versions) > 1 for each in history.sent.values())
    assert history.orders
    found = differences(memory, history)
    assert not found, found[:3]


async def test_a_difference_is_seen() -> None:
    memory, parties, (street,) = town_of(1, 1)
    await street.play()
    memory.hub.until(LATER)
    for topic in (f"tenant.{TOWN}.signals.v1", "matches.v1", "feedback.v1"):
        memory.hub.topics[topic].append(memory.hub.topics[topic][0])
    del memory.hub.topics[f"tenant.{TOWN}.cases.v1"][-1]
    found = "\n".join(differences(memory, parties.history))
    assert f"tenant.{TOWN}.signals.v1" in found
    assert "more than once on matches.v1" in found
    assert "more than once on feedback.v1" in found
    assert "cases.v1 on the tenants' topics" in found
