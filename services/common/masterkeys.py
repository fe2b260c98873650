"""The hub's master keys: the first wraps the data keys in the vault, all of them are read.

More than one only while a rotation goes on: `signaalhub vault rotate` (rotation.py).
"""

import base64
import binascii
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from services.common.errors import ConfigurationError, TransientError

KEY_BYTES = 32
_NAME_LENGTH = 16


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """32 bytes each."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "MasterKeys":
        """Read keys in base64, separated by spaces; anything else is a `ConfigurationError`."""
        try:
            keys = tuple(base64.b64decode(each, validate=True) for each in text.split())
        except binascii.Error:
            keys = ()
        if not keys or any(len(each) != KEY_BYTES for each in keys):
            raise ConfigurationError("SIGNAALHUB_VAULT_KEY: give 32 bytes in base64, or several with spaces")
        return cls(keys)

    @property
    def name(self) -> str:
        """A digest that tells the first key from others, and from which nobody gets it."""
        mac = HMAC(self.keys[0], SHA256())
        mac.update(b"name of a master key")
        return mac.finalize().hex()[:_NAME_LENGTH]

    def wrap(self, data_key: bytes) -> bytes:
        return aes_key_wrap(self.keys[0], data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the data key; none of the keys wrapped it: `TransientError`, as a restart mends it."""
        for key in self.keys:
            try:
                return aes_key_unwrap(key, wrapped)
            except InvalidUnwrap:
                continue
        raise TransientError(
            "a data key in the vault was wrapped by a master key that SIGNAALHUB_VAULT_KEY does not name"
        )
