"""Rotation of the master key and of a municipality's key: everything stays readable, and no event changes."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.common import rotation
from services.common.database import make_engine, transaction
from services.common.errors import ConfigurationError
from services.common.masterkeys import MasterKeys
from services.common.rotation import PORTION, Rotated, rotate
from services.common.vault import DataClass, Entry, Vault
from services.local import rotating
from tests.real.hub.opening import openable
from tests.real.ingest.house import LANDLORD, VAULT_KEY, House, signal_body
from tests.real.ingest.test_signals import signals_of

pytestmark = pytest.mark.real
KEYS = {name: base64.b64encode(bytes([n] * 32)).decode() for n, name in enumerate(("OLD", "NEW", "OTHER"), 7)}
OLD, NEW = MasterKeys.of(KEYS["OLD"]), MasterKeys.of(f"{KEYS['NEW']} {KEYS['OLD']}")
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database)
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM common.vault"))
    yield engine
    await engine.dispose()


async def keep(engine: AsyncEngine, keys: MasterKeys, count: int) -> dict[str, bytes]:
    entries = [Entry(str(uuid4()), "h", "m") for _ in range(count)]
    async with transaction(engine) as connection:
        return await Vault(keys).keep(connection, DataClass.SIGNAL, entries, now=AT, until=AT)


async def found(engine: AsyncEngine, keys: MasterKeys, ids: dict[str, bytes]) -> dict[str, bytes]:
    async with transaction(engine) as connection:
        return await Vault(keys).find(connection, list(ids))


async def test_every_key_is_wrapped_anew_and_the_old_one_is_needed_no_more(engine: AsyncEngine) -> None:
    before = await keep(engine, OLD, 2 * PORTION + 1)
    meanwhile = await keep(engine, NEW, 1)
    assert await found(engine, NEW, before) == before
    assert await rotate(engine, NEW) == Rotated(done=2 * PORTION + 1, left=0)
    only = MasterKeys.of(KEYS["NEW"])
    assert await found(engine, only, before | meanwhile) == before | meanwhile
    assert await rotate(engine, only) == Rotated(done=0, left=0)


async def test_a_rotation_that_is_killed_half_way_goes_on_where_it_was(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await keep(engine, OLD, 30)
    monkeypatch.setattr(rotation, "PORTION", 10)
    wrap, calls = rotation._wrap, []

    async def killed(*args: object) -> int:
        calls.append(await wrap(*args))  # type: ignore[arg-type]
        if len(calls) == 2:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(rotation, "_wrap", killed)
    with pytest.raises(KeyboardInterrupt):
        await rotate(engine, NEW)
    monkeypatch.setattr(rotation, "_wrap", wrap)
    assert await found(engine, NEW, before) == before, "both keys are read meanwhile"
    assert await rotate(engine, NEW) == Rotated(done=20, left=0)
    assert await found(engine, MasterKeys.of(KEYS["NEW"]), before) == before


async def test_what_no_key_opens_stays_as_it_is_and_is_counted(engine: AsyncEngine, database: str) -> None:
    lost = await keep(engine, MasterKeys.of(KEYS["OTHER"]), 2)
    kept = await keep(engine, OLD, 3)
    with pytest.raises(ConfigurationError, match="3 data keys wrapped anew, 2 are wrapped by a master key"):
        await rotating.rotate(database, f"{KEYS['NEW']} {KEYS['OLD']}")
    assert await found(engine, MasterKeys.of(KEYS["NEW"]), kept) == kept
    assert await found(engine, MasterKeys.of(KEYS["OTHER"]), lost) == lost
    assert await rotating.rotate(database, " ".join(KEYS[name] for name in ("NEW", "OLD", "OTHER"))) == 2


async def test_a_new_key_of_a_municipality_is_for_what_is_sealed_from_then_on(
    house: House, engine: AsyncEngine
) -> None:
    town = f"00000099{uuid4().int % 10**12:012}"
    first, second = (ECKey.generate_key("P-256", auto_kid=True) for _ in range(2))
    code = f"9{uuid4().int % 1000:03}"

    async def settle(key: ECKey) -> None:
        public = key.as_dict(private=False)
        await house.made(
            f"partijen/{town}",
            naam="Wisselstad",
            rollen=["gemeente"],
            gemeentecode=code,
            publiekeSleutel=public,
        )

    await settle(first)
    agreement = {"soort": "signalen", "gemeente": town, "schuldeiser": LANDLORD, "vanaf": "2021-01-01"}
    await house.made(f"overeenkomsten/{town}", **agreement)
    bodies = [signal_body(gemeentecode=code) for _ in range(2)]
    ids = [(await house.signal(LANDLORD, bodies[0])).json()["id"]]
    await settle(second)
    ids += [(await house.signal(LANDLORD, body)).json()["id"] for body in reversed(bodies)]
    before, again = await signals_of(house, ids[0])
    (after,) = await signals_of(house, ids[1])
    assert [opens(key, before.personal) for key in (first, second)] == [True, False]
    assert [opens(key, after.personal) for key in (first, second)] == [False, True]
    assert [opens(key, again.personal) for key in (first, second)] == [False, True]
    own = await found(engine, MasterKeys.of(VAULT_KEY), dict.fromkeys(ids, b""))
    texts = [before.personal, again.personal, after.personal]
    assert list(openable(texts, own.values())) == texts, "what the hub keeps for it is in the vault"


def opens(key: ECKey, personal: bytes) -> bool:
    try:
        return bool(jwe.decrypt_compact(personal, key).plaintext)
    except (JoseError, ValueError):
        return False
