"""HTTP/1.1 as the server reads it: by h11, which is strict about what a message is.

Who reads half a message more or less than the proxy before it takes the next sender's request for a part of
it. docs/decisions/2026-11-23-http-by-h11.md says why it is not the faster httptools.
"""

import json
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.common.headers import PROBLEM, with_version

MOST_HEAD = 16_384
"""Bytes of a head, or of what comes after the last chunk: h11's own limit."""
_NOT_ANSWERED = (h11.IDLE, h11.SEND_RESPONSE)
_LENGTHS = {b"content-length", b"transfer-encoding"}
_NO_HTTP = {
    "type": "about:blank",
    "title": "Ongeldig verzoek",
    "status": HTTPStatus.BAD_REQUEST,
    "detail": "Dit is geen geldig HTTP-verzoek.",
    "instance": "/",
    "fouten": [],
}


class Protocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Messages(h11.SERVER, MOST_HEAD)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP as everything else is answered: uvicorn would do it without our headers.

        What goes wrong behind an answer that has begun only ends the connection.
        """
        if self.conn.our_state in _NOT_ANSWERED:
            self.transport.write(self._answer())
        self.transport.close()

    def _answer(self) -> bytes:
        body = json.dumps(_NO_HTTP).encode()
        fixed = {"Content-Type": PROBLEM, "Content-Length": str(len(body)), "Connection": "close"}
        headers = list((with_version(self.app.version) | fixed).items())
        response = h11.Response(status_code=HTTPStatus.BAD_REQUEST, headers=headers)
        events = (response, h11.Data(body), h11.EndOfMessage())
        return b"".join(self.conn.send(event) or b"" for event in events)


class _Messages(h11.Connection):
    def next_event(self) -> Any:
        """Refuse a message that says its length in two ways (RFC 9112 6.3): a proxy may believe the other."""
        event = super().next_event()
        if isinstance(event, h11.Request) and {name for name, _ in event.headers} >= _LENGTHS:
            raise h11.RemoteProtocolError("Content-Length with Transfer-Encoding")
        return event
