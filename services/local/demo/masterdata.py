"""Loads examples/ through the API; each municipality that takes part makes its own key pair first."""

import asyncio
import json
from pathlib import Path

from joserfc.jwk import ECKey

from services.ingest.areas import import_areas
from services.local.demo.actions import Content
from services.local.demo.desk import Desk, good
from services.local.demo.examples import AREAS, Examples
from services.local.demo.hub import Hub
from services.local.keys import write_private
from services.local.stack import HUB_OIN

OPERATOR = HUB_OIN
WITHOUT_KEY = "0599"
"""Rotterdam signed nothing yet: without a key it is not active."""


async def load(hub: Hub, desk: Desk, examples: Examples) -> None:
    """PUT everything as the hub's operator, and import the area table."""
    await asyncio.to_thread(import_areas, hub.endpoints["database"], AREAS)
    for party in examples.parties:
        await _put(hub, desk, f"partijen/{party['oin']}", _with_key(hub, party))
    for agreement in examples.agreements:
        await _put(hub, desk, f"overeenkomsten/{agreement['id']}", agreement)
    for policy in examples.policies:
        await _put(hub, desk, f"beleid/{policy['gemeente']}", policy)
    for team in examples.teams:
        await _put(hub, desk, f"teams/{team['id']}", team)


def key_file(folder: Path, municipality: str) -> Path:
    """Return where the demo keeps a municipality's private key; the hub has no use for it."""
    return folder / "municipalities" / f"{municipality}.json"


def private_key(folder: Path, municipality: str) -> ECKey:
    """Return the key that opens this municipality's personal data."""
    return ECKey.import_key(json.loads(key_file(folder, municipality).read_text()))


def _with_key(hub: Hub, party: Content) -> Content:
    if party.get("gemeentecode", WITHOUT_KEY) == WITHOUT_KEY:
        return party
    key = ECKey.generate_key("P-256", {"use": "enc", "alg": "ECDH-ES+A256KW"}, auto_kid=True)
    file = key_file(hub.folder.path, party["oin"])
    file.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(file, json.dumps(key.as_dict(private=True)))
    return party | {"publiekeSleutel": key.as_dict(private=False)}


async def _put(hub: Hub, desk: Desk, path: str, content: Content) -> None:
    body = {name: value for name, value in content.items() if name not in ("oin", "id")}
    if path.startswith("beleid/"):
        del body["gemeente"]
    good(await desk.ask("PUT", f"/v1/{path}", party=OPERATOR, scope="beheer", json=body))
