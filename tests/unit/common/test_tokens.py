import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.common.clock import wall
from services.common.errors import TransientError
from services.common.problems import Problem
from services.common.testing import TEST_ISSUER, FakeIssuer, make_runtime, make_settings
from services.common.tokens import (
    FRESH_SECONDS,
    HELD_SECONDS,
    REFETCH_SECONDS,
    RETRY_SECONDS,
    Caller,
    Tokens,
    needs,
)
from services.common.web import make_app

PARTY = "00000099234567890000"
HOUR = 3600


def part(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def claims() -> dict[str, Any]:
    now = int(wall())
    return {"iss": TEST_ISSUER, "aud": "signaalhub", "sub": PARTY, "scope": "signalen", "exp": now + HOUR}


def unsigned(issuer: FakeIssuer) -> str:
    return f"{part({'alg': 'none', 'kid': issuer.key.kid})}.{part(claims())}."


def signed_with_the_public_key_as_a_secret(issuer: FakeIssuer) -> str:
    signed = f"{part({'alg': 'HS256', 'kid': issuer.key.kid})}.{part(claims())}"
    digest = hmac.digest(issuer.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def signed_by_another_key_under_the_same_kid(issuer: FakeIssuer) -> str:
    other = ECKey.generate_key("P-256", {"kid": str(issuer.key.kid)})
    return issuer.token(PARTY, "signalen", key=other)


def changed_after_signing(issuer: FakeIssuer) -> str:
    header, _, signature = issuer.token(PARTY, "signalen").split(".")
    return f"{header}.{part(claims() | {'sub': '00000009999999990000'})}.{signature}"


def without_kid(issuer: FakeIssuer) -> str:
    return jwt.encode({"alg": "ES256"}, claims(), issuer.key)


BAD: dict[str, Callable[[FakeIssuer], str]] = {
    "expired": lambda issuer: issuer.token(PARTY, exp=int(wall()) - 31),
    "without exp": lambda issuer: issuer.token(PARTY, exp=None),
    "exp no number": lambda issuer: issuer.token(PARTY, exp="later"),
    "not valid yet": lambda issuer: issuer.token(PARTY, nbf=int(wall()) + 60),
    "another issuer": lambda issuer: issuer.token(PARTY, iss="urn:other"),
    "without issuer": lambda issuer: issuer.token(PARTY, iss=None),
    "another audience": lambda issuer: issuer.token(PARTY, aud=["other", "more"]),
    "without audience": lambda issuer: issuer.token(PARTY, aud=None),
    "algorithm none": unsigned,
    "HS256 with the public key": signed_with_the_public_key_as_a_secret,
    "unknown kid": lambda issuer: issuer.token(PARTY, key=ECKey.generate_key("P-256", auto_kid=True)),
    "without kid": without_kid,
    "bad signature": signed_by_another_key_under_the_same_kid,
    "changed after signing": changed_after_signing,
    "sub no OIN": lambda issuer: issuer.token("jan"),
    "without sub": lambda issuer: issuer.token(PARTY, sub=None),
    "sub no text": lambda issuer: issuer.token(PARTY, sub=20),
    "scope no text": lambda issuer: issuer.token(PARTY, scope=["signalen"]),
    "team no text": lambda issuer: issuer.token(PARTY, team=7),
    "garbage": lambda issuer: "x.y.z",
    "no dots": lambda issuer: "abc",
    "not ASCII": lambda issuer: "é.é.é",
    "payload no object": lambda issuer: f"{part({'alg': 'ES256', 'kid': issuer.key.kid})}.MQ.AA",
    "far too long": lambda issuer: issuer.token(PARTY, pad="x" * 9_000),
}


@pytest.fixture
def issuer(tmp_path: Path) -> FakeIssuer:
    return FakeIssuer(tmp_path)


@pytest.fixture
def checker(issuer: FakeIssuer) -> Tokens:
    return Tokens(make_settings(jwks=str(issuer.jwks)))


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_bad_token_is_401(issuer: FakeIssuer, checker: Tokens, bad: Callable[..., str]) -> None:
    with pytest.raises(Problem) as problem:
        await checker.caller(bad(issuer))
    assert problem.value.status_code == HTTPStatus.UNAUTHORIZED
    assert problem.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def at(claim: str, seconds: int) -> dict[str, Any]:
    """A claim so many seconds from the moment of the test, not of its collection."""
    return {claim: int(wall()) + seconds}


@pytest.mark.parametrize(
    "changes",
    [dict, lambda: {"aud": ["other", "signaalhub"]}, lambda: at("exp", -5), lambda: at("nbf", 5)],
    ids=["plain", "one of several audiences", "expired within the leeway", "early within the leeway"],
)
async def test_a_good_token_names_its_party_and_scopes(
    issuer: FakeIssuer, checker: Tokens, changes: Callable[[], dict[str, Any]]
) -> None:
    found = await checker.caller(issuer.token(PARTY, "signalen", "zaken", **changes()))
    assert found == Caller(party=PARTY, scopes=frozenset({"signalen", "zaken"}))


async def test_a_token_may_name_a_team_and_have_no_scope(issuer: FakeIssuer, checker: Tokens) -> None:
    found = await checker.caller(issuer.token(PARTY, scope=None, team="zuid"))
    assert found == Caller(party=PARTY, scopes=frozenset(), team="zuid")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_an_rsa_key_is_accepted(issuer: FakeIssuer, checker: Tokens, algorithm: str) -> None:
    key = RSAKey.generate_key(2048, auto_kid=True)
    issuer.jwks.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    token = jwt.encode({"alg": algorithm, "kid": key.kid}, claims(), key, [algorithm])
    assert (await checker.caller(token)).party == PARTY


async def test_a_new_key_of_the_issuer_is_fetched_but_not_more_often_than_agreed(
    issuer: FakeIssuer, checker: Tokens
) -> None:
    await checker.caller(issuer.token(PARTY))
    fresh = ECKey.generate_key("P-256", auto_kid=True)
    issuer.publish(issuer.key, fresh)
    with pytest.raises(Problem):
        await checker.caller(issuer.token(PARTY, key=fresh))
    checker._keys._next_fetch -= REFETCH_SECONDS
    assert (await checker.caller(issuer.token(PARTY, key=fresh))).party == PARTY


@pytest.mark.parametrize("content", [None, "no JSON", "[]", '{"keys": 1}', '{"keys": [1]}', '{"keys": [{}]}'])
async def test_an_issuer_without_readable_keys_is_trouble_that_passes(
    issuer: FakeIssuer, checker: Tokens, content: str | None
) -> None:
    issuer.jwks.unlink() if content is None else issuer.jwks.write_text(content)
    with pytest.raises(TransientError):
        await checker.caller(issuer.token(PARTY))


async def test_a_key_of_an_unknown_kind_does_not_spoil_the_others(
    issuer: FakeIssuer, checker: Tokens
) -> None:
    keys = json.loads(issuer.jwks.read_text())["keys"]
    issuer.jwks.write_text(json.dumps({"keys": [{"kty": "XYZ", "kid": "new"}, *keys]}))
    assert (await checker.caller(issuer.token(PARTY))).party == PARTY


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def served(issuer: FakeIssuer) -> Iterator[str]:
    """The issuer's folder behind a URL."""
    handler = partial(Quiet, directory=issuer.jwks.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_the_keys_may_be_behind_a_url(issuer: FakeIssuer, served: str) -> None:
    checker = Tokens(make_settings(jwks=f"{served}/jwks.json"))
    assert (await checker.caller(issuer.token(PARTY))).party == PARTY


@pytest.mark.parametrize("path", ["/absent.json", "/page.html"])
async def test_a_url_without_keys_is_trouble_that_passes(issuer: FakeIssuer, served: str, path: str) -> None:
    (issuer.jwks.parent / "page.html").write_text("<html>")
    with pytest.raises(TransientError):
        await Tokens(make_settings(jwks=served + path)).caller(issuer.token(PARTY))


async def test_an_issuer_that_is_down_is_asked_again_soon_but_not_by_every_request(
    issuer: FakeIssuer, checker: Tokens
) -> None:
    keys = issuer.jwks.read_text()
    issuer.jwks.unlink()
    with pytest.raises(TransientError):
        await checker.caller(issuer.token(PARTY))
    issuer.jwks.write_text(keys)
    with pytest.raises(TransientError):
        await checker.caller(issuer.token(PARTY))
    checker._keys._next_fetch -= RETRY_SECONDS
    assert (await checker.caller(issuer.token(PARTY))).party == PARTY


class Time:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_key_that_the_issuer_withdrew_is_not_trusted_for_longer_than_agreed(
    issuer: FakeIssuer,
) -> None:
    time = Time()
    checker, token = Tokens(make_settings(jwks=str(issuer.jwks)), time), issuer.token(PARTY)
    await checker.caller(token)
    issuer.publish(ECKey.generate_key("P-256", auto_kid=True))
    time.seconds = FRESH_SECONDS - 1
    assert (await checker.caller(token)).party == PARTY
    time.seconds = FRESH_SECONDS
    with pytest.raises(Problem) as problem:
        await checker.caller(token)
    assert problem.value.status_code == HTTPStatus.UNAUTHORIZED


async def test_a_token_whose_signature_is_known_to_be_good_expires_all_the_same(
    issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker, token = Tokens(make_settings(jwks=str(issuer.jwks))), issuer.token(PARTY)
    assert await checker.caller(token) == await checker.caller(token)
    later = wall() + 365 * 24 * HOUR
    monkeypatch.setattr("services.common.tokens.wall", lambda: later)
    with pytest.raises(Problem, match="verlopen"):
        await checker.caller(token)


async def test_while_the_issuer_is_away_its_last_keys_serve_for_an_hour_and_then_no_more(
    issuer: FakeIssuer,
) -> None:
    time = Time()
    checker, token = Tokens(make_settings(jwks=str(issuer.jwks)), time), issuer.token(PARTY)
    await checker.caller(token)
    keys = issuer.jwks.read_text()
    issuer.jwks.unlink()
    for time.seconds in (FRESH_SECONDS, HELD_SECONDS - 1):
        assert (await checker.caller(token)).party == PARTY
    time.seconds = HELD_SECONDS
    with pytest.raises(TransientError):
        await checker.caller(token)
    issuer.jwks.write_text(keys)
    time.seconds += RETRY_SECONDS
    assert (await checker.caller(token)).party == PARTY


async def api(issuer: FakeIssuer) -> FastAPI:
    app = make_app(await make_runtime("test", jwks=str(issuer.jwks)), "Test", "Test")

    @app.get("/v1/dingen", dependencies=[Depends(needs("signalen"))])
    async def things() -> None:
        pass

    return app


@pytest.mark.parametrize(
    ("authorization", "status", "challenge"),
    [
        (None, 401, "Bearer"),
        ("Basic abc", 401, "Bearer"),
        ("Bearer x.y.z", 401, 'Bearer error="invalid_token"'),
        ("zaken", 403, 'Bearer error="insufficient_scope", scope="signalen"'),
        ("signalen", 200, None),
    ],
)
async def test_an_endpoint_asks_for_a_token_with_its_scope(
    issuer: FakeIssuer, authorization: str | None, status: int, challenge: str | None
) -> None:
    scope = authorization if authorization in ("zaken", "signalen") else None
    value = f"Bearer {issuer.token(PARTY, scope)}" if scope else authorization
    transport = httpx.ASGITransport(await api(issuer))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.get("/v1/dingen", headers={"Authorization": value} if value else {})
    assert (answer.status_code, answer.headers.get("www-authenticate")) == (status, challenge)
    if status == HTTPStatus.FORBIDDEN:
        assert "signalen" in answer.json()["detail"]


async def test_an_issuer_that_does_not_answer_makes_503_with_retry_after(issuer: FakeIssuer) -> None:
    app = await api(issuer)
    issuer.jwks.unlink()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        answer = await client.get("/v1/dingen", headers=issuer.headers(PARTY, "signalen"))
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
