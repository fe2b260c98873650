"""Checks over HTTP without a broker: who may ask what for whom, in bulk, how fast, what is logged of it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.common.clock import AMSTERDAM
from services.common.events import (
    Agreement,
    AgreementKind,
    Check,
    CheckCapacity,
    CheckPurpose,
    Contact,
    OwnClaim,
    Party,
    Processing,
    ProcessingStatus,
    Registration,
    Role,
    Snapshot,
    SnapshotState,
)
from services.common.pseudonyms import Pseudonyms
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.runtime import Runtime
from services.common.testing import TEST_NOW, FakeIssuer, make_runtime
from services.common.view import View
from services.matcher.app import build
from services.matcher.domain.permission import Denied
from tests.flow.examples import example
from tests.real.crash.load import bsns

OFFICE = "00000099000000004001"
OTHER_OFFICE = "00000099000000004002"
NETWORK = "00000099000000005001"
COLLECTOR = "00000099000000008001"
LANDLORD = "00000099000000001001"
TOWN = "00000099000000000363"
BSN, OTHER_BSN = "999990019", "999990020"
TODAY = TEST_NOW.astimezone(AMSTERDAM).date()
REGISTRATION = example("registrations/running", Registration)


@dataclass
class Asking:
    """The matcher's API, with what it wrote, and what its views hold."""

    client: httpx.AsyncClient
    issuer: FakeIssuer
    runtime: Runtime
    views: list[View[Any]]
    written: list[Outgoing] = field(default_factory=list)

    async def ask(self, party: str = OFFICE, scope: str = "toetsen", **changes: Any) -> httpx.Response:
        body = {"burgerservicenummer": BSN, "dossiernummer": "D-1", "reden": "dagvaarding"} | changes
        headers = self.issuer.headers(party, scope)
        return await self.client.post("/v1/toetsen", json=body, headers=headers)

    async def bulk(self, rows: Sequence[Any], party: str = OFFICE, **more: Any) -> httpx.Response:
        headers = self.issuer.headers(party, "toetsen", "toetsen-eigen-inning")
        return await self.client.post("/v1/bulktoetsen", json={"toetsen": rows} | more, headers=headers)

    async def withdraw(self, id: str, party: str = OFFICE, **query: str) -> httpx.Response:
        headers = self.issuer.headers(party, "toetsen")
        return await self.client.delete(f"/v1/toetsen/{id}", params=query, headers=headers)

    def party(self, oin: str, *roles: Role, active: bool = True, collects: bool = False) -> None:
        party = Party(party_id=oin, name=oin, roles=roles, active=active, collects=collects)
        self.views[0]._content.put(oin, party)

    def agree(self, kind: AgreementKind, grantor: str, grantee: str, until: datetime = TEST_NOW) -> None:
        name = f"{kind} {grantor} {grantee}"
        agreement = Agreement(
            agreement_id=name,
            kind=kind,
            grantor=grantor,
            grantee=grantee,
            valid_from=TODAY - timedelta(days=9),
            valid_until=until.date(),
        )
        self.views[1]._content.put(name, agreement)
        self.views[1]._tell()

    def help(self, bsn: str, *organisations: str) -> None:
        person = Pseudonyms(self.runtime.settings.pseudonym_key).person(bsn)
        for each in organisations:
            contact = Contact(organisation=each)
            found = replace(REGISTRATION, registration_id=each, person=person, contact=contact)
            self.views[2]._content.put(f"{person}/{each}", found)

    @property
    def checks(self) -> list[Check]:
        return [each.event for each in self.written if isinstance(each.event, Check)]

    @property
    def lines(self) -> list[Processing]:
        return [each.event for each in self.written if isinstance(each.event, Processing)]


@pytest.fixture
async def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asking]:
    async for found in made(tmp_path, monkeypatch):
        yield found


async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[Asking]:
    issuer = FakeIssuer(tmp_path)
    runtime = await make_runtime("matcher", jwks=str(issuer.jwks), **settings)
    parts = build(runtime)
    views = [each for each in parts.services if isinstance(each, View)]
    for view in views:
        view._caught_up.set()
    transport = httpx.ASGITransport(parts.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://m") as client:
        found = Asking(client, issuer, runtime, views)

        async def publish(_: Publisher, outgoings: Sequence[Outgoing], now: datetime) -> None:
            found.written += outgoings

        monkeypatch.setattr(Publisher, "publish", publish)
        found.party(OFFICE, Role.BAILIFF)
        found.party(NETWORK, Role.INTERMEDIARY)
        found.party(COLLECTOR, collects=True)
        found.party(LANDLORD, Role.CREDITOR)
        yield found


def row(bsn: str = BSN, **changes: Any) -> dict[str, Any]:
    return {"burgerservicenummer": bsn, "dossiernummer": "D-1", "reden": "beslag"} | changes


async def test_each_row_has_its_answer_or_all_its_errors_in_the_order_asked(asking: Asking) -> None:
    asking.help(OTHER_BSN, "Wijkteam", "Kredietbank")
    rows = [row(), row("123456789", reden="zomaar", extra=1), row(OTHER_BSN), 7]
    response = await asking.bulk(rows)
    assert response.status_code == 200, response.text
    found = response.json()["rijen"]
    assert [each["rij"] for each in found] == [1, 2, 3, 4]
    assert [each["antwoord"] and each["antwoord"]["bekend"] for each in found] == [False, None, True, None]
    assert {(each["code"], each["veld"]) for each in found[1]["fouten"]} == {
        ("BSN_INVALID", "burgerservicenummer"),
        ("FIELD_INVALID", "reden"),
        ("FIELD_UNKNOWN", "extra"),
    }
    names = [each["organisatie"] for each in found[2]["antwoord"]["contacten"]]
    assert names == ["Kredietbank", "Wijkteam"]
    assert "123456789" not in response.text
    assert [line.http_status for line in asking.lines] == [200, 200, 400, 400]
    assert len({each["antwoord"]["id"] for each in found if each["antwoord"]}) == 2


async def test_each_contact_says_how_old_its_registrars_data_are(asking: Asking) -> None:
    asking.help(BSN, "Wijkteam")
    old = TODAY - timedelta(days=2)
    (found,) = asking.views[2].values()
    at = f"{found.registrar}/{found.municipality}"
    fresh = Snapshot(
        registrar=found.registrar,
        municipality=found.municipality,
        state=SnapshotState.MISSING,
        on=TODAY,
        data_date=old,
    )
    assert (await asking.ask()).json()["contacten"][0]["peildatum"] == TODAY.isoformat()
    asking.views[3]._content.put(at, fresh)
    answer = (await asking.ask()).json()
    assert (answer["peildatum"], answer["contacten"][0]["peildatum"]) == (old.isoformat(),) * 2


@pytest.mark.parametrize("count", [0, 1_001])
async def test_no_rows_or_more_than_a_thousand_are_refused(asking: Asking, count: int) -> None:
    response = await asking.bulk([row()] * count)
    assert (response.status_code, asking.written) == (400, [])
    assert [each["veld"] for each in response.json()["fouten"]] == ["toetsen"]


async def test_a_thousand_rows_are_one_publish(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    async def publish(_: Publisher, outgoings: Sequence[Outgoing], now: datetime) -> None:
        calls.append(len(outgoings))

    monkeypatch.setattr(Publisher, "publish", publish)
    response = await asking.bulk([row()] * 1_000)
    assert len(response.json()["rijen"]) == 1_000
    assert calls == [2_000]


async def test_one_line_per_person_and_purpose_says_who_asked_in_which_trace(asking: Asking) -> None:
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = asking.issuer.headers(OFFICE, "toetsen") | {"traceparent": f"00-{trace}-{caller}-01"}
    await asking.client.post("/v1/toetsen", json=row(), headers=headers)
    (check,), (line,) = asking.checks, asking.lines
    assert (line.trace_id, line.status_code, line.name) == (trace, ProcessingStatus.OK, "toets")
    assert (len(line.operation_id), line.start_time, line.end_time) == (16, TEST_NOW, TEST_NOW)
    assert line.processing_activity_id == "urn:nld:oin:00000099000000000001:verwerking:toets"
    assert (line.data_subject_id, line.check_id) == (check.person, check.check_id)
    assert (check.asker, check.purpose, check.dossier) == (OFFICE, CheckPurpose.ATTACHMENT, "D-1")
    assert len({UUID(each.id) for each in asking.written}) == 2


@pytest.mark.parametrize(
    ("party", "changes", "status"),
    [(LANDLORD, {}, 403), (OFFICE, {"reden": "zomaar"}, 400), (OFFICE, {"dossiernummer": ""}, 400)],
)
async def test_a_refused_asking_is_logged_without_anybody_in_it(
    asking: Asking, party: str, changes: dict[str, Any], status: int
) -> None:
    assert (await asking.ask(party, **changes)).status_code == status
    (line,) = asking.lines
    assert (line.status_code, line.http_status, line.asker) == (ProcessingStatus.ERROR, status, party)
    assert (line.data_subject_id, line.check_id, asking.checks) == (None, None, [])


async def test_a_collector_asks_for_its_own_claims_with_a_scope_of_its_own(asking: Asking) -> None:
    own = "toetsen-eigen-inning"
    assert (await asking.ask(COLLECTOR, own, reden="eigen-belasting")).status_code == 200
    (check,) = asking.checks
    assert (check.capacity, check.claim, check.purpose) == (
        CheckCapacity.COLLECTOR,
        OwnClaim.TAX,
        CheckPurpose.COLLECTION,
    )


@pytest.mark.parametrize(
    ("party", "scope", "reason"),
    [
        (COLLECTOR, "toetsen-eigen-inning", "dagvaarding"),
        (COLLECTOR, "toetsen", "dagvaarding"),
        (COLLECTOR, "toetsen", "eigen-belasting"),
        (OFFICE, "toetsen", "eigen-belasting"),
        (OFFICE, "toetsen toetsen-eigen-inning", "eigen-overig"),
        (OFFICE, "toetsen-eigen-inning", "beslag"),
        (TOWN, "toetsen", "inning"),
    ],
)
async def test_nobody_asks_for_a_purpose_that_is_not_its_own(
    asking: Asking, party: str, scope: str, reason: str
) -> None:
    asking.party(TOWN, Role.MUNICIPALITY)
    headers = asking.issuer.headers(party, *scope.split())
    response = await asking.client.post("/v1/toetsen", json=row(reden=reason), headers=headers)
    assert (response.status_code, asking.checks) == (403, [])


async def test_who_collects_itself_has_no_client(asking: Asking) -> None:
    response = await asking.ask(
        COLLECTOR, "toetsen-eigen-inning", reden="eigen-overig", opdrachtgever=LANDLORD
    )
    assert [(each["code"], each["veld"]) for each in response.json()["fouten"]] == [
        ("CLIENT_NOT_ALLOWED", "opdrachtgever")
    ]


async def test_the_network_asks_for_an_office_that_let_it_and_the_office_is_the_asker(
    asking: Asking,
) -> None:
    refused = await asking.ask(NETWORK, namens=OFFICE)
    assert (refused.status_code, refused.json()["detail"]) == (403, Denied.NOT_FOR_ANOTHER.value)
    asking.agree(AgreementKind.REPRESENTATION, OFFICE, NETWORK)
    assert (await asking.ask(NETWORK, namens=OFFICE)).status_code == 200
    (check,) = asking.checks
    assert (check.asker, check.sent_by) == (OFFICE, NETWORK)
    assert [(line.asker, line.sent_by) for line in asking.lines] == [(OFFICE, NETWORK)] * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda asking: asking.party(NETWORK, Role.INTERMEDIARY, active=False),
        lambda asking: asking.party(NETWORK, Role.CREDITOR),
        lambda asking: asking.party(OFFICE, Role.BAILIFF, active=False),
        lambda asking: asking.party(OFFICE, Role.CREDITOR),
        lambda asking: asking.agree(
            AgreementKind.REPRESENTATION, OFFICE, NETWORK, TEST_NOW - timedelta(days=1)
        ),
    ],
    ids=["network not active", "no network", "office not active", "no office", "over"],
)
async def test_the_network_does_not_ask_when_one_of_the_three_does_not_hold(
    asking: Asking, change: Any
) -> None:
    asking.agree(AgreementKind.REPRESENTATION, OFFICE, NETWORK)
    change(asking)
    assert (await asking.ask(NETWORK, namens=OFFICE)).status_code == 403
    assert asking.checks == []


async def test_the_network_has_no_right_to_ask_for_itself(asking: Asking) -> None:
    assert (await asking.ask(NETWORK)).status_code == 403


@pytest.mark.parametrize(
    ("kind", "until", "partner"),
    [
        (AgreementKind.SIGNALS, TEST_NOW, True),
        (AgreementKind.SIGNALS, TEST_NOW - timedelta(days=1), False),
        (AgreementKind.REPRESENTATION, TEST_NOW, False),
        (None, TEST_NOW, False),
    ],
)
async def test_a_client_is_named_freely_and_is_a_partner_by_an_agreement_with_whichever_municipality(
    asking: Asking, kind: AgreementKind | None, until: datetime, partner: bool
) -> None:
    if kind:
        asking.agree(kind, TOWN, LANDLORD, until)
    assert (await asking.ask(opdrachtgever=LANDLORD)).status_code == 200
    (check,) = asking.checks
    assert (check.on_behalf_of, check.client_is_partner) == (LANDLORD, partner)


async def test_a_withdrawal_is_written_under_the_person_and_logged(asking: Asking) -> None:
    id = (await asking.ask()).json()["id"]
    (check,) = asking.checks
    assert check.check_id == id
    for _ in range(2):
        asking.written.clear()
        assert (await asking.withdraw(id)).status_code == 204
        gone, line = asking.written
        assert (gone.topic, gone.key, gone.event) == ("checks.v1", f"{check.person}/{id}", None)
        assert isinstance(line.event, Processing)
        assert (line.event.name, line.event.data_subject_id) == ("toets-ingetrokken", check.person)


async def test_an_unknown_id_and_that_of_another_are_the_same_404(asking: Asking) -> None:
    asking.party(OTHER_OFFICE, Role.BAILIFF)
    id = (await asking.ask()).json()["id"]
    asking.written.clear()
    other = "A" if id[20] != "A" else "B"
    answers = [
        await asking.withdraw(id, OTHER_OFFICE),
        await asking.withdraw(f"{id[:20]}{other}{id[21:]}"),
        await asking.withdraw("x"),
        await asking.withdraw("é" * 58),
        await asking.withdraw(id, NETWORK, namens=OFFICE),
    ]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    assert asking.written == []


async def test_the_network_withdraws_for_an_office(asking: Asking) -> None:
    id = (await asking.ask()).json()["id"]
    asking.agree(AgreementKind.REPRESENTATION, OFFICE, NETWORK)
    assert (await asking.withdraw(id, NETWORK, namens=OFFICE)).status_code == 204


async def test_who_asks_too_fast_is_told_when_to_come_back_and_others_are_not_held_up(
    asking: Asking,
) -> None:
    asking.party(OTHER_OFFICE, Role.BAILIFF)
    rows = [row()] * 1_000
    for _ in range(5):
        assert (await asking.bulk(rows)).status_code == 200
    asking.written.clear()
    response = await asking.bulk(rows)
    assert (response.status_code, response.headers["content-type"]) == (429, "application/problem+json")
    assert 90 <= int(response.headers["retry-after"]) <= 100
    assert [line.http_status for line in asking.lines] == [429]
    assert (await asking.ask(OTHER_OFFICE)).status_code == 200


async def test_numbers_in_a_row_are_counted_and_told_of_without_a_number(
    asking: Asking, capsys: pytest.CaptureFixture[str]
) -> None:
    some = bsns()
    rows = [row(next(some)) for _ in range(30)]
    assert (await asking.bulk(rows)).status_code == 200
    metrics = (await asking.client.get("/metrics")).text
    assert 'signaalhub_unusual_askings_total{pattern="neighbours"} 1.0' in metrics
