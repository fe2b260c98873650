"""What the hub can open of all that it wrote: every sealed text anywhere, with every key that it has."""

import base64
import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from services.local.keys import Secrets
from tests.real.hub.personal import GZIP

_JWE = re.compile(rb"(eyJ[\w-]{10,})\.([\w-]+)\.([\w-]+)\.([\w-]+)\.([\w-]+)")


def keys_of(folder: Path, database: str) -> list[bytes]:
    """Return the data keys in the vault, and the keys that the hub is started with."""
    secrets = Secrets(folder / "secrets")
    master = base64.b64decode(secrets.vault_key)
    with psycopg.connect(database.replace("+psycopg", "", 1)) as connection:
        wrapped = connection.execute(
            "SELECT wrapped_key FROM common.vault WHERE wrapped_key IS NOT NULL"
        ).fetchall()
    own = [aes_key_unwrap(master, key) for (key,) in wrapped]
    return [*own, master, base64.b64decode(secrets.pseudonym_key)]


def sealed(places: Iterable[tuple[str, bytes]]) -> dict[bytes, set[str]]:
    """Return every sealed text (compact JWE), and where it stands."""
    found: dict[bytes, set[str]] = {}
    for place, data in places:
        plain = gzip.decompress(data) if data.startswith(GZIP) else data
        for each in _JWE.finditer(plain):
            found.setdefault(each[0], set()).add(place)
    return found


def openable(texts: Iterable[bytes], keys: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the texts that one of these keys opens."""
    ciphers = [AESGCM(key) for key in keys]
    return (text for text in texts if any(_opens(cipher, text) for cipher in ciphers))


def _opens(cipher: AESGCM, text: bytes) -> bool:
    header, _, iv, content, tag = text.split(b".")
    try:
        cipher.decrypt(_bytes(iv), _bytes(content) + _bytes(tag), header)
    except InvalidTag:
        return False
    return True


def _bytes(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
