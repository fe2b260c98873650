"""HTTP/1.1 as the server reads it: by httptools, for half the CPU of h11 (docs: signals in company)."""

import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.common.headers import PROBLEM, with_version

MOST_HEAD = 65_536
"""Bytes in a row that are neither body nor the end of a message: a head, or what comes after the last chunk.
httptools itself has no limit."""
_NO_HTTP = {
    "type": "about:blank",
    "title": "Ongeldig verzoek",
    "status": HTTPStatus.BAD_REQUEST,
    "detail": "Dit is geen geldig HTTP-verzoek.",
    "instance": "/",
    "fouten": [],
}


class Protocol(HttpToolsProtocol):
    """One connection."""

    _head = 0
    """Bytes since the last body or the end of a message."""

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("")

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP as everything else is answered: uvicorn would do it without our headers."""
        body = json.dumps(_NO_HTTP).encode()
        fixed = {"Content-Type": PROBLEM, "Content-Length": str(len(body)), "Connection": "close"}
        headers = with_version(self.app.version) | fixed
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{''.join(lines)}\r\n".encode() + body)
        self.transport.close()
