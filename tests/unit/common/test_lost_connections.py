import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop
from aiokafka.conn import create_conn
from aiokafka.errors import IncompatibleBrokerVersion, KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from services.common.connection import connection
from services.common.lost_connections import Connection

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, no seconds: closing resets, as a broker's kernel does when the broker is killed."""
TURNS = 50


def written(conn: Connection) -> Awaitable[Any]:
    conn._versions = {MetadataRequest.API_KEY: (0, 5)}  # a broker would have told
    found: Awaitable[Any] = conn.send(MetadataRequest([]))
    return found


def signed_in(conn: Connection) -> Awaitable[Any]:
    found: Awaitable[Any] = conn._send_sasl_token(b"secret")
    return found


@pytest.mark.parametrize("write", [written, signed_in])
def test_a_connection_that_the_broker_reset_is_told_as_lost_by_whoever_writes_to_it(
    write: Callable[[Connection], Awaitable[Any]],
) -> None:
    async def until_it_is_told(conn: Connection) -> None:
        answers = []
        try:
            for _ in range(TURNS):
                answers.append(asyncio.ensure_future(write(conn)))
                await asyncio.sleep(0)
        finally:
            await asyncio.gather(*answers, return_exceptions=True)

    async def played() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            conn = Connection(*listening.getsockname())
            conn._reader, conn._writer = await asyncio.open_connection(*listening.getsockname())
            conn._read_task = asyncio.create_task(asyncio.sleep(60))
            broker, _ = listening.accept()
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        broker.close()
        with pytest.raises(KafkaConnectionError):
            await until_it_is_told(conn)
        assert not conn.connected()

    uvloop.run(played())


async def test_what_a_broker_does_not_offer_is_told_as_it_is_and_the_connection_stays() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        conn = Connection(*listening.getsockname())
        conn._reader, conn._writer = await asyncio.open_connection(*listening.getsockname())
        conn._read_task = asyncio.create_task(asyncio.sleep(60))
        conn._versions = {MetadataRequest.API_KEY: (90, 91)}
        with pytest.raises((IncompatibleBrokerVersion, NotImplementedError)):
            conn.send(MetadataRequest([]))
        assert conn.connected()
        conn.close()


async def test_every_client_has_such_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    async def connect(self: Connection) -> None:
        made.append(self)

    monkeypatch.setattr(Connection, "connect", connect)
    connection("broker:9092")
    await create_conn("broker", 9092)
    assert [type(each) for each in made] == [Connection]
