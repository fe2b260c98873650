"""feedback's HTTP interface on a real broker and database, with an issuer and a clock of its own."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common.database import make_engine, transaction
from services.common.events import (
    Case,
    CaseSignal,
    Contact,
    Event,
    Feedback,
    FeedbackStatus,
    Role,
    Routing,
    RoutingReason,
    Signal,
    SignalStatus,
)
from services.common.publish import Publisher
from services.common.runtime import Runtime
from services.common.terms import Terms
from services.common.testing import FakeClock, FakeIssuer, make_runtime
from services.common.topics import apply
from services.common.web import make_app
from services.feedback.acknowledging import Acknowledging
from services.feedback.api.pauzes import pauzes
from services.feedback.api.terugkoppelingen import terugkoppelingen
from services.feedback.api.vragen import vragen
from services.feedback.api.zaakpauzes import zaakpauzes
from services.feedback.api.zaken import zaken
from services.feedback.disclosures import Disclosures
from services.feedback.orders import Orders
from services.feedback.outcomes import Outcomes
from services.feedback.pause_reading import Pauses
from services.feedback.pause_terms import PauseTerms
from services.feedback.pauses import paused
from services.feedback.projections import disclosed, worklist
from services.feedback.questions import Questions
from services.feedback.storage import Attempts, Versions, Worklist
from tests.flow.examples import example, message

TERMS = Terms(signal=6, picked_up=12, case=18, registration=60, debt_report=6)
TODAY = datetime(2026, 3, 26, 11, tzinfo=UTC)
PUBLISHED = ("outcomes.v1", "answers.v1", "pause-orders.v1", "pause-acknowledgements.v1")
SIGNAL, CASE = example("signals/rent", Signal), example("cases/opened", Case)
HELPER = Contact(organisation="Kredietbank", phone="0301234567", email="balie@kredietbank.example")


def oin() -> str:
    return f"00000099{uuid4().int % 10**12:012}"


def new_signal(town: str) -> Signal:
    return replace(SIGNAL, signal_id=str(uuid4()), municipality=town, personal=f"jwe-{uuid4()}".encode())


def new_case(town: str, *signals: Signal) -> Case:
    shown = tuple(
        CaseSignal(
            signal_id=each.signal_id,
            creditor=each.creditor,
            partner_type=each.partner_type,
            amount_cents=each.amount_cents,
            signal_date=each.signal_date,
            status=SignalStatus.NOT_YET_PICKED_UP,
        )
        for each in signals
    )
    return replace(CASE, case_id=str(uuid4()), household=uuid4().hex, municipality=town, signals=shown)


def routed(case: Case, team: str) -> Routing:
    return Routing(
        case_id=case.case_id,
        household=case.household,
        municipality=case.municipality,
        team=team,
        reason=RoutingReason.AREA,
    )


def told(creditor: str, town: str, status: FeedbackStatus, **more: Any) -> Feedback:
    plain = Feedback(signal_id=str(uuid4()), creditor=creditor, municipality=town, status=status, contacts=())
    return replace(plain, **more)


@dataclass
class Desk:
    """What a test of feedback works with."""

    runtime: Runtime
    engine: AsyncEngine
    client: httpx.AsyncClient
    issuer: FakeIssuer
    clock: FakeClock
    senders: dict[tuple[str, str], Sequence[str]]
    roles: dict[str, Sequence[Role]] = field(default_factory=dict)
    acknowledging: Acknowledging | None = None

    async def project(self, *events: Event) -> None:
        async with transaction(self.engine) as connection:
            await worklist(TERMS)(connection, [message(each, "x") for each in events])

    async def disclose(self, *events: Feedback) -> None:
        async with transaction(self.engine) as connection:
            await disclosed(self.clock)(connection, [message(each, "feedback.v1") for each in events])

    async def pause(self, *events: Event) -> None:
        async with transaction(self.engine) as connection:
            await paused(self.clock)(connection, [message(each, "pauses.v1") for each in events])

    async def call(
        self, method: str, path: str, party: str, scope: str = "zaken", team: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = self.issuer.headers(party, scope, team=team)
        return await self.client.request(method, f"/v1{path}", headers=headers, **more)

    async def cases(self, party: str, team: str | None = None, **query: str) -> list[dict[str, Any]]:
        answer = await self.call("GET", "/zaken", party, team=team, params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["zaken"]
        return found


@pytest.fixture(scope="module")
async def desk(kafka: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    issuer, clock = FakeIssuer(tmp_path_factory.mktemp("issuer")), FakeClock(TODAY)
    runtime = await make_runtime(
        "feedback", clock=clock, kafka=kafka, database_url=database, jwks=str(issuer.jwks)
    )
    hub = [topic for topic in runtime.catalogue.hub_topics() if topic.name in PUBLISHED]
    await apply(kafka, hub)
    engine, publisher = make_engine(runtime.settings), Publisher(runtime)
    await publisher.start()
    app = make_app(runtime, "feedback", "test")
    senders: dict[tuple[str, str], Sequence[str]] = {}
    outcomes = Outcomes(publisher, Attempts(engine), Versions(engine, "results", "case_id"), clock)
    app.include_router(zaken(Worklist(engine), outcomes, clock))
    app.include_router(vragen(Questions(engine, publisher, clock), Worklist(engine)))
    roles: dict[str, Sequence[Role]] = {}
    found = Pauses(engine, clock)
    terms = PauseTerms(engine, clock)
    acknowledging = Acknowledging(terms, publisher, clock, runtime.metrics, timedelta(hours=72))
    orders = Orders(publisher, Versions(engine, "pause_orders", "case_id"), clock)
    app.include_router(zaakpauzes(Worklist(engine), orders, found, clock))

    def acts_for(sender: str, creditor: str) -> Sequence[str]:
        return senders.get((sender, creditor), ())

    def roles_of(party: str) -> Sequence[Role]:
        return roles.get(party, (Role.CREDITOR,))

    app.include_router(pauzes(found, acknowledging, roles_of, acts_for, clock))
    app.include_router(terugkoppelingen(Disclosures(engine), acts_for))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://feedback") as client:
        yield Desk(runtime, engine, client, issuer, clock, senders, roles, acknowledging)
    await publisher.stop()
    await engine.dispose()
