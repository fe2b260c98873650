"""Webhooks: events that a party wants pushed, as structured CloudEvents (JSON) to its own URL.

At least once, with an idempotency key; a creditor that needs exactly once reads its topic.
"""

from collections.abc import Sequence

import httpx
import msgspec
from mode import Service
from sqlalchemy.ext.asyncio import AsyncConnection

from services.common import deliveries
from services.common.cloudevents import rfc3339
from services.common.deliveries import Delivery, NewDelivery, Newer
from services.common.errors import PermanentError, TransientError
from services.common.events import Party
from services.common.identifiers import derived_id, is_safe_url
from services.common.records import Message
from services.common.tracing import TRACEPARENT
from services.common.view import View
from services.notifier.news import News, news_of

PROJECTION = "notifier-webhooks"
SENDER = "webhooks"
TOPICS = ("pauses.v1", "feedback.v1", "bailiff-matches.v1", "erasures.v1")
CONTENT_TYPE = "application/cloudevents+json"
TIMEOUT_SECONDS = 10.0
_AGAIN = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


def structured(message: Message) -> bytes:
    """Return an event in the structured mode of CloudEvents; `data` has the members of its Avro schema."""
    meta = message.meta
    content = {
        "specversion": "1.0",
        "id": meta.id,
        "source": meta.source,
        "type": meta.type,
        "time": rfc3339(meta.time),
        "datacontenttype": "application/json",
        "data": message.event,
    }
    return msgspec.json.encode(content | trace_of(message))


def trace_of(message: Message) -> dict[str, str]:
    """Return the traceparent of an event by its name, if it has one."""
    found = message.meta.traceparent
    return {"traceparent": found} if found else {}


async def post(client: httpx.AsyncClient, url: str, body: bytes, key: str) -> None:
    """Post one event: 2xx is done, what may pass by is a `TransientError`, the rest a `PermanentError`.

    No redirect is followed, of the answer only the status is read. Nothing leaves this machine unencrypted.
    """
    if not is_safe_url(url):
        raise PermanentError("the receiver's URL is not https")
    headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": key}
    if trace := TRACEPARENT.get():
        headers["traceparent"] = trace
    try:
        async with client.stream(
            "POST", url, content=body, headers=headers, follow_redirects=False
        ) as answer:
            status = answer.status_code
    except httpx.InvalidURL as error:
        raise PermanentError("the receiver's URL cannot be used") from error
    except httpx.TransportError as error:
        raise TransientError(f"the receiver did not answer: {type(error).__name__}") from error
    if httpx.codes.is_success(status):
        return
    if httpx.codes.is_server_error(status) or status in _AGAIN:
        raise TransientError(f"the receiver answered {status}")
    raise PermanentError(f"the receiver answered {status}")


class Webhooks(Service):
    """Who gets what pushed, and the client that pushes it, to the URL that the party has by then."""

    def __init__(self, parties: View[Party]) -> None:
        super().__init__()
        self._parties = parties
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)

    async def on_stop(self) -> None:
        await self._client.aclose()

    async def enqueue(self, connection: AsyncConnection, messages: Sequence[Message]) -> None:
        """Add a delivery for each event that is for a party with a webhook (the apply of a projection).

        What waits and may be told no longer gives way, also when its party has no webhook at this moment.
        """
        found = [(message, news) for message in messages if (news := news_of(message.event))]
        told = [_delivery(*each, each[1].party) for each in found if each[1].party]
        await deliveries.enqueue(connection, SENDER, [each for each in told if self._url(each.target)])
        newer = [Newer(id=_id(*each), about=each[1].about, rank=each[1].rank) for each in found]
        await deliveries.replace(connection, SENDER, newer)

    async def deliver(self, delivery: Delivery) -> None:
        """Push one event (the call of the sender)."""
        url = self._url(delivery.target)
        if url is None:
            raise PermanentError("the party has no webhook any more")
        await post(self._client, url, delivery.body, delivery.id)

    def _url(self, oin: str) -> str | None:
        party = self._parties.get(oin)
        return party.webhook if party else None


def _delivery(message: Message, news: News, party: str) -> NewDelivery:
    return NewDelivery(
        id=_id(message, news),
        target=party,
        body=structured(message),
        headers=trace_of(message),
        about=news.about,
        rank=news.rank,
        fleeting=news.fleeting,
    )


def _id(message: Message, news: News) -> str:
    return derived_id("webhook", news.party or "", message.meta.source, message.meta.id)
