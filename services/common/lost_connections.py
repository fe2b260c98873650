"""aiokafka (0.14.0) over uvloop: writing to a connection that was lost is a lost connection, like on asyncio.

For two turns of the event loop after a broker's reset uvloop has closed the transport and aiokafka does not
know yet. What is written then is a `RuntimeError` of uvloop, where aiokafka awaits an `OSError`
(aio-libs/aiokafka issue 1038). It ends the task that keeps the metadata, nobody notices, and whoever asks
for metadata after that waits for ever: a member of a group that finds its coordinator no more.
"""

from typing import Any

import aiokafka.conn
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

_OTHERS = (KafkaError, NotImplementedError)
"""RuntimeErrors too, but of aiokafka: this connection is well."""


class Connection(AIOKafkaConnection):  # type: ignore[misc] # aiokafka has no types
    """One that says `KafkaConnectionError`."""

    def send(self, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002 -- aiokafka's
        try:
            return super().send(request, expect_response)
        except _OTHERS:
            raise
        except RuntimeError as error:
            raise self._lost(error) from error

    def _send_sasl_token(self, payload: bytes, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002
        try:
            return super()._send_sasl_token(payload, expect_response)
        except _OTHERS:
            raise
        except RuntimeError as error:
            raise self._lost(error) from error

    def _lost(self, error: RuntimeError) -> KafkaConnectionError:
        self.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
        return KafkaConnectionError(f"Connection at {self.host}:{self.port} broken")


def use() -> None:
    """Let every client of this process make its connections so."""
    aiokafka.conn.AIOKafkaConnection = Connection
