"""The id of a check: it says whose check it is about whom, to nobody but this hub.

So a check can be withdrawn by its id alone, without a store of who asked what: AES-SIV (RFC 5297) of the
person's pseudonym and something random, bound to the asker. Another's id, or one made up, opens nothing.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_RANDOM_BYTES = 11
"""16 of a tag, 16 of a pseudonym and these: 43 bytes are 58 characters."""
_PERSON_BYTES = 16
_LENGTH = 58


class CheckIds:
    """Makes and opens ids, under a key of its own that follows from the hub's pseudonym key."""

    def __init__(self, pseudonym_key: bytes) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=b"signaalhub check ids").derive(pseudonym_key)
        self._siv = AESSIV(key)

    def new(self, asker: str, person: str) -> str:
        """Return a new id of a check by an asker (OIN) about a person (pseudonym)."""
        content = bytes.fromhex(person) + secrets.token_bytes(_RANDOM_BYTES)
        return urlsafe_b64encode(self._siv.encrypt(content, [asker.encode()])).decode().rstrip("=")

    def person(self, asker: str, check_id: str) -> str | None:
        """Return the person of a check of this asker; None when it is none of its checks."""
        if len(check_id) != _LENGTH or not check_id.isascii():
            return None
        try:
            content = self._siv.decrypt(urlsafe_b64decode(check_id + "=="), [asker.encode()])
        except (InvalidTag, ValueError):
            return None
        return content[:_PERSON_BYTES].hex()
