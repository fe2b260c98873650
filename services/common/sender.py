"""Database -> outside: works the rows of common.deliveries, each at least once, with back-off.

A process that dies between the call and its bookkeeping leaves the row to the next one, who delivers it again
under the same id: the receiver tells a repeat by that idempotency key. Deliveries to one target go one at a
time per process, so that a slow target keeps nobody else waiting; their order is not promised.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog
from mode import Service
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common import deliveries
from services.common.database import transaction
from services.common.deliveries import (
    DELIVER_SECONDS,
    LEASE,
    MAX_ATTEMPTS,
    Delivery,
    Outcome,
    State,
    outcome_of,
)
from services.common.errors import PermanentError, TransientError
from services.common.runtime import Runtime
from services.common.tracing import Kind, working

Deliver = Callable[[Delivery], Awaitable[None]]
"""Makes the call. `PermanentError`: never again; any other exception: later again."""

CONCURRENT = 8
POLL_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 10.0
_HOUSEKEEPING_SECONDS = 3600.0
_COUNT_SECONDS = 10.0
_OUTCOMES = {State.DONE: "sent", State.PENDING: "failed", State.DEAD: "dead"}
"""What an attempt that led to this state is called among the metrics."""

log = structlog.get_logger()


class Sender(Service):
    """Delivers what was enqueued for `name`; any number of processes may do so side by side."""

    def __init__(self, name: str, deliver: Deliver, runtime: Runtime, engine: AsyncEngine) -> None:
        super().__init__()
        self._name = name
        self._deliver = deliver
        self._engine = engine
        self._running: dict[asyncio.Future[None], str] = {}
        """Attempts that go on, and to whom."""
        self._trouble: str | None = "not started yet"
        self._metrics, self._tracing = runtime.metrics, runtime.tracing
        self._outcomes = {
            state: runtime.metrics.deliveries.labels(name, told) for state, told in _OUTCOMES.items()
        }
        runtime.health.add(name, lambda: self._trouble)

    async def on_stop(self) -> None:
        """Let the calls that go on end; one that does not is made again by the next process."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=_STOP_SECONDS)

    @Service.task
    async def _work(self) -> None:
        cleaned = counted = 0.0
        while not self.should_stop:
            try:
                await self._start_due()
                self._trouble = None
                if monotonic() - counted > _COUNT_SECONDS:
                    counted = monotonic()
                    await self._count()
                if monotonic() - cleaned > _HOUSEKEEPING_SECONDS:
                    cleaned = monotonic()
                    await self._clean()
            except TransientError as error:
                self._trouble = str(error)
                log.warning(
                    "sender_interrupted", sender=self._name, error=type(error).__name__, text=str(error)
                )
                await self.sleep(_RETRY_SECONDS)
            await self._pause()

    async def _start_due(self) -> None:
        while not self.should_stop and len(self._running) < CONCURRENT:
            async with transaction(self._engine) as connection:
                found = await deliveries.claim(connection, self._name, list(self._running.values()))
            if found is None:
                return
            attempt = self.add_future(self._attempt(found))
            self._running[attempt] = found.target
            attempt.add_done_callback(self._running.pop)

    async def _pause(self) -> None:
        if self._running:
            await asyncio.wait(list(self._running), timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await self.sleep(POLL_SECONDS)

    async def _attempt(self, delivery: Delivery) -> None:
        name, parent = f"deliver {self._name}", delivery.headers.get("traceparent")
        about = {"messaging.message.id": delivery.id}
        with working(self._tracing.child(name, Kind.CLIENT, parent, about)) as span:
            outcome = await self._try(delivery)
            span.describe(name, {"signaalhub.outcome": _OUTCOMES[outcome.state]})

    async def _try(self, delivery: Delivery) -> Outcome:
        begin = monotonic()
        outcome = outcome_of(delivery.attempts, await self._call(delivery))
        about = {"sender": self._name, "delivery": delivery.id, "attempt": delivery.attempts}
        if outcome.state is State.DEAD:
            log.error("delivery_given_up", text=outcome.error, **about)
        else:
            log.info("delivery_attempted", state=outcome.state.value, text=outcome.error, **about)
        await self._book(delivery, outcome, begin + LEASE.total_seconds())
        return outcome

    async def _call(self, delivery: Delivery) -> Exception | None:
        if delivery.attempts > MAX_ATTEMPTS:
            return PermanentError("every process that tried it ended before it had an answer")
        try:
            async with asyncio.timeout(DELIVER_SECONDS):
                await self._deliver(delivery)
        except Exception as error:  # noqa: BLE001 -- what a partner's server does may raise anything
            return error
        return None

    async def _book(self, delivery: Delivery, outcome: Outcome, until: float) -> None:
        """Write the outcome down; while the lease lasts nobody else can have taken the row."""
        while True:
            try:
                async with transaction(self._engine) as connection:
                    ours = await deliveries.finish(connection, delivery, outcome)
                break
            except TransientError:
                if monotonic() > until:
                    log.warning("delivery_not_booked", sender=self._name, delivery=delivery.id)
                    return
                await asyncio.sleep(_RETRY_SECONDS)
        if ours:
            self._outcomes[outcome.state].inc()
        else:
            log.warning("delivery_taken_over", sender=self._name, delivery=delivery.id)

    async def _count(self) -> None:
        async with transaction(self._engine) as connection:
            found = await deliveries.counts(connection, self._name)
        self._metrics.waiting(self._name, {state.value: count for state, count in found.items()})

    async def _clean(self) -> None:
        async with transaction(self._engine) as connection:
            count, dead = await deliveries.forget(connection, self._name)
        if count:
            log.info("deliveries_forgotten", sender=self._name, count=count, dead=dead)
