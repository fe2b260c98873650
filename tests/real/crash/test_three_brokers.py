"""Three brokers, every record on all of them (replication 3, min.insync.replicas 2): one may die."""

from collections.abc import AsyncIterator

import pytest

from tests.real.crash.stage import Stage, staged

pytestmark = [pytest.mark.real, pytest.mark.crash, pytest.mark.timeout(600)]
WIDTH = 12


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with staged(brokers=3, width=WIDTH) as found:
        yield found


async def test_without_a_fault_everything_moves(stage: Stage) -> None:
    await stage.moves("the start")


@pytest.mark.parametrize("node", [1, 2, 3])
async def test_two_brokers_go_on_without_the_third(stage: Stage, node: int) -> None:
    broker = stage.hub.brokers[node - 1]
    broker.kill()
    await stage.moves(f"kill -9 of broker {node}")
    await stage.hub.bring_back(broker)
    await stage.moves(f"broker {node} is back")


@pytest.mark.timeout(1800)
async def test_nothing_is_lost_and_nothing_doubled_in_all_this(stage: Stage) -> None:
    await stage.end()
