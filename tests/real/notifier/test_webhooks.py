"""Webhooks with a real receiver: delivered once, tried again on 500, given up on 4xx."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.common.database import make_engine, transaction
from services.common.events import BailiffMatch, Event, Feedback, FeedbackStatus, Pause, Role
from tests.flow.examples import example
from tests.real.notifier.conftest import Post
from tests.real.primitives import until

pytestmark = pytest.mark.real


@dataclass
class Receiver:
    """A partner's server; `answers` are given first, then always 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], dict[str, object]]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.got.append((dict(request.headers), json.loads(await request.body())))
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
async def partner() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/haak", receiver.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, 10, "the partner's server")
    port = server.servers[0].sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/haak"
    yield receiver
    server.should_exit = True
    await serving


async def state_of(post: Post, party: str) -> list[tuple[str, int]]:
    engine = make_engine(post.runtime.settings)
    async with transaction(engine) as connection:
        rows = await connection.execute(
            text("SELECT state, attempts FROM common.deliveries WHERE target = :party"), {"party": party}
        )
        found = [(row.state, row.attempts) for row in rows]
    await engine.dispose()
    return found


async def finished(post: Post, party: str, enough: Callable[[list[tuple[str, int]]], bool]) -> None:
    async with asyncio.timeout(40):
        while not enough(await state_of(post, party)):
            await asyncio.sleep(0.1)


async def test_what_is_for_a_party_with_a_webhook_is_pushed_once(post: Post, partner: Receiver) -> None:
    party = await post.party(Role.CREDITOR, Role.BAILIFF, webhook=partner.url)
    events: tuple[tuple[str, Event], ...] = (
        ("pauses.v1", replace(example("pauses/started", Pause), creditor=party)),
        ("feedback.v1", replace(example("feedback/known", Feedback), creditor=party)),
        ("bailiff-matches.v1", replace(example("bailiff-matches/help-started", BailiffMatch), asker=party)),
    )
    ids = [(await post.write(topic, party, event))[0] for topic, event in events]
    await finished(post, party, lambda found: found == [("done", 1)] * 3)
    assert sorted(str(body["id"]) for _, body in partner.got) == sorted(ids)
    assert len({headers["idempotency-key"] for headers, _ in partner.got}) == 3
    assert {headers["content-type"] for headers, _ in partner.got} == {"application/cloudevents+json"}
    assert {str(body["type"]) for _, body in partner.got} == {
        "nl.signaalhub.pauses.happened",
        "nl.signaalhub.feedback.happened",
        "nl.signaalhub.bailiff-matches.happened",
    }


async def test_a_500_is_tried_again_under_the_same_key(post: Post, partner: Receiver) -> None:
    partner.answers = [500]
    party = await post.party(Role.CREDITOR, webhook=partner.url)
    await post.write("pauses.v1", party, replace(example("pauses/started", Pause), creditor=party))
    await finished(post, party, lambda found: found == [("done", 2)])
    (first, one), (second, other) = partner.got
    assert one == other
    assert first["idempotency-key"] == second["idempotency-key"]


async def test_a_webhook_that_waited_while_help_ended_names_no_helper(post: Post, partner: Receiver) -> None:
    partner.answers = [500]
    party = await post.party(Role.CREDITOR, webhook=partner.url)
    known = replace(example("feedback/known", Feedback), creditor=party)
    over = replace(known, status=FeedbackStatus.NOT_YET_PICKED_UP, contacts=())
    await post.write("feedback.v1", party, known)
    await finished(post, party, lambda found: found == [("pending", 1)] and len(partner.got) == 1)
    await post.write("feedback.v1", party, over)
    await finished(post, party, lambda found: sorted(found) == [("done", 1), ("replaced", 1)])
    assert partner.got[-1][1]["data"]["status"] == "NOT_YET_PICKED_UP"  # type: ignore[index]
    assert len(partner.got) == 2


async def test_a_4xx_is_given_up_at_once_where_somebody_can_see_it(post: Post, partner: Receiver) -> None:
    partner.answers = [410]
    party = await post.party(Role.CREDITOR, webhook=partner.url)
    await post.write("pauses.v1", party, replace(example("pauses/started", Pause), creditor=party))
    await finished(post, party, lambda found: found == [("dead", 1)])
    assert len(partner.got) == 1


async def test_a_party_without_a_webhook_gets_nothing_pushed(post: Post, partner: Receiver) -> None:
    silent, loud = await post.party(Role.CREDITOR), await post.party(Role.CREDITOR, webhook=partner.url)
    for party in (silent, loud):
        await post.write("pauses.v1", party, replace(example("pauses/started", Pause), creditor=party))
    await finished(post, loud, lambda found: found == [("done", 1)])
    await post.read(f"tenant.{silent}.pauses.v1", 1)
    assert await state_of(post, silent) == []
    assert [body["data"]["creditor"] for _, body in partner.got] == [loud]  # type: ignore[index]
