"""What tests of every service need: a clock to set, a runtime without surroundings, an issuer of tokens."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from services.common.catalogue import load_catalogue
from services.common.clock import Clock, wall
from services.common.codec import Codec
from services.common.health import Health
from services.common.registry import Released, RepositoryRegistry
from services.common.runtime import Runtime
from services.common.settings import Settings

TEST_NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TEST_ISSUER = "urn:test:issuer"
_KEY = base64.b64encode(bytes(range(32)))
_POLL_SECONDS = 0.01


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = TEST_NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now

    def advance(self, **amount: float) -> datetime:
        """Move on by the arguments of `timedelta` and return the new moment."""
        self._now += timedelta(**amount)
        return self._now


class FakeIssuer:
    """A throwaway identity provider: its JWKS file is what `Settings.jwks` points to."""

    def __init__(self, folder: Path) -> None:
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.jwks = folder / "jwks.json"
        self.publish(self.key)

    def publish(self, *keys: ECKey) -> None:
        """Let the JWKS file hold these public keys."""
        self.jwks.write_text(json.dumps(KeySet(list(keys)).as_dict(private=False)))

    def token(self, party: str, *scopes: str, key: ECKey | None = None, **changes: Any) -> str:
        """Return a good token of the party; `changes` replace claims, None leaves one out."""
        signer, now = key or self.key, int(wall())
        claims = {
            "iss": TEST_ISSUER,
            "aud": "signaalhub",
            "sub": party,
            "scope": " ".join(scopes),
            "exp": now + 600,
        } | changes
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": signer.kid}, present, signer)

    def headers(self, party: str, *scopes: str, **changes: Any) -> dict[str, str]:
        """Return the request headers of a caller."""
        return {"Authorization": f"Bearer {self.token(party, *scopes, **changes)}"}


def make_settings(**changes: Any) -> Settings:
    """Return settings that reach nothing; `changes` say what a test does have."""
    plain: dict[str, Any] = {
        "kafka": "127.0.0.1:1",
        "database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "issuer": TEST_ISSUER,
        "jwks": "/nonexistent/jwks.json",
        "pseudonym_key": _KEY,
        "vault_key": _KEY,
    }
    return Settings(**(plain | changes))


async def make_runtime(service: str, *, clock: Clock | None = None, **settings: Any) -> Runtime:
    """Return the runtime of a service as host.py would, with a clock that stands still by default."""
    found = make_settings(**settings)
    released = Released(found.schemas_dir)
    codec = Codec(released, RepositoryRegistry(released))
    await codec.start()
    return Runtime(
        service=service,
        settings=found,
        clock=clock or FakeClock(),
        catalogue=load_catalogue(found.schemas_dir),
        codec=codec,
        health=Health(),
    )


async def wait_until(condition: Callable[[], bool], seconds: float = 10.0, what: str = "condition") -> None:
    """Return when the condition holds; `AssertionError` when it never did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not hold within {seconds:.0f} s")
        await asyncio.sleep(_POLL_SECONDS)
