"""Single signals that come in at the same time go through in company.

A transaction, a question to the database and a request to the broker cost as much for one signal as for a
hundred. A signal that comes alone goes at once; those that come while others are under way go together, each
with the sender, trace and answer of its own.
"""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import NamedTuple, Protocol

from services.common.errors import TransientError
from services.common.tracing import TRACEPARENT, Attributes, Kind, Tracing, working
from services.ingest.judging import Delivery, Judged, Row

UNDER_WAY = 2
"""Groups at the same time: while one waits for database or broker, the other has the processor."""
MOST_TOGETHER = 100
"""Signals of one group: some 50 ms of work, so that an answer never waits for a long one."""
WAIT_SECONDS = 15.0
"""How long a request waits in all, and a group: longer than a broker that does not answer (`ACK_SECONDS`)."""


class Taking(Protocol):
    """What takes in a group: `Intake`."""

    async def take_together(self, incoming: Sequence[tuple[Row, Delivery]]) -> list[Judged]:
        """Return what became of each row, once it is on the log."""


class _Guest(NamedTuple):
    """A signal, and who waits for what becomes of it."""

    row: Row
    delivery: Delivery
    answer: asyncio.Future[Judged]


class Company:
    """One for the whole process."""

    def __init__(self, taking: Taking, tracing: Tracing) -> None:
        self._taking = taking
        self._tracing = tracing
        self._waiting: list[_Guest] = []
        self._groups: set[asyncio.Task[None]] = set()

    async def take(self, row: Row, sender: str) -> Judged:
        """Return what became of a signal, once it is on the log; after a `TransientError` send it again."""
        about: Attributes = {"messaging.system": "kafka"}
        with working(self._tracing.child("publish", Kind.PRODUCER, TRACEPARENT.get(), about)) as span:
            answer: asyncio.Future[Judged] = asyncio.get_running_loop().create_future()
            self._waiting.append(_Guest(row, Delivery(sender, traceparent=span.traceparent), answer))
            self._begin()
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    return await answer
            except TimeoutError:
                raise TransientError("too many signals wait; this one may still be accepted") from None

    def _begin(self) -> None:
        if len(self._groups) < UNDER_WAY and (guests := self._next()):
            group = asyncio.create_task(self._go(guests), context=Context())  # of nobody's trace
            self._groups.add(group)
            group.add_done_callback(self._ended)

    def _next(self) -> list[_Guest]:
        """Return the next group; who left meanwhile is left out."""
        waiting = [guest for guest in self._waiting if not guest.answer.done()]
        self._waiting = waiting[MOST_TOGETHER:]
        return waiting[:MOST_TOGETHER]

    def _ended(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        self._begin()

    async def _go(self, guests: Sequence[_Guest]) -> None:
        """Answer all; what one of them breaks it breaks for itself alone."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                judged = await self._taking.take_together([(row, delivery) for row, delivery, _ in guests])
        except TimeoutError:
            _fail(guests, "database or broker did not answer in time; this signal may still be accepted")
        except TransientError as error:
            _fail(guests, str(error))
        except Exception as error:  # noqa: BLE001 -- whatever it is, one request gets it and not all of them
            await self._one_by_one(guests, error)
        else:
            for guest, found in zip(guests, judged, strict=True):
                if not guest.answer.done():
                    guest.answer.set_result(found)

    async def _one_by_one(self, guests: Sequence[_Guest], error: Exception) -> None:
        for guest in guests:
            if guest.answer.done():
                continue
            if len(guests) == 1:
                guest.answer.set_exception(error)
            else:
                await self._go([guest])


def _fail(guests: Sequence[_Guest], text: str) -> None:
    """Give each an error of its own: one for all would keep all, with what they sent, in one cycle."""
    for guest in guests:
        if not guest.answer.done():
            guest.answer.set_exception(TransientError(text))
