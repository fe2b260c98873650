"""Pseudonyms: keyed digests that let the hub join records without knowing who or where somebody is."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PSEUDONYM_LENGTH = 32
EVIDENCE_LENGTH = 16
SLIP_LENGTH = 6
"""Enough to compare the few residents of one address; a household keeps some twenty of these for a signal."""


class Pseudonyms:
    """HMAC-SHA-256 under the hub's pseudonym key (32 bytes); every value says first what kind it is of."""

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key, SHA256())
        """Copied for each digest: 1 us, where `hmac.digest` sets up the key again and takes 6."""

    def household(self, postcode: str, number: int) -> str:
        """Return the pseudonym of an address: postcode as 1234AB and house number, nothing else of it."""
        return self._digest("household", f"{postcode}{number}")[:PSEUDONYM_LENGTH]

    def person(self, bsn: str) -> str:
        """Return the pseudonym of a BSN of nine digits."""
        return self._digest("person", bsn)[:PSEUDONYM_LENGTH]

    def unit(self, addition: str) -> str:
        """Return the digest of a normalised house letter and addition; empty stays empty."""
        return self._digest("unit", addition)[:EVIDENCE_LENGTH] if addition else ""

    def evidence(self, kind: str, value: str, slips: Iterable[str] = ()) -> str:
        """Return the digest of something a person is known by, and behind it short ones of its slips."""
        about = self._keyed.copy()
        about.update(f"{kind}\0".encode())
        found = [_ended(about, value)[:EVIDENCE_LENGTH]]
        found += [_ended(about, slip)[:SLIP_LENGTH] for slip in slips]
        return "".join(found)

    def reference(self, creditor: str, reference: str) -> str:
        """Return the digest by which a creditor's own reference is recognised: it may say who somebody is."""
        return self._digest("reference", f"{creditor}\0{reference}")[:PSEUDONYM_LENGTH]

    def content(self, value: bytes) -> str:
        """Return the keyed hash by which the same content is recognised without being kept."""
        return self._mac(b"content\0" + value)

    def trail(self) -> HMAC:
        """Return a keyed hash to be fed bit by bit: by its state the same beginning is recognised."""
        mac = self._keyed.copy()
        mac.update(b"trail\0")
        return mac

    def _digest(self, kind: str, value: str) -> str:
        return self._mac(f"{kind}\0{value}".encode())

    def _mac(self, text: bytes) -> str:
        mac = self._keyed.copy()
        mac.update(text)
        return mac.finalize().hex()


def _ended(begun: HMAC, value: str) -> str:
    mac = begun.copy()
    mac.update(value.encode())
    return mac.finalize().hex()
