"""The secrets of one local stack, made at its first start, and the tokens its own issuer signs."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from services.common.clock import wall
from services.common.errors import ConfigurationError

ISSUER = "urn:signaalhub:local"
AUDIENCE = "signaalhub"
ALGORITHM = "ES256"
TOKEN_HOURS = 8
SCOPES = frozenset(
    {
        *("signalen", "registraties", "toetsen", "toetsen-eigen-inning", "schuldmeldingen", "zaken"),
        *("terugkoppelingen", "pauzes", "signaalkwaliteit", "overeenkomsten", "beheer"),
    }
)
"""All that the services ask for."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where a data folder keeps its keys; every file has mode 0600."""

    folder: Path

    @property
    def pseudonym_key(self) -> str:
        """32 bytes in base64."""
        return self._read("pseudonym.key")

    @property
    def vault_key(self) -> str:
        """32 bytes in base64."""
        return self._read("vault.key")

    @property
    def jwks(self) -> Path:
        """Public keys of the issuer."""
        return self.folder / "jwks.json"

    def token(self, party: str, scopes: str, team: str | None = None) -> str:
        """Return a signed token of `TOKEN_HOURS` for the party (OIN) with space-separated scopes."""
        from joserfc import jwt
        from joserfc.jwk import ECKey

        key = ECKey.import_key(json.loads(self._read("issuer.json")))
        now = int(wall())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": party,
            "scope": scopes,
            "iat": now,
            "exp": now + TOKEN_HOURS * 3600,
        }
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
        return jwt.encode(header, claims | ({"team": team} if team else {}), key)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            raise ConfigurationError(
                f"{self.folder} has no {name}: give the --data-dir of a running `signaalhub up`"
            ) from None


def make_secrets(folder: Path) -> Secrets:
    """Return the folder's secrets, made now where they are absent."""
    from joserfc.jwk import ECKey

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("pseudonym.key", "vault.key"):
        if not (folder / name).exists():
            write_private(folder / name, base64.b64encode(secrets.token_bytes(32)).decode())
    if not (folder / "jwks.json").exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        write_private(folder / "issuer.json", json.dumps(key.as_dict(private=True)))
        write_private(folder / "jwks.json", json.dumps({"keys": [key.as_dict(private=False)]}))
    return Secrets(folder)


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, complete or not at all."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    fresh.replace(path)
