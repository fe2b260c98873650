"""The whole service on real Kafka and PostgreSQL: from topic to what is read, and from state to feedback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid4

import httpx
import pytest
from aiokafka.structs import ConsumerRecord

from services.common import cloudevents
from services.common.events import (
    Agreement,
    AgreementKind,
    CaseResult,
    Event,
    Feedback,
    SignalState,
    SignalStatus,
)
from services.common.publish import Publisher
from services.common.records import Outgoing
from services.common.testing import FakeClock, FakeIssuer, make_runtime
from services.common.topics import apply
from services.feedback.app import build
from tests.real.feedback.conftest import HELPER, TODAY, Desk, new_case, new_signal, oin, routed
from tests.real.primitives import reader, running, until

pytestmark = pytest.mark.real


class Hub:
    """The service in this process, and a publisher that plays the other services."""

    def __init__(self, desk: Desk, publisher: Publisher) -> None:
        self.desk = desk
        self._publisher = publisher

    async def write(self, topic: str, key: str, *events: Event) -> None:
        found = [Outgoing(topic, key, event, "happened", str(uuid4())) for event in events]
        await self._publisher.publish(found, TODAY)

    async def feedback_of(self, creditor: str, count: int) -> Sequence[tuple[ConsumerRecord, Feedback]]:
        found: list[tuple[ConsumerRecord, Feedback]] = []
        async with asyncio.timeout(30), reader(self.desk.runtime.settings.kafka, "feedback.v1") as consumer:
            while len(found) < count:
                record = await consumer.getone()
                if record.key.decode() == creditor:
                    event = self.desk.runtime.codec.decode(record.value, "feedback")
                    assert isinstance(event, Feedback)
                    found.append((record, event))
        return found


@pytest.fixture(scope="module")
async def hub(kafka: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    issuer, clock = FakeIssuer(tmp_path_factory.mktemp("issuer")), FakeClock(TODAY)
    runtime = await make_runtime(
        "feedback", clock=clock, kafka=kafka, database_url=database, jwks=str(issuer.jwks)
    )
    await apply(kafka, runtime.catalogue.hub_topics())
    parts, publisher = build(runtime), Publisher(runtime, "test")
    async with (
        running(publisher, *parts.services),
        httpx.AsyncClient(transport=httpx.ASGITransport(parts.api), base_url="http://feedback") as client,
    ):
        await until(lambda: not any(runtime.health.report().values()), 60, "health")
        yield Hub(Desk(runtime, None, client, issuer, clock, {}), publisher)  # type: ignore[arg-type]


async def test_the_worklist_shows_what_came_by_three_topics(hub: Hub) -> None:
    town = oin()
    signal = new_signal(town)
    case = new_case(town, signal)
    await hub.write("routings.v1", case.household, routed(case, "noord"))
    await hub.write("cases.v1", case.household, case)
    await hub.write("signals.v1", case.household, signal)

    async with asyncio.timeout(30):
        while True:
            found = await hub.desk.cases(town, "noord")
            if found and found[0]["signalen"][0]["persoonsgegevens"]:
                break
            await asyncio.sleep(0.05)
    assert found[0]["id"] == case.case_id
    assert found[0]["signalen"][0]["persoonsgegevens"] == signal.personal.decode()


async def test_a_creditor_hears_each_change_that_it_may_see_once_and_reads_the_last(hub: Hub) -> None:
    creditor, household = oin(), uuid4().hex
    state = SignalState(
        signal_id=str(uuid4()),
        household=household,
        municipality=oin(),
        creditor=creditor,
        case_id=str(uuid4()),
        status=SignalStatus.NOT_YET_PICKED_UP,
        contacts=(),
    )
    picked = replace(state, status=SignalStatus.PICKED_UP)
    known = replace(state, status=SignalStatus.KNOWN_IN_DEBT_HELP, contacts=(HELPER,))
    results = (CaseResult.NEVER_REACHED, CaseResult.OTHER_TRACK_RUNNING, CaseResult.FOLLOW_UP_HELP)
    closed = [replace(picked, result=each) for each in results]
    last = replace(state, status=SignalStatus.OTHER_REASON, result=CaseResult.OTHER_REASON)
    await hub.write("signal-statuses.v1", household, state, state, picked, *closed, known, last)
    found = await hub.feedback_of(creditor, 6)
    assert [(each.status.value, each.help_accepted, len(each.contacts)) for _, each in found] == [
        ("NOT_YET_PICKED_UP", None, 0),
        ("PICKED_UP", None, 0),
        ("PICKED_UP", False, 0),
        ("PICKED_UP", True, 0),
        ("KNOWN_IN_DEBT_HELP", None, 1),
        ("NOT_PICKED_UP", None, 0),
    ]
    metas = [cloudevents.read(record.headers) for record, _ in found]
    assert {meta.type for meta in metas} == {"nl.signaalhub.feedback.changed"}
    assert {meta.time for meta in metas} == {TODAY}
    assert len({meta.id for meta in metas}) == 6

    path = f"/signalen/{state.signal_id}"
    async with asyncio.timeout(30):
        while True:
            answer = await hub.desk.call("GET", path, creditor, "terugkoppelingen")
            if answer.status_code == 200 and answer.json()["status"] == "Niet opgepakt":
                break
            await asyncio.sleep(0.05)
    assert answer.json()["contacten"] == []


async def test_an_agreement_lets_an_intermediary_read_for_that_municipality(hub: Hub) -> None:
    creditor, office, town, other = oin(), oin(), oin(), oin()
    states = [
        SignalState(
            signal_id=str(uuid4()),
            household=uuid4().hex,
            municipality=each,
            creditor=creditor,
            case_id=str(uuid4()),
            status=SignalStatus.NOT_YET_PICKED_UP,
            contacts=(),
        )
        for each in (town, other)
    ]
    for state in states:
        await hub.write("signal-statuses.v1", state.household, state)
    path = f"/terugkoppelingen?schuldeiser={creditor}"
    assert (await hub.desk.call("GET", path, office, "terugkoppelingen")).status_code == 404
    agreement = Agreement(
        agreement_id=str(uuid4()),
        kind=AgreementKind.SIGNALS,
        grantor=town,
        grantee=creditor,
        sender=office,
        valid_from=date(2026, 1, 1),
    )
    await hub.write("agreements.v1", agreement.agreement_id, agreement)
    async with asyncio.timeout(30):
        while True:
            answer = await hub.desk.call("GET", path, office, "terugkoppelingen")
            if answer.status_code == 200 and answer.json()["terugkoppelingen"]:
                break
            await asyncio.sleep(0.05)
    await hub.feedback_of(creditor, 2)
    assert [each["id"] for each in answer.json()["terugkoppelingen"]] == [states[0].signal_id]
