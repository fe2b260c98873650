"""Two replicas: changes of the same thing at the same moment, one at each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.real.ingest.house import HUB, LANDLORD, TOWN, House, new_oin, running

pytestmark = pytest.mark.real

AGREEMENT = {"soort": "signalen", "gemeente": TOWN, "schuldeiser": LANDLORD, "vanaf": "2026-01-01"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def beside(house: House, kafka: str, database: str, session_folder: Path) -> AsyncIterator[House]:
    """A second replica on the same broker and database."""
    async with running(
        kafka, database, session_folder, replica="ingest-1", jwks=str(house.issuer.jwks)
    ) as found:
        found.issuer = house.issuer
        yield found


async def put(at: House, name: str, **more: object) -> None:
    await at.made(f"overeenkomsten/{name}", **AGREEMENT, **more)


async def step(at: House, name: str, party: str, status: str) -> int:
    path = f"/v1/overeenkomsten/{name}/stappen"
    return (await at.send("POST", path, party, "overeenkomsten", json={"status": status})).status_code


async def kept(at: House, name: str) -> tuple[list[str], str | None]:
    found = (await at.send("GET", f"/v1/overeenkomsten/{name}", HUB, "overeenkomsten")).json()
    return [each["status"] for each in found["stappen"]], found.get("tot")


async def test_a_step_at_one_replica_and_a_change_at_another_undo_nothing_of_each_other(
    house: House, beside: House
) -> None:
    for round_ in range(4):
        name = f"{round_}-{uuid4().hex}"
        await put(house, name, status="concept")
        await asyncio.gather(put(beside, name, tot="2026-12-31"), step(house, name, HUB, "verzonden"))
        await put(house, name, tot="2026-11-30")  # and this replica shows it
        assert await kept(house, name) == (["concept", "verzonden"], "2026-11-30")


async def test_of_the_same_step_at_two_replicas_one_is_taken(house: House, beside: House) -> None:
    name = uuid4().hex
    await put(house, name, status="concept")
    await put(beside, name)
    for party, status in ((TOWN, "verzonden"), (LANDLORD, "getekend door schuldeiser")):
        codes = await asyncio.gather(*(step(at, name, party, status) for at in (house, beside)))
        assert codes == [200, 200]
    steps, _ = await kept(beside, name)
    assert steps == ["concept", "verzonden", "getekend door schuldeiser"]


async def test_of_two_parties_that_claim_one_gemeentecode_at_two_replicas_one_gets_it(
    house: House, beside: House
) -> None:
    for code in ("1901", "1902"):
        body = {"naam": "x", "rollen": ["gemeente"], "gemeentecode": code}
        answers = await asyncio.gather(
            *(at.master(f"partijen/{new_oin()}", **body) for at in (house, beside))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]
