"""A check when something is missing: no answer goes out that is not on the log, or not from complete data."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from services.common import publish as publish_module
from services.common.events import Party, Role
from services.common.host import Parts
from services.common.progress import SILENT_SECONDS
from services.common.testing import FakeIssuer, make_runtime
from services.common.view import View
from services.matcher.app import build

BAILIFF = "00000099000000004001"
QUESTION = {"burgerservicenummer": "999990019", "dossiernummer": "D-1", "reden": "beslag"}


@pytest.fixture
def issuer(tmp_path: Path) -> FakeIssuer:
    return FakeIssuer(tmp_path)


@pytest.fixture
async def parts(issuer: FakeIssuer) -> Parts:
    return build(await make_runtime("matcher", jwks=str(issuer.jwks)))


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(parts.api), base_url="http://m") as found:
        yield found


def views(parts: Parts) -> list[View[Party]]:
    return [each for each in parts.services if isinstance(each, View)]


async def test_a_view_that_is_not_complete_is_try_again_later(
    client: httpx.AsyncClient, issuer: FakeIssuer, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publish(*_: Any) -> None:
        """Take the line that a refused asking leaves."""

    monkeypatch.setattr(publish_module.Publisher, "publish", publish)
    headers = issuer.headers(BAILIFF, "toetsen")
    for view in views(parts)[:4]:
        response = await client.post("/v1/toetsen", json=QUESTION, headers=headers)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        view._caught_up.set()
    assert (await client.post("/v1/toetsen", json=QUESTION, headers=headers)).status_code == 403


def unreadable(view: View[Party]) -> None:
    view._content.unreadable.add(b"person/registration")


def silent(view: View[Party]) -> None:
    view._progress._last_word -= 2 * SILENT_SECONDS


def read_again(view: View[Party]) -> None:
    view._lost_at = monotonic() - 2 * SILENT_SECONDS


@pytest.mark.parametrize("number", range(4), ids=["parties", "agreements", "registrations", "snapshots"])
@pytest.mark.parametrize("trouble", [unreadable, silent, read_again])
async def test_a_view_that_may_not_be_relied_on_is_try_again_later_and_never_not_known(
    client: httpx.AsyncClient,
    issuer: FakeIssuer,
    parts: Parts,
    trouble: Callable[[View[Party]], None],
    number: int,
) -> None:
    for view in views(parts):
        view._caught_up.set()
    trouble(views(parts)[number])
    response = await client.post("/v1/toetsen", json=QUESTION, headers=issuer.headers(BAILIFF, "toetsen"))
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "bekend" not in response.text


async def test_without_the_broker_there_is_no_answer(
    client: httpx.AsyncClient, issuer: FakeIssuer, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_module, "ACK_SECONDS", 0.05)
    found = views(parts)
    for view in found:
        view._caught_up.set()
    party = Party(party_id=BAILIFF, name="Bailiff", roles=(Role.BAILIFF,), active=True)
    found[0]._content.put(BAILIFF, party)
    response = await client.post("/v1/toetsen", json=QUESTION, headers=issuer.headers(BAILIFF, "toetsen"))
    assert response.status_code == 503
    assert "bekend" not in response.text


async def test_the_description_of_the_api_names_what_is_answered_and_no_more(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/v1/openapi.json")).json()
    schemas, paths = document["components"]["schemas"], document["paths"]
    assert set(schemas["Antwoord"]["properties"]) == {"id", "bekend", "contacten", "peildatum", "geldigTot"}
    assert set(schemas["ContactGegevens"]["properties"]) == {"organisatie", "telefoon", "email", "peildatum"}
    for path in ("/toetsen", "/bulktoetsen"):
        assert set(paths[path]["post"]["responses"]) >= {"200", "400", "401", "403", "429", "503"}
    asked = paths["/toetsen"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert asked == {"$ref": "#/components/schemas/Toets"}
    rows = schemas["Toetsen"]["properties"]["toetsen"]
    assert rows["items"] == {"$ref": "#/components/schemas/Vraag"}
