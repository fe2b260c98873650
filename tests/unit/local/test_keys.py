import base64
import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.common.errors import ConfigurationError
from services.local.keys import AUDIENCE, ISSUER, Secrets, make_secrets

OIN = "00000099001234567000"


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = make_secrets(tmp_path / "secrets")
    content = {path.name: path.read_text() for path in first.folder.iterdir()}
    again = make_secrets(tmp_path / "secrets")
    assert {path.name: path.read_text() for path in again.folder.iterdir()} == content
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in first.folder.iterdir())
    assert first.folder.stat().st_mode & 0o777 == 0o700
    assert len(base64.b64decode(first.pseudonym_key)) == len(base64.b64decode(first.vault_key)) == 32
    assert first.pseudonym_key != first.vault_key


def test_a_token_is_good_under_the_public_keys_and_says_who_and_what(tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path)
    keys = json.loads(secrets.jwks.read_text())
    assert not any("d" in key for key in keys["keys"])
    token = jwt.decode(secrets.token(OIN, "zaken toetsen", "team-1"), KeySet.import_key_set(keys))
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, OIN)
    assert (claims["scope"], claims["team"]) == ("zaken toetsen", "team-1")
    assert claims["exp"] - claims["iat"] == 8 * 3600


def test_a_folder_without_keys_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no issuer\.json"):
        Secrets(tmp_path).token(OIN, "zaken")
