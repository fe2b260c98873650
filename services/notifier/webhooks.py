"""Webhooks: events that a party wants pushed, as structured CloudEvents (JSON) to its own URL.

At least once, with an idempotency key; a creditor that needs exactly once reads its topic.
"""

import httpx
import msgspec

from services.common.cloudevents import rfc3339
from services.common.errors import PermanentError, TransientError
from services.common.events import BailiffMatch, Feedback, Pause
from services.common.records import Message

CONTENT_TYPE = "application/cloudevents+json"
TIMEOUT_SECONDS = 10.0
_AGAIN = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


def receiver(message: Message) -> str | None:
    """Return the party (OIN) that an event is for; None = not an event of webhooks."""
    match message.event:
        case Pause(creditor=party) | Feedback(creditor=party) | BailiffMatch(asker=party):
            return party
        case _:
            return None


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
    trace = {"traceparent": meta.traceparent} if meta.traceparent else {}
    return msgspec.json.encode(content | trace)


async def post(client: httpx.AsyncClient, url: str, body: bytes, key: str) -> None:
    """Post one event: 2xx is done, what may pass by is a `TransientError`, the rest a `PermanentError`.

    No redirect is followed: the receiver's URL is what its operator gave, and nothing else.
    """
    headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": key}
    try:
        answer = await client.post(url, content=body, headers=headers, follow_redirects=False)
    except httpx.TransportError as error:
        raise TransientError(f"the receiver did not answer: {type(error).__name__}") from error
    except httpx.InvalidURL as error:
        raise PermanentError("the receiver's URL cannot be used") from error
    if answer.is_success:
        return
    if answer.is_server_error or answer.status_code in _AGAIN:
        raise TransientError(f"the receiver answered {answer.status_code}")
    raise PermanentError(f"the receiver answered {answer.status_code}")
