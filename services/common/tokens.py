"""Who calls: a bearer JWT (OAuth 2.0), checked against the public keys of the issuer in the settings.

Claims: iss, aud, exp, nbf as RFC 7519; `sub` is the OIN of the party, `scope` its permissions separated by
spaces, `team` (optional) the team of a municipality for which the caller works.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from math import inf
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey
from joserfc.jws import JWSRegistry, extract_compact

from services.common.clock import wall
from services.common.errors import TransientError
from services.common.identifiers import is_oin
from services.common.problems import Problem
from services.common.settings import Settings

ALGORITHMS = ("ES256", "RS256", "PS256")
LEEWAY_SECONDS = 30
REFETCH_SECONDS = 30
FRESH_SECONDS = 600
"""Keys older than this are fetched again: for so long at most is a key trusted that its issuer withdrew."""
HELD_SECONDS = 3_600
"""While the issuer is away its last keys serve on, so that its outage is not ours at once; not for ever,
because who can cut us off from the issuer could otherwise keep a stolen key good."""
RETRY_SECONDS = 2
"""Pause after keys could not be read, so that waiting requests do not each wait for the same answer."""
FETCH_TIMEOUT_SECONDS = 5
MAX_TOKEN = 8_192
KNOWN_TOKENS = 4_096
"""Of so many tokens at once it is known that their signature is good."""

_BEARER = HTTPBearer(
    scheme_name="token", bearerFormat="JWT", description="OAuth 2.0 access token (JWT).", auto_error=False
)
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_Key = ECKey | RSAKey

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The party (OIN) that calls, what it may do, and for which of its teams."""

    party: str
    scopes: frozenset[str]
    team: str | None = None


class _Signed(NamedTuple):
    """What a token says, and the key that it was signed with."""

    kid: str
    key: _Key
    claims: dict[str, Any]


class Tokens:
    """Checks tokens; nothing is fetched before the first one."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keys = _Keys(settings.jwks, monotonic)
        self._signed: dict[str, _Signed] = {}
        self._rules = jwt.JWTClaimsRegistry(
            now=lambda: int(wall()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def caller(self, token: str) -> Caller:
        """Return who the token is of; a token that is not good is a 401 `Problem`."""
        try:
            claims = await self._claims(token)
            self._rules.validate(claims)
            return _caller(claims)
        except ExpiredTokenError:
            raise unauthorized("Het token is verlopen.") from None
        except (JoseError, ValueError, TypeError):
            raise unauthorized("Het token is niet geldig voor deze hub.") from None

    async def _claims(self, token: str) -> dict[str, Any]:
        """Return what the token says; a signature is checked once, as long as the issuer keeps its key."""
        known = self._signed.get(token)
        if known and await self._keys.find(known.kid) is known.key:
            return known.claims
        signed = await self._check(token)
        if len(self._signed) >= KNOWN_TOKENS:
            self._signed.clear()
        self._signed[token] = signed
        return signed.claims

    async def _check(self, token: str) -> _Signed:
        if len(token) > MAX_TOKEN:
            raise ValueError("longer than any token of ours")
        kid = extract_compact(token.encode(), registry=_REGISTRY).headers().get("kid")
        key = await self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise ValueError("no key of the issuer has this kid")
        return _Signed(str(kid), key, jwt.decode(token, key, registry=_REGISTRY).claims)


class _Keys:
    """The issuer's public keys; fetched again when they get old, or for an unknown kid once in a while."""

    def __init__(self, source: str, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._keys: dict[str, _Key] = {}
        self._read_at = -inf
        self._trouble: str | None = None
        self._next_fetch = -inf
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> _Key | None:
        """Return a key, None when the issuer has none such; keys out of reach are a `TransientError`."""
        fetching = self._lock.locked()  # by another request: this one need not wait for it
        if not self._has(kid, HELD_SECONDS if fetching else FRESH_SECONDS):
            async with self._lock:
                await self._refetch(kid)
        return self._keys.get(kid)

    def _has(self, kid: str, seconds: float) -> bool:
        return kid in self._keys and self._monotonic() < self._read_at + seconds

    async def _refetch(self, kid: str) -> None:
        if self._has(kid, FRESH_SECONDS):
            return
        if self._monotonic() >= self._next_fetch:
            await self._fetch()
        if self._trouble is not None and not self._has(kid, HELD_SECONDS):
            raise TransientError(self._trouble)

    async def _fetch(self) -> None:
        try:
            self._keys = {str(key.kid): key for key in _usable(await _read(self._source)) if key.kid}
            self._trouble, pause, self._read_at = None, REFETCH_SECONDS, self._monotonic()
        except TransientError as error:
            log.warning("issuer_keys_not_fetched", exc_info=error)
            self._trouble, pause = str(error), RETRY_SECONDS
        self._next_fetch = self._monotonic() + pause


async def _read(source: str) -> Any:
    try:
        if not source.startswith(("http://", "https://")):
            return json.loads(await asyncio.to_thread(Path(source).read_text))
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS) as client:
            return (await client.get(source)).raise_for_status().json()
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise TransientError("the keys of the token issuer cannot be read") from error


def _usable(found: Any) -> list[_Key]:
    """Return the keys for signatures of a kind that we accept; others in the set are of no concern to us."""
    listed = found.get("keys") if isinstance(found, dict) else None
    keys = [_import(each) for each in listed] if isinstance(listed, list) else []
    usable = [key for key in keys if key is not None]
    if not usable:
        raise TransientError("the token issuer publishes no key that we can use")
    return usable


def _import(found: Any) -> _Key | None:
    if not isinstance(found, dict) or found.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(found)
    except (JoseError, ValueError):
        return None
    return key if isinstance(key, ECKey | RSAKey) else None


def _caller(claims: dict[str, Any]) -> Caller:
    party, scope, team = claims["sub"], claims.get("scope", ""), claims.get("team")
    if not is_oin(party):
        raise unauthorized("Het token is niet van een partij: sub is geen OIN.")
    if not isinstance(scope, str) or not isinstance(team, str | None):
        raise TypeError("scope and team are texts")
    return Caller(party=party, scopes=frozenset(scope.split()), team=team)


def unauthorized(detail: str, *, given: bool = True) -> Problem:
    """Return the 401 of a missing or bad token."""
    challenge = 'Bearer error="invalid_token"' if given else "Bearer"
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})


def forbidden(scope: str) -> Problem:
    """Return the 403 that names the permission that the token lacks."""
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    detail = f"Het token heeft de scope {scope} niet."
    return Problem(HTTPStatus.FORBIDDEN, detail, headers={"WWW-Authenticate": challenge})


def needs(*scopes: str) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency of an endpoint: `caller: Annotated[Caller, Depends(needs("signalen"))]`.

    With more than one, any of them will do, and the endpoint looks at which it is.
    """

    async def caller(request: Request, given: _Credentials) -> Caller:
        if given is None:
            raise unauthorized("Stuur een token: Authorization: Bearer ...", given=False)
        tokens: Tokens = request.app.state.tokens
        found = await tokens.caller(given.credentials)
        request.state.party = found.party
        if found.scopes.isdisjoint(scopes):
            raise forbidden(scopes[0])
        return found

    return caller
