"""One hub with two replicas of everything, under load from beginning to end, and one fault after the other.

The tests are the steps of one story, in their order; the last one compares all with the reference model.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.local.service import SERVICES
from tests.real.crash.stage import Stage, staged

pytestmark = [pytest.mark.real, pytest.mark.crash, pytest.mark.timeout(900)]
WIDTH = 48
"""Streets at once, with a new one each second: room for those of half a minute, which is longer than a street
takes. While the hub is away no more than these wait."""
TAKEOVER_SECONDS = 45.0
"""From the freeze, the session time-out of the groups (6 s) included, until all that another replica takes
over is loaded under full load; less than a client waits for the frozen one (speaker.py)."""
DATABASE_AWAY_SECONDS = 30.0
BROKER_AWAY_SECONDS = 90.0


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with staged(brokers=1, width=WIDTH) as found:
        yield found


async def test_without_a_fault_everything_moves(stage: Stage) -> None:
    await stage.moves("the start")


async def test_a_third_replica_of_each_service_comes_and_goes(stage: Stage) -> None:
    third = [f"{service}-2" for service in SERVICES]
    await stage.hub.add(*third)
    await stage.moves("a third replica of everything")
    await stage.hub.remove(*third)
    await stage.moves("the end of the third replicas")


@pytest.mark.parametrize("service", SERVICES)
async def test_one_replica_is_killed(stage: Stage, service: str) -> None:
    stage.hub.kill(f"{service}-0")
    await stage.moves(f"kill -9 of {service}-0")


async def test_all_services_are_killed_at_once(stage: Stage) -> None:
    stage.hub.kill(*stage.hub.services)
    await stage.moves("kill -9 of all services")


@pytest.mark.parametrize("service", SERVICES)
async def test_one_replica_is_frozen_past_its_session_and_goes_on(stage: Stage, service: str) -> None:
    await stage.shared(service)
    stage.hub.freeze(f"{service}-1")
    try:
        seconds = await stage.taken_over(f"{service}-0", TAKEOVER_SECONDS)
    finally:
        stage.hub.thaw(f"{service}-1")
    await stage.moves(f"{seconds:.0f} s without {service}-1")
    await stage.shared(service)


async def test_the_broker_is_killed(stage: Stage) -> None:
    (broker,) = stage.hub.brokers
    broker.kill()
    await stage.hub.bring_back(broker)
    await stage.moves("kill -9 of the broker")


async def test_postgresql_is_away_for_half_a_minute(stage: Stage) -> None:
    await asyncio.to_thread(stage.hub.postgres.stop)
    await asyncio.sleep(DATABASE_AWAY_SECONDS)
    await stage.hub.bring_back(stage.hub.postgres)
    await stage.moves(f"{DATABASE_AWAY_SECONDS:.0f} s without PostgreSQL")


async def test_the_broker_is_away_for_a_minute_and_a_half(stage: Stage) -> None:
    (broker,) = stage.hub.brokers
    await asyncio.to_thread(broker.stop)
    await asyncio.sleep(BROKER_AWAY_SECONDS)
    await stage.hub.bring_back(broker)
    await stage.moves(f"{BROKER_AWAY_SECONDS:.0f} s without the broker")


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_and_nothing_doubled_in_all_this(stage: Stage) -> None:
    await stage.end()
