"""The reference model of the crash tests and the rules of the hub say the same, in memory and in any order.

So a difference that `make crash` finds is of the running hub, not of one of two descriptions of the rules.
"""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import httpx
import pytest

from services.common.clock import Clock
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
    Refusal,
    Registration,
    Role,
    Signal,
    Team,
)
from services.common.identifiers import derived_id
from services.common.pseudonyms import Pseudonyms
from services.ingest.domain.drafts import Person
from services.ingest.domain.evidence import traits
from services.ingest.domain.reading import read_signal
from services.ingest.making import Maker, signal_person
from services.notifier import processors as notifier
from tests.flow.hub import Given, Hub
from tests.real.crash.hub import BEGIN, LATER
from tests.real.crash.load import Street, bsns
from tests.real.crash.model import History, Moment
from tests.real.crash.parties import CODES, Parties
from tests.real.crash.read import Seen, Topics
from tests.real.crash.speaker import PATIENCE_SECONDS
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
        patience: float = PATIENCE_SECONDS,
        **body: Any,
    ) -> tuple[httpx.Response, Moment]:
        early, self._now = self.clock.now(), self.clock.now()
        what, *rest = path.removeprefix("/v1/").split("/")
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
        if self._contents.setdefault(id_, raw) != raw:
            return httpx.Response(409)
        signal = self._signal(party, id_, raw)
        month = signal.signal_date.isoformat()[:7]
        case = derived_id("case", signal.municipality, signal.household, signal.unit, month)
        self._households[case] = signal.household
        self._give("signals.v1", signal.household, signal, id_)
        person = signal_person(signal)
        if person is not None:
            self._give("signal-persons.v1", person.person, person, derived_id("signal-person", id_))
        return httpx.Response(202, json={"id": id_})

    def _post_leveringen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        rows = [json.loads(line) for line in body["content"].splitlines()]
        for row in rows:
            assert self._post_signalen(party, rest, {"json": row}).status_code == 202
        return httpx.Response(202, json={"aantallen": {"ontvangen": len(rows), "geaccepteerd": len(rows)}})

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

    def _post_toetsen(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        """The desk knows what was handled when it last was."""
        raw = body["json"]
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
        return httpx.Response(200, json={"bekend": known})

    def _post_zaken(self, party: str, rest: list[str], body: Any) -> httpx.Response:
        self._outcome(party, rest[0], derived_id("attempt", rest[0], body["json"]["kenmerk"]))
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
        return {
            topic: [
                Seen(each.key, each.meta.id, each.meta.source, each.event) for each in self.hub.topics[topic]
            ]
            for topic in topics
        }


@pytest.mark.parametrize("seed", range(4))
async def test_the_reference_model_and_the_rules_in_any_order_say_the_same(seed: int) -> None:
    chance, pseudonyms, history = Random(seed), Pseudonyms(bytes(32)), History()
    memory, numbers = Memory(chance, pseudonyms), bsns()
    parties = Parties(memory, pseudonyms, history)
    for number in range(2):
        await Street(parties, chance, number, lambda: next(numbers)).play()
    memory.hub.until(LATER)
    assert len(history.signals) > 80
    found = differences(memory, history)
    assert not found, found[:3]


async def test_a_difference_is_seen() -> None:
    chance, pseudonyms, history = Random(1), Pseudonyms(bytes(32)), History()
    memory, numbers = Memory(chance, pseudonyms), bsns()
    await Street(Parties(memory, pseudonyms, history), chance, 1, lambda: next(numbers)).play()
    memory.hub.until(LATER)
    for topic in (f"tenant.{TOWN}.signals.v1", "matches.v1", "feedback.v1"):
        memory.hub.topics[topic].append(memory.hub.topics[topic][0])
    del memory.hub.topics[f"tenant.{TOWN}.cases.v1"][-1]
    found = "\n".join(differences(memory, history))
    assert f"tenant.{TOWN}.signals.v1" in found
    assert "more than once on matches.v1" in found
    assert "more than once on feedback.v1" in found
    assert "cases.v1 on the tenants' topics" in found
