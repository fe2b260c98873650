"""Sealing personal data for a municipality: compact JWE (RFC 7516), ECDH-ES+A256KW and A256GCM.

Made of `cryptography`'s parts and not by a JOSE library, because the data key must be ours (the vault keeps
it too) and the ephemeral key is shared by all that one delivery brings for one municipality: the agreement
costs some 120 µs, each seal after it some 10. Any JOSE library opens the result.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

DATA_KEY_BYTES = 32
ALGORITHM, ENCRYPTION = "ECDH-ES+A256KW", "A256GCM"
_CURVE = ec.SECP256R1()
_COORDINATE_BYTES = 32
_IV_BYTES = 12
_TAG_BYTES = 16


class Sealer:
    """Seals for the holder of one P-256 key, under one ephemeral key: make a new one for each delivery."""

    def __init__(self, public_jwk: str) -> None:
        """`public_jwk` is JSON; anything but a public P-256 key is a ValueError."""
        kid, key = _recipient(public_jwk)
        ephemeral = ec.generate_private_key(_CURVE)
        self._header = _b64(json.dumps(_header(ephemeral, kid), separators=(",", ":")).encode())
        self._wrapping_key = _derive(ephemeral.exchange(ec.ECDH(), key))

    def seal(self, plaintext: bytes, data_key: bytes) -> bytes:
        """Return the compact JWE; a data key may be used for several texts, each gets its own IV."""
        wrapped = aes_key_wrap(self._wrapping_key, data_key)
        iv = os.urandom(_IV_BYTES)
        sealed = AESGCM(data_key).encrypt(iv, plaintext, self._header)
        parts = (wrapped, iv, sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:])
        return b".".join((self._header, *map(_b64, parts)))


def new_data_key() -> bytes:
    """Return a fresh key for the personal data of one signal or registration."""
    return os.urandom(DATA_KEY_BYTES)


@lru_cache(maxsize=1_024)
def _recipient(public_jwk: str) -> tuple[str | None, ec.EllipticCurvePublicKey]:
    """Return the id and the key of a JWK; the country has 342, and reading one costs 35 µs."""
    jwk = json.loads(public_jwk)
    key = public_key(jwk)
    return jwk.get("kid"), key


def public_key(jwk: Any) -> ec.EllipticCurvePublicKey:
    """Return the key of a JWK (RFC 7518 6.2.1); another kind, or one with the private part: ValueError."""
    if not isinstance(jwk, dict) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise ValueError("not a JWK of an EC key on P-256")
    if "d" in jwk:
        raise ValueError("holds the private part: this key must be replaced")
    x, y = _coordinate(jwk.get("x")), _coordinate(jwk.get("y"))
    return ec.EllipticCurvePublicNumbers(x, y, _CURVE).public_key()  # refuses a point off the curve


def _header(ephemeral: ec.EllipticCurvePrivateKey, kid: str | None) -> dict[str, Any]:
    numbers = ephemeral.public_key().public_numbers()
    x, y = (_b64(n.to_bytes(_COORDINATE_BYTES, "big")).decode() for n in (numbers.x, numbers.y))
    header: dict[str, Any] = {"alg": ALGORITHM, "enc": ENCRYPTION}
    if kid is not None:
        header["kid"] = kid
    return header | {"epk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}


def _derive(shared_secret: bytes) -> bytes:
    """Concat KDF of RFC 7518 4.6.2: algorithm, no PartyUInfo, no PartyVInfo, length of the key in bits."""
    algorithm = ALGORITHM.encode()
    info = b"".join((_length(len(algorithm)), algorithm, _length(0), _length(0), _length(DATA_KEY_BYTES * 8)))
    return ConcatKDFHash(SHA256(), DATA_KEY_BYTES, info).derive(shared_secret)


def _length(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _coordinate(text: Any) -> int:
    if not isinstance(text, str):
        raise ValueError("x and y are texts")  # noqa: TRY004 -- one error for every bad key
    found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(found) != _COORDINATE_BYTES:
        raise ValueError("x and y have 32 bytes")
    return int.from_bytes(found, "big")


def _b64(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")
